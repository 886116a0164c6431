/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* path_check.c - the files that a job writes: none is one that it reads or writes elsewhere, and each can be made.
 *
 * Design:  two paths are the same file when device and inode agree, which sees through symbolic and hard links. A file that
 *          is not there yet is its directory's device and inode with its name, at the end of symbolic links that lead nowhere
 *          yet. Only regular files are compared: /dev/null may be written twice.
 * Threads: the main thread.
 * Not here: what a glob matches (source/glob/glob.c leaves out what is written).
 */
#include "run/output/path_check.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/job_paths.h"
#include "os/file/out_path.h"
#include "worker/item_files/item_files.h"

#define MOST_LINKS 40

typedef struct identity {
    bool is_known; /* a regular file, or one that can be made */
    dev_t device;
    ino_t inode;
    char name[NAME_MAX + 1]; /* of a file that is not there, in the directory that device and inode say */
} identity;

/* The file that a path's last link leads to, in place. */
static bool follow_link(char path[PATH_MAX])
{
    char target[PATH_MAX];
    const ssize_t size = readlink(path, target, sizeof target - 1);
    if (size <= 0)
        return false;
    target[size] = '\0';
    char *const slash = strrchr(path, '/');
    const size_t before = target[0] == '/' || slash == NULL ? 0 : (size_t)(slash - path) + 1;
    if (before + (size_t)size >= PATH_MAX)
        return false;
    memcpy(path + before, target, (size_t)size + 1);
    return true;
}

static identity identify_new(const char *given)
{
    identity out = {.is_known = false};
    struct stat folder;
    char path[PATH_MAX];
    if (strlen(given) >= sizeof path)
        return out;
    memcpy(path, given, strlen(given) + 1);
    for (int i = 0; i < MOST_LINKS && follow_link(path); i++)
        continue;
    char *const slash = strrchr(path, '/');
    const char *const name = slash == NULL ? path : slash + 1;
    if (strlen(name) >= sizeof out.name)
        return out;
    memcpy(out.name, name, strlen(name) + 1);
    if (slash != NULL)
        slash[slash == path ? 1 : 0] = '\0';
    out.is_known = stat(slash == NULL ? "." : path, &folder) == 0;
    if (out.is_known) {
        out.device = folder.st_dev;
        out.inode = folder.st_ino;
    }
    return out;
}

static identity identify(const char *path, bool is_written)
{
    struct stat file;
    const bool is_stream = strcmp(path, "-") == 0;
    const int found = is_stream ? fstat(is_written ? STDOUT_FILENO : STDIN_FILENO, &file) : stat(path, &file);
    if (found == 0)
        return (identity){.is_known = S_ISREG(file.st_mode), .device = file.st_dev, .inode = file.st_ino};
    return errno == ENOENT && !is_stream ? identify_new(path) : (identity){.is_known = false};
}

static bool is_same(const identity *a, const identity *b)
{
    return a->is_known && b->is_known && a->device == b->device && a->inode == b->inode &&
           strcmp(a->name, b->name) == 0;
}

static pe_status refuse(const pe_job_path *written, const pe_job_path *other, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s: \"%s\" is also %s (\"%s\"), which is %s: write to another file",
                   written->where, written->path, other->key, other->path, other->is_written ? "written too" : "read");
}

/* Compares one written file with all other paths; each pair of written files is compared once. */
static pe_status check_one(const pe_job_path *paths, const identity *files, size_t count, size_t written, pe_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const bool is_met = i == written || (paths[i].is_written && i < written);
        if (!is_met && is_same(&files[written], &files[i]))
            return refuse(&paths[written], &paths[i], err);
    }
    return PE_OK;
}

pe_status pe_path_check(const pe_job *job, pe_error *err)
{
    pe_job_path *paths = NULL;
    size_t count = 0;
    pe_status status = pe_job_list_paths(job, &paths, &count, err);
    identity *const files = calloc(count + 1, sizeof *files);
    if (files == NULL) {
        pe_job_free_paths(paths, count);
        return pe_fail(err, PE_ENOMEM, "out of memory for the identities of %zu files", count);
    }
    for (size_t i = 0; i < count && status == PE_OK; i++)
        files[i] = identify(paths[i].path, paths[i].is_written);
    for (size_t i = 0; i < count && status == PE_OK; i++)
        if (paths[i].is_written)
            status = check_one(paths, files, count, i, err);
    free(files);
    pe_job_free_paths(paths, count);
    return status;
}

/* The errno with which creating the file, or opening it for writing, would fail, as far as that is known without doing it; 0:
 * none. */
static int reason_against(const char *path)
{
    struct stat file;
    char folder[PATH_MAX];
    if (stat(path, &file) == 0)
        return S_ISDIR(file.st_mode) ? EISDIR : access(path, W_OK) == 0 ? 0 : errno;
    if (errno != ENOENT || strlen(path) >= sizeof folder)
        return errno;
    memcpy(folder, path, strlen(path) + 1);
    for (int i = 0; i < MOST_LINKS && follow_link(folder); i++)
        continue;
    char *const slash = strrchr(folder, '/');
    if (slash != NULL)
        slash[slash == folder ? 1 : 0] = '\0';
    return access(slash == NULL ? "." : folder, W_OK | X_OK) == 0 ? 0 : errno;
}

/* Is this output.path with placeholders, or the .part beside it? */
static bool is_item_file(const pe_job *job, const char *path)
{
    return pe_item_files_is_meant(job->output.path) && strncmp(path, job->output.path, strlen(job->output.path)) == 0;
}

/* The same for one file per item: their folder is made, so the nearest folder that exists counts. */
static int reason_against_files(const char *path)
{
    char folder[PATH_MAX];
    struct stat facts;
    if (!pe_item_files_folder(path, folder, sizeof folder))
        return ENAMETOOLONG;
    while (stat(folder, &facts) != 0) {
        if (errno != ENOENT)
            return errno;
        char *const slash = strrchr(folder, '/');
        if (slash == NULL)
            memcpy(folder, ".", 2);
        else
            slash[slash == folder ? 1 : 0] = '\0';
    }
    if (!S_ISDIR(facts.st_mode))
        return ENOTDIR;
    return access(folder, W_OK | X_OK) == 0 ? 0 : errno;
}

pe_status pe_path_check_folders(const pe_job *job, pe_error *err)
{
    pe_job_path *paths = NULL;
    size_t count = 0;
    pe_status status = pe_job_list_paths(job, &paths, &count, err);
    for (size_t i = 0; i < count && status == PE_OK; i++) {
        const bool is_file = paths[i].is_written && strcmp(paths[i].path, "-") != 0;
        const bool is_template = is_file && job->op_count == 0 && is_item_file(job, paths[i].path);
        const int number = !is_file      ? 0
                           : is_template ? reason_against_files(paths[i].path)
                                         : reason_against(paths[i].path);
        if (number != 0)
            status = pe_out_cannot_create(paths[i].path, number, err);
    }
    pe_job_free_paths(paths, count);
    return status;
}
