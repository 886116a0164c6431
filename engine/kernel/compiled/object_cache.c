/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* object_cache.c - a cache of compiled objects on disk, by the hash of their inputs.
 *
 * Design:   an object is the file XDG_CACHE_HOME/pengine/<key>.so, or one in ~/.cache/pengine. The key determines the
 *           content, so two processes that write one file write the same. Each writes to a temporary name and renames.
 *           A digest follows the object, so a file that was cut by a full disk or a crash is not used. A file of
 *           another user is not used either, since its code would run. Only files with names of the cache are removed,
 *           and only in a folder that belongs to this user and is no link. Each put removes files beyond FILES_MOST and
 *           BYTES_MOST, the least recently used first. A get reads the whole file at once, so removal cannot disturb
 *           it.
 * Threads:  any; processes as well.
 * Not here: expiry of outdated objects: different inputs give a different key.
 */
#include "kernel/compiled/object_cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/errno_text.h"
#include "os/exit_cleanup.h"
#include "os/file/file.h"
#include "os/log.h"

#define PATH_ROOM 4096
#define OBJECT_MOST ((size_t)1 << 30)
#define FILES_MOST 256
#define BYTES_MOST ((uint64_t)64 << 20)
#define NAME_ROOM 64 /* ours are shorter */
#define PART ".part-"

void pe_object_cache_key(const pe_buffer *parts, char out[PE_OBJECT_KEY_ROOM])
{
    const XXH128_hash_t hash = XXH3_128bits(parts->data, parts->size);
    (void)snprintf(out, PE_OBJECT_KEY_ROOM, "%016llx%016llx", (unsigned long long)hash.high64,
                   (unsigned long long)hash.low64);
}

/* Finds the cache's folder; false: there is none. A relative XDG_CACHE_HOME is ignored, as XDG requires. */
static bool find_folder(char out[PATH_ROOM])
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int size = -1;
    if (cache != NULL && cache[0] == '/')
        size = snprintf(out, PATH_ROOM, "%s/pengine", cache);
    else if (home != NULL && home[0] == '/')
        size = snprintf(out, PATH_ROOM, "%s/.cache/pengine", home);
    return size > 0 && size < PATH_ROOM - 96;
}

static void name_file(const char *folder, const char *key, char out[PATH_ROOM])
{
    (void)snprintf(out, PATH_ROOM, "%.*s/%s.so", PATH_ROOM - 96, folder, key);
}

static bool is_ours(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_uid == geteuid();
}

/* Is the folder this user's, and not a symbolic link? Files are removed in it, and a link could lead anywhere. */
static bool is_own_folder(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0 && S_ISDIR(facts.st_mode) && facts.st_uid == geteuid();
}

/* Is this a file name of the cache: KEY.so, or KEY.part-XXXXXX of a process that was killed? No other file is removed.
 */
static bool is_made_here(const char *name)
{
    const size_t size = strspn(name, "0123456789abcdef");
    return size == PE_OBJECT_KEY_ROOM - 1 &&
           (strcmp(name + size, ".so") == 0 ||
            (strncmp(name + size, PART, strlen(PART)) == 0 && strlen(name + size) == strlen(PART) + strlen("XXXXXX")));
}

bool pe_object_cache_get(const char *key, pe_buffer *out)
{
    char folder[PATH_ROOM], path[PATH_ROOM], *bytes = NULL;
    size_t size = 0;
    pe_error ignored = PE_ERROR_INIT;
    XXH128_canonical_t seen, written;
    if (!find_folder(folder) || !is_own_folder(folder))
        return false;
    name_file(folder, key, path);
    if (!is_ours(path) || pe_file_read_all(path, OBJECT_MOST, &bytes, &size, &ignored) != PE_OK)
        return false;
    bool is_whole = size > sizeof written;
    if (is_whole) {
        size -= sizeof written;
        memcpy(&written, bytes + size, sizeof written);
        XXH128_canonicalFromHash(&seen, XXH3_128bits(bytes, size));
        is_whole =
            memcmp(&seen, &written, sizeof written) == 0 && pe_buffer_append(out, bytes, size, &ignored) == PE_OK;
    }
    free(bytes);
    if (is_whole)
        (void)utimensat(AT_FDCWD, path, NULL, 0); /* the time of the last use */
    return is_whole;
}

/* ---- removing the longest unused ---- */

