/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cgroup.c - the limits that control groups set to this process.
 *
 * Invariant: a file that is missing, unreadable or not understood sets no limit.
 * Design:  a container has the affinity mask of its node, but a share of the processor time and of the memory.
 *          /proc/self/cgroup names the group of the process, /proc/self/mountinfo the folder that shows it. Every group
 *          from there up to the mount point is read, since a parent's limit holds for all groups below it. Version 1
 *          (one hierarchy for each controller), version 2 (one for all) and both at once are read alike: the lowest
 *          limit counts.
 *          A container may see its group as the root of the mount, while /proc still has the path on the node: then
 *          the mount point stands for the group.
 * Source:  Linux: cgroups(7), proc(5), Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst,
 *          scheduler/sched-bwc.rst.
 * Threads: any.
 */
#include "os/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "os/cores.h"
#include "os/file/file.h"

#define TEXT_MOST ((size_t)4 << 20) /* mountinfo of a node with thousands of containers */
#define VALUE_MOST 4096u
#define FIELDS_MOST 32u
#define UNLIMITED_BYTES (UINT64_C(1) << 62) /* version 1 says 2^63 less a page where there is no limit */

/* ---- values ---- */

/* A number and the text after it; false for "max", "-1" and whatever else is no count. */
static bool read_number(const char *text, uint64_t *out, const char **rest)
{
    char *end = NULL;
    text += strspn(text, " \t\n");
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    *rest = end;
    return errno == 0;
}

static uint64_t cores_of(uint64_t quota, uint64_t period)
{
    return period == 0 ? UINT64_MAX : quota <= period ? 1 : quota / period + (quota % period != 0 ? 1 : 0);
}

uint64_t pe_cgroup_cpu_max(const char *text)
{
    uint64_t quota = 0, period = 0;
    const char *rest = NULL;
    return read_number(text, &quota, &rest) && read_number(rest, &period, &rest) ? cores_of(quota, period) : UINT64_MAX;
}

uint64_t pe_cgroup_cpu_cfs(const char *quota, const char *period)
{
    uint64_t used = 0, whole = 0;
    const char *rest = NULL;
    return read_number(quota, &used, &rest) && read_number(period, &whole, &rest) ? cores_of(used, whole) : UINT64_MAX;
}

uint64_t pe_cgroup_bytes(const char *text)
{
    uint64_t bytes = 0;
    const char *rest = NULL;
    return read_number(text, &bytes, &rest) && bytes < UNLIMITED_BYTES ? bytes : UINT64_MAX;
}

/* ---- folders ---- */

/* Is word one of the words of a list with commas? */
static bool has_word(const char *list, const char *word)
{
    const size_t size = strlen(word);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',' ? 1 : 0;
        if (strncmp(at, word, size) == 0 && (at[size] == ',' || at[size] == '\0'))
            return true;
    }
    return false;
}

/* The next line, copied; NULL at the end. A line that is too long is cut; then it does not parse and is skipped. */
static const char *next_line(const char *at, char *line, size_t room)
{
    const size_t size = strcspn(at, "\n");
    const size_t kept = size < room ? size : room - 1;
    if (*at == '\0')
        return NULL;
    memcpy(line, at, kept);
    line[kept] = '\0';
    return at + size + (at[size] == '\n' ? 1 : 0);
}

/* "4:cpu,cpuacct:/path" of version 1, "0::/path" of version 2. */
static bool find_group(const char *groups, const char *controller, char path[PE_CGROUP_PATH_ROOM])
{
    char line[2 * PE_CGROUP_PATH_ROOM];
    while ((groups = next_line(groups, line, sizeof line)) != NULL) {
        char *const list = strchr(line, ':');
        char *const name = list == NULL ? NULL : strchr(list + 1, ':');
        if (name == NULL)
            continue;
        *name = '\0';
        const bool is_wanted =
            controller == NULL ? list[1] == '\0' && strncmp(line, "0:", 2) == 0 : has_word(list + 1, controller);
        if (is_wanted && strlen(name + 1) < PE_CGROUP_PATH_ROOM) {
            (void)snprintf(path, PE_CGROUP_PATH_ROOM, "%s", name + 1);
            return true;
        }
    }
    return false;
}

static bool is_octal(const char *text)
{
    return text[0] >= '0' && text[0] <= '3' && text[1] >= '0' && text[1] <= '7' && text[2] >= '0' && text[2] <= '7';
}

