/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler.c - runs the machine's C compiler, without a shell: preprocesses, compiles and links.
 *
 * Design:  each use creates a folder in TMPDIR and removes it afterwards. Compiling and linking are two steps, because
 *          -fsanitize must not be passed to the linker: it would link the sanitizer's library, which
 *          embedded/compiled_checks.h replaces.
 * Threads: the main thread.
 * Not here: which compiler (compiler_find.c), the process (compiler_process.c), the text (codegen.c), the cache
 *           (object_cache.c).
 */
#include "kernel/compiled/compiler/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "kernel/compiled/compiler/compiler_process.h"
#include "os/exit_cleanup.h"
#include "os/file/file.h"

#define PATH_ROOM 4096
#define OBJECT_MOST ((size_t)1 << 30)

/* The folder of one use, and the files in it. */
typedef struct folder {
    char path[PATH_ROOM];
    char include[PATH_ROOM + 16], include_flag[PATH_ROOM + 16],
        random[PATH_ROOM + 32]; /* for #include <pengine/random.h> */
    char text[PATH_ROOM + 16], expanded[PATH_ROOM + 16], object[PATH_ROOM + 16], library[PATH_ROOM + 16];
} folder;

/* ---- files of one use ---- */

static pe_status refuse_folder(const char *path, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EIO, "the compiler's files cannot be written to %s: %s", path, pe_errno_text(errno, reason));
}

static pe_status open_folder(folder *out, pe_error *err)
{
    const char *named = getenv("TMPDIR");
    const char *home = named == NULL || named[0] == '\0' ? "/tmp" : named;
    if (snprintf(out->path, sizeof out->path, "%s/pengine-XXXXXX", home) >= (int)sizeof out->path) {
        errno = ENAMETOOLONG;
        return refuse_folder(home, err);
    }
    out->include[0] = '\0';
    pe_exit_cleanup_add(out->include); /* folders are removed in this order */
    pe_exit_cleanup_add(out->path);    /* before mkdtemp, so that a signal cannot come between */
    if (mkdtemp(out->path) == NULL) {
        pe_exit_cleanup_drop(out->include);
        pe_exit_cleanup_drop(out->path);
        return refuse_folder(home, err);
    }
    (void)snprintf(out->include, sizeof out->include, "%s/pengine", out->path);
    (void)snprintf(out->include_flag, sizeof out->include_flag, "-I%s", out->path);
    (void)snprintf(out->random, sizeof out->random, "%s/random.h", out->include);
    (void)snprintf(out->text, sizeof out->text, "%s/kernel.c", out->path);
    (void)snprintf(out->expanded, sizeof out->expanded, "%s/kernel.i", out->path);
    (void)snprintf(out->object, sizeof out->object, "%s/kernel.o", out->path);
    (void)snprintf(out->library, sizeof out->library, "%s/kernel.so", out->path);
    const char *const files[] = {out->random, out->text, out->expanded, out->object, out->library};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++)
        pe_exit_cleanup_add(files[f]);
    return PE_OK;
}

static void close_folder(const folder *made)
{
    const char *const files[] = {made->random, made->text, made->expanded, made->object, made->library};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        (void)unlink(files[f]);
        pe_exit_cleanup_drop(files[f]);
    }
    (void)rmdir(made->include);
    pe_exit_cleanup_drop(made->include);
    (void)rmdir(made->path);
    pe_exit_cleanup_drop(made->path);
}

static pe_status write_file(const folder *files, const char *path, const pe_buffer *text, pe_error *err)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return refuse_folder(files->path, err);
    pe_status status = pe_write_full(fd, text->data, text->size, path, err);
    if (close(fd) != 0 && status == PE_OK)
        status = refuse_folder(files->path, err);
    return status;
}

static pe_status write_text(const folder *files, const pe_compiler_job *job, pe_error *err)
{
    const pe_status status = write_file(files, files->text, job->text, err);
    if (status != PE_OK || job->random == NULL)
        return status;
    return mkdir(files->include, 0700) != 0 ? refuse_folder(files->path, err)
                                            : write_file(files, files->random, job->random, err);
}

static pe_status read_back(const char *path, pe_buffer *out, pe_error *err)
{
    char *bytes = NULL;
    size_t size = 0;
    pe_status status = pe_file_read_all(path, OBJECT_MOST, &bytes, &size, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, bytes, size, err);
    free(bytes);
    return status;
}