typedef struct kept {
    struct timespec used;
    uint64_t bytes;
    char name[NAME_ROOM];
} kept;

static int last_used_first(const void *a, const void *b)
{
    const kept *left = a, *right = b;
    if (left->used.tv_sec != right->used.tv_sec)
        return left->used.tv_sec > right->used.tv_sec ? -1 : 1;
    return (left->used.tv_nsec < right->used.tv_nsec) - (left->used.tv_nsec > right->used.tv_nsec);
}

/* Lists the cache's files, and incomplete files of killed processes. */
static void list_files(DIR *folder, pe_buffer *out)
{
    pe_error ignored = PE_ERROR_INIT;
    struct stat facts;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strlen(entry->d_name) >= NAME_ROOM || !is_made_here(entry->d_name) ||
            fstatat(dirfd(folder), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(facts.st_mode))
            continue;
        kept file = {.used = facts.st_mtim, .bytes = (uint64_t)facts.st_size};
        memcpy(file.name, entry->d_name, strlen(entry->d_name));
        if (pe_buffer_append(out, &file, sizeof file, &ignored) != PE_OK)
            return;
    }
}

/* Removes files beyond the limits. A file that another process has removed before is no error. */
static void remove_unused(const char *path)
{
    pe_buffer list = {0};
    uint64_t bytes = 0;
    const int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *const folder = fd < 0 ? NULL : fdopendir(fd);
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return;
    }
    list_files(folder, &list);
    kept *const files = (void *)list.data;
    const size_t count = list.size / sizeof *files;
    if (count > 0)
        qsort(files, count, sizeof *files, last_used_first);
    for (size_t f = 0; f < count; f++) {
        bytes += files[f].bytes;
        if (f > 0 && (f >= FILES_MOST || bytes > BYTES_MOST)) /* the first file was put just now */
            (void)unlinkat(dirfd(folder), files[f].name, 0);
    }
    (void)closedir(folder);
    pe_buffer_fini(&list);
}

/* ---- put ---- */

static void log_not_kept(const char *path, int number)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    pe_log(PE_LOG_DEBUG, "compiled kernels are not kept: %s: %s", path, pe_errno_text(number, reason));
}

/* Makes the folder and its parents; errno of the last mkdir is the reason of a failure. */
static bool make_folder(char folder[PATH_ROOM])
{
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700);
        *slash = '/';
    }
    return mkdir(folder, 0700) == 0 || errno == EEXIST;
}

static pe_status write_object(int fd, const char *path, const pe_buffer *object, pe_error *err)
{
    XXH128_canonical_t digest;
    XXH128_canonicalFromHash(&digest, XXH3_128bits(object->data, object->size));
    const pe_status status = pe_write_full(fd, object->data, object->size, path, err);
    return status == PE_OK ? pe_write_full(fd, &digest, sizeof digest, path, err) : status;
}

void pe_object_cache_put(const char *key, const pe_buffer *object)
{
    char folder[PATH_ROOM], path[PATH_ROOM], part[PATH_ROOM];
    pe_error err = PE_ERROR_INIT;
    if (!find_folder(folder)) {
        pe_log(PE_LOG_DEBUG, "compiled kernels are not kept: neither XDG_CACHE_HOME nor HOME is a path");
        return;
    }
    if (!make_folder(folder)) {
        log_not_kept(folder, errno);
        return;
    }
    if (!is_own_folder(folder)) {
        pe_log(PE_LOG_DEBUG, "compiled kernels are not kept: %s is a link or another user's", folder);
        return;
    }
    name_file(folder, key, path);
    (void)snprintf(part, sizeof part, "%.*s/%s" PART "XXXXXX", PATH_ROOM - 96, folder, key);
    pe_exit_cleanup_add(part);
    const int fd = mkstemp(part);
    if (fd < 0) {
        pe_exit_cleanup_drop(part);
        log_not_kept(folder, errno);
        return;
    }
    pe_status status = write_object(fd, part, object, &err);
    if (close(fd) != 0 && status == PE_OK)
        status = pe_fail(&err, PE_EIO, "cannot write %s", part);
    if (status != PE_OK)
        pe_log(PE_LOG_DEBUG, "compiled kernels are not kept: %s", err.text);
    else if (rename(part, path) != 0)
        log_not_kept(path, errno);
    (void)unlink(part); /* not there after the rename */
    pe_exit_cleanup_drop(part);
    remove_unused(folder);
}