/* mountinfo writes blanks and backslashes of a path as \040 and \134. */
static void decode(char *path)
{
    char *to = path;
    for (const char *at = path; *at != '\0';) {
        const bool is_code = *at == '\\' && is_octal(at + 1);
        *to++ = is_code ? (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0')) : *at;
        at += is_code ? 4 : 1;
    }
    *to = '\0';
}

typedef struct mount {
    char *root, *point; /* of the hierarchy: what is mounted, and where */
} mount;

/* "31 30 0:28 ROOT POINT rw,relatime shared:9 - cgroup cgroup rw,cpu", with any number of fields before the dash. */
static bool read_mount(char *line, const char *controller, mount *out)
{
    char *fields[FIELDS_MOST], *rest = NULL;
    size_t count = 0, dash = 0;
    for (char *field = strtok_r(line, " ", &rest); field != NULL && count < FIELDS_MOST;
         field = strtok_r(NULL, " ", &rest))
        fields[count++] = field;
    for (dash = 6; dash < count && strcmp(fields[dash], "-") != 0; dash++)
        ;
    if (dash + 3 >= count)
        return false;
    *out = (mount){.root = fields[3], .point = fields[4]};
    decode(out->root);
    decode(out->point);
    return controller == NULL ? strcmp(fields[dash + 1], "cgroup2") == 0
                              : strcmp(fields[dash + 1], "cgroup") == 0 && has_word(fields[dash + 3], controller);
}

/* The part of path below root, beginning with a slash or empty; NULL where path is not below it. */
static const char *below(const char *path, const char *root)
{
    const size_t size = strcmp(root, "/") == 0 ? 0 : strlen(root);
    if (strncmp(path, root, size) != 0 || (path[size] != '/' && path[size] != '\0') || strstr(path, "/..") != NULL)
        return NULL;
    return strcmp(path + size, "/") == 0 ? "" : path + size;
}

bool pe_cgroup_folder(const char *groups, const char *mounts, const char *controller, char top[PE_CGROUP_PATH_ROOM],
                      char folder[PE_CGROUP_PATH_ROOM])
{
    char path[PE_CGROUP_PATH_ROOM], line[4 * PE_CGROUP_PATH_ROOM];
    bool is_found = false, is_below = false;
    if (!find_group(groups, controller, path))
        return false;
    while (!is_below && (mounts = next_line(mounts, line, sizeof line)) != NULL) {
        mount one;
        if (!read_mount(line, controller, &one))
            continue;
        const char *const rest = below(path, one.root);
        is_below = rest != NULL;
        if ((is_found && !is_below) || strlen(one.point) + strlen(is_below ? rest : "") >= PE_CGROUP_PATH_ROOM)
            continue;
        (void)snprintf(top, PE_CGROUP_PATH_ROOM, "%s", one.point);
        (void)snprintf(folder, PE_CGROUP_PATH_ROOM, "%s%s", one.point, is_below ? rest : "");
        is_found = true;
    }
    return is_found;
}

/* ---- reading ---- */

/* A file below root as text; false where there is none. free() it. */
static bool read_text(const char *root, const char *folder, const char *name, size_t most, char **out)
{
    char path[3 * PE_CGROUP_PATH_ROOM];
    pe_error err = PE_ERROR_INIT; /* no file, no limit */
    size_t size = 0;
    *out = NULL;
    return snprintf(path, sizeof path, "%s%s%s", root, folder, name) < (int)sizeof path &&
           pe_file_read_all(path, most, out, &size, &err) == PE_OK;
}

static uint64_t identify(const char *root, const char *folder)
{
    char path[2 * PE_CGROUP_PATH_ROOM];
    struct stat facts;
    (void)snprintf(path, sizeof path, "%s%s", root, folder);
    return stat(path, &facts) == 0 ? pe_cores_host_id() ^ ((uint64_t)facts.st_dev << 48) ^ (uint64_t)facts.st_ino : 0;
}

static void lower(pe_cgroup_limit *limit, uint64_t value, const char *root, const char *folder, const char *name)
{
    if (value == UINT64_MAX || value > limit->value || strlen(folder) + strlen(name) >= sizeof limit->path)
        return;
    limit->value = value;
    limit->id = identify(root, folder);
    memcpy(limit->path, folder, strlen(folder));
    memcpy(limit->path + strlen(folder), name, strlen(name) + 1);
}

/* The values that one group sets in its folder. */
static void read_group(const char *root, const char *folder, pe_cgroup *out)
{
    static const char *const of_memory[] = {"/memory.max", "/memory.limit_in_bytes"};
    char *text = NULL, *period = NULL;
    if (read_text(root, folder, "/cpu.max", VALUE_MOST, &text))
        lower(&out->cores, pe_cgroup_cpu_max(text), root, folder, "/cpu.max");
    free(text);
    if (read_text(root, folder, "/cpu.cfs_quota_us", VALUE_MOST, &text) &&
        read_text(root, folder, "/cpu.cfs_period_us", VALUE_MOST, &period))
        lower(&out->cores, pe_cgroup_cpu_cfs(text, period), root, folder, "/cpu.cfs_quota_us");
    free(text);
    free(period);
    for (int f = 0; f < 2; f++) {
        if (read_text(root, folder, of_memory[f], VALUE_MOST, &text))
            lower(&out->memory, pe_cgroup_bytes(text), root, folder, of_memory[f]);
        free(text);
    }
}

/* The group and its parents, up to the mount point. */
static void read_hierarchy(const char *root, const char *top, char folder[PE_CGROUP_PATH_ROOM], pe_cgroup *out)
{
    for (;;) {
        read_group(root, folder, out);
        char *const last = strrchr(folder, '/');
        if (strlen(folder) <= strlen(top) || last == NULL)
            return;
        *last = '\0';
    }
}

void pe_cgroup_read(const char *root, pe_cgroup *out)
{
    static const char *const controllers[] = {NULL, "cpu", "memory"};
    char *groups = NULL, *mounts = NULL;
    char top[PE_CGROUP_PATH_ROOM], folder[PE_CGROUP_PATH_ROOM];
    *out = (pe_cgroup){.cores.value = UINT64_MAX, .memory.value = UINT64_MAX};
    const bool is_known = read_text(root, "/proc/self/", "cgroup", TEXT_MOST, &groups) &&
                          read_text(root, "/proc/self/", "mountinfo", TEXT_MOST, &mounts);
    for (int c = 0; c < 3 && is_known; c++)
        if (pe_cgroup_folder(groups, mounts, controllers[c], top, folder))
            read_hierarchy(root, top, folder, out);
    free(groups);
    free(mounts);
}