static void add_compile(pe_arg_list *argv, const pe_compiler *compiler, const pe_compiler_job *job, const folder *files)
{
    pe_arg_list_add(argv, compiler->path);
    pe_arg_list_add_all(argv, job->flags);
    pe_arg_list_add_all(argv, job->compile_flags);
    for (int f = 0; f < job->cflag_count; f++)
        pe_arg_list_add(argv, job->cflags[f]);
    if (job->random != NULL)
        pe_arg_list_add(argv, files->include_flag); /* last: the user's -I flags take precedence */
}

pe_status pe_compiler_expand(const pe_compiler *compiler, const pe_compiler_job *job, pe_buffer *expanded,
                             pe_buffer *output, pe_error *err)
{
    pe_arg_list argv = {.count = 0};
    folder files;
    pe_status status = open_folder(&files, err);
    if (status != PE_OK)
        return status;
    status = write_text(&files, job, err);
    add_compile(&argv, compiler, job, &files);
    pe_arg_list_add(&argv, "-E");
    pe_arg_list_add(&argv, "-P"); /* line marks would hold the folder's name */
    pe_arg_list_add(&argv, "-o");
    pe_arg_list_add(&argv, files.expanded);
    pe_arg_list_add(&argv, files.text);
    if (status == PE_OK)
        status = pe_compiler_process(compiler->path, &argv, job->directory, output, err);
    if (status == PE_OK)
        status = read_back(files.expanded, expanded, err);
    close_folder(&files);
    return status;
}

static pe_status compile(const pe_compiler *compiler, const pe_compiler_job *job, const folder *files,
                         pe_buffer *output, pe_error *err)
{
    pe_arg_list argv = {.count = 0};
    add_compile(&argv, compiler, job, files);
    pe_arg_list_add(&argv, "-c");
    pe_arg_list_add(&argv, "-o");
    pe_arg_list_add(&argv, files->object);
    pe_arg_list_add(&argv, files->text);
    return pe_compiler_process(compiler->path, &argv, job->directory, output, err);
}

static pe_status link_object(const pe_compiler *compiler, const pe_compiler_job *job, const folder *files,
                             pe_buffer *output, pe_error *err)
{
    pe_arg_list argv = {.count = 0};
    pe_buffer names = {0};
    pe_status status = PE_OK;
    pe_arg_list_add(&argv, compiler->path);
    pe_arg_list_add_all(&argv, job->flags);
    pe_arg_list_add(&argv, "-shared");
    pe_arg_list_add(&argv, "-Wl,-z,defs"); /* a missing symbol is an error here, not on another rank at dlopen */
    pe_arg_list_add(&argv, "-o");
    pe_arg_list_add(&argv, files->library);
    pe_arg_list_add(&argv, files->object);
    size_t *starts = NULL;
    status = pe_make_array(&starts, (size_t)job->lib_count + 1, sizeof *starts, err);
    for (int l = 0; l < job->lib_count && status == PE_OK; l++) {
        const char *lib = job->libs[l];
        starts[l] = names.size;
        status = pe_buffer_printf(&names, err, "%s%s", lib[0] == '-' || strchr(lib, '/') != NULL ? "" : "-l", lib);
        if (status == PE_OK)
            status = pe_buffer_append(&names, "", 1, err);
    }
    for (int l = 0; l < job->lib_count && status == PE_OK; l++)
        pe_arg_list_add(&argv, (const char *)names.data + starts[l]);
    pe_arg_list_add(&argv, "-lm");
    if (status == PE_OK)
        status = pe_compiler_process(compiler->path, &argv, job->directory, output, err);
    pe_buffer_fini(&names);
    free(starts);
    return status;
}

pe_status pe_compiler_run(const pe_compiler *compiler, const pe_compiler_job *job, pe_buffer *object, pe_buffer *output,
                          pe_error *err)
{
    folder files;
    pe_status status = open_folder(&files, err);
    if (status != PE_OK)
        return status;
    status = write_text(&files, job, err);
    if (status == PE_OK)
        status = compile(compiler, job, &files, output, err);
    if (status == PE_OK) {
        pe_buffer linker = {0};
        status = link_object(compiler, job, &files, &linker, err);
        pe_buffer *const unused = status == PE_OK ? &linker : output; /* dropped: warnings of the other step */
        pe_buffer_fini(unused);
        if (status != PE_OK)
            *output = linker;
    }
    if (status == PE_OK)
        status = read_back(files.library, object, err);
    close_folder(&files);
    return status;
}
