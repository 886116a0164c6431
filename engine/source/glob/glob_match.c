/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* glob_match.c - the paths that a pattern matches, as a shell does it.
 *
 * Design:   glob(3) matches a pattern without **. At the first component ** the pattern is split: the part before it
 *           gives folders; in each, and in every folder below it, the part after it is matched. Folders are
 *           quoted there, so that a [ in a name is no pattern.
 * Threads:  main thread of rank 0.
 * Not here: order, and what is left out (glob.c).
 */
#include "source/glob/glob_match.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/buffer.h"

#define LEAST_PATHS 64

typedef struct matcher {
    const char *pattern, *where; /* whole, for messages */
    pe_paths *out;
    pe_error *err;
} matcher;

void pe_paths_fini(pe_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->list[i]);
    free(paths->list);
    *paths = (pe_paths){0};
}

static pe_status append(pe_paths *paths, const char *path, pe_error *err)
{
    pe_status status = pe_grow_array(&paths->list, paths->count, &paths->room, sizeof *paths->list, LEAST_PATHS, err);
    if (status == PE_OK)
        status = pe_copy_string(&paths->list[paths->count], path, err);
    paths->count += status == PE_OK;
    return status;
}

static pe_status refuse_folder(const matcher *m)
{
    return pe_fail(m->err, PE_ENOINPUT, "%s: glob: a directory that \"%s\" leads through cannot be read", m->where,
                   m->pattern);
}

/* A directory that is not there matches nothing; one that cannot be read must not be passed over in silence. */
static int judge_directory(const char *path, int error)
{
    (void)path;
    return error != ENOENT && error != ENOTDIR;
}

static pe_status match_plain(const matcher *m, const char *pattern, pe_paths *out)
{
    glob_t found = {0};
    pe_status status = PE_OK;
    switch (glob(pattern, GLOB_NOSORT | GLOB_BRACE | GLOB_TILDE, judge_directory, &found)) {
    case 0:
        for (size_t i = 0; i < found.gl_pathc && status == PE_OK; i++)
            status = append(out, found.gl_pathv[i], m->err);
        break;
    case GLOB_NOMATCH:
        break;
    case GLOB_ABORTED:
        status = refuse_folder(m);
        break;
    default:
        status = pe_fail(m->err, PE_ENOMEM, "%s: glob: out of memory matching \"%s\"", m->where, m->pattern);
        break;
    }
    globfree(&found);
    return status;
}

/* The first component that is ** and nothing else; NULL: there is none. */
static const char *find_levels(const char *pattern)
{
    for (const char *at = strstr(pattern, "**"); at != NULL; at = strstr(at + 1, "**"))
        if ((at == pattern || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return at;
    return NULL;
}

/* folder/rest as a pattern in which the folder stands for itself; of "" the rest alone. */
static pe_status join(const char *folder, const char *rest, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    out->size = 0;
    for (const char *c = folder; *c != '\0' && status == PE_OK; c++) {
        if (strchr("*?[]{}~\\,", *c) != NULL)
            status = pe_buffer_append(out, "\\", 1, err);
        if (status == PE_OK)
            status = pe_buffer_append(out, c, 1, err);
    }
    const bool needs_slash = out->size > 0 && out->data[out->size - 1] != '/';
    if (status == PE_OK && needs_slash)
        status = pe_buffer_append(out, "/", 1, err);
    return status == PE_OK ? pe_buffer_append(out, rest, strlen(rest) + 1, err) : status;
}

static bool is_folder(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* The folders in `folder` ("" is the current one) whose names do not begin with a dot. */
static pe_status list_folders(const matcher *m, const char *folder, pe_paths *out)
{
    DIR *const open = opendir(*folder == '\0' ? "." : folder);
    if (open == NULL)
        return errno == ENOENT || errno == ENOTDIR ? PE_OK : refuse_folder(m);
    pe_buffer path = {0};
    pe_status status = PE_OK;
    const bool needs_slash = *folder != '\0' && folder[strlen(folder) - 1] != '/';
    for (struct dirent *entry; status == PE_OK && (entry = readdir(open)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        path.size = 0;
        status = pe_buffer_printf(&path, m->err, "%s%s%s", folder, needs_slash ? "/" : "", entry->d_name);
        if (status == PE_OK)
            status = pe_buffer_append(&path, "", 1, m->err);
        if (status == PE_OK && is_folder((const char *)path.data))
            status = append(out, (const char *)path.data, m->err);
    }
    pe_buffer_fini(&path);
    (void)closedir(open);
    return status;
}

/* All folders below those that are listed, after them: each is looked into once. */
static pe_status descend(const matcher *m, pe_paths *folders)
{
    pe_status status = PE_OK;
    for (size_t i = 0; i < folders->count && status == PE_OK; i++)
        status = list_folders(m, folders->list[i], folders);
    return status;
}

/* The folders that match the part before **. */
static pe_status first_folders(const matcher *m, const char *pattern, size_t size, pe_paths *out)
{
    if (size == 0)
        return append(out, "", m->err);
    char *const before = strndup(pattern, size);
    if (before == NULL)
        return pe_fail(m->err, PE_ENOMEM, "%s: glob: out of memory matching \"%s\"", m->where, m->pattern);
    const pe_status status = match_plain(m, before, out);
    free(before);
    return status;
}

static pe_status match(const matcher *m, const char *pattern)
{
    const char *const levels = find_levels(pattern);
    if (levels == NULL)
        return match_plain(m, pattern, m->out);
    const char *rest = levels[2] == '\0' ? "*" : levels + 3;
    while (strncmp(rest, "**/", 3) == 0) /* two in a row are one */
        rest += 3;
    if (strcmp(rest, "**") == 0)
        rest = "*";
    pe_paths folders = {0};
    pe_buffer whole = {0};
    pe_status status = first_folders(m, pattern, (size_t)(levels - pattern), &folders);
    if (status == PE_OK)
        status = descend(m, &folders);
    for (size_t i = 0; i < folders.count && status == PE_OK; i++) {
        status = join(folders.list[i], rest, &whole, m->err);
        if (status == PE_OK)
            status = find_levels(rest) == NULL ? match_plain(m, (const char *)whole.data, m->out)
                                               : match(m, (const char *)whole.data);
    }
    pe_buffer_fini(&whole);
    pe_paths_fini(&folders);
    return status;
}

pe_status pe_glob_match(const char *pattern, const char *where, pe_paths *out, pe_error *err)
{
    const matcher m = {.pattern = pattern, .where = where, .out = out, .err = err};
    return match(&m, pattern);
}
