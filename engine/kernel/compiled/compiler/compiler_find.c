/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler_find.c - finds the machine's C compiler, and learns its version.
 *
 * Design:  the version belongs to the keys of the cache and to checkpoints. To ask for it takes a process, and as long as
 *          the rest of a start, so the answer is kept in the cache of objects, by the file of the compiler.
 * Threads: the main thread.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "kernel/compiled/compiler/compiler.h"
#include "kernel/compiled/compiler/compiler_process.h"
#include "kernel/compiled/object_cache.h"
#include "os/file/file.h"
#include "os/file/find_program.h"

#define PATH_ROOM 4096

static pe_status refuse_missing(const char *named, pe_error *err)
{
    if (named != NULL)
        return pe_fail(err, PE_EKERNEL, "no C compiler: PENGINE_CC names \"%s\", which is no program%s", named,
                       strchr(named, '/') == NULL ? " in PATH" : "");
    return pe_fail(err, PE_EKERNEL,
                   "no C compiler: there is no \"cc\" in PATH; install gcc or clang, or set PENGINE_CC to a compiler");
}

static pe_status ask_version(pe_compiler *compiler, pe_error *err)
{
    pe_arg_list argv = {.count = 0};
    pe_arg_list_add(&argv, compiler->path);
    pe_arg_list_add(&argv, "--version");
    return pe_compiler_process(compiler->path, &argv, NULL, &compiler->version, err);
}

/* Is this gcc or clang itself? A script, or a wrapper such as ccache, starts a compiler that cannot be recognised by its
 * file. */
static bool is_compiler_itself(const char *real)
{
    char magic[4] = "";
    const char *const slash = strrchr(real, '/');
    const char *const name = slash == NULL ? real : slash + 1;
    const int fd = strstr(name, "gcc") != NULL || strstr(name, "clang") != NULL ? pe_open(real, O_RDONLY, 0) : -1;
    if (fd < 0)
        return false;
    const bool is_elf = read(fd, magic, sizeof magic) == (ssize_t)sizeof magic && memcmp(magic, "\177ELF", 4) == 0;
    (void)close(fd);
    return is_elf;
}

/* A key of the compiler's file as it is now: another compiler, or another version under the name, has another one. */
static bool make_version_key(const char *path, char key[PE_OBJECT_KEY_ROOM])
{
    pe_buffer text = {0};
    pe_error ignored = PE_ERROR_INIT;
    struct stat facts;
    char *const real = realpath(path, NULL);
    const bool is_known =
        real != NULL && is_compiler_itself(real) && stat(real, &facts) == 0 &&
        pe_buffer_printf(&text, &ignored, "version of %s called %s, %lld bytes, %llu %lld.%09ld %lld.%09ld", real, path,
                         (long long)facts.st_size, (unsigned long long)facts.st_ino, (long long)facts.st_mtim.tv_sec,
                         facts.st_mtim.tv_nsec, (long long)facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec) == PE_OK;
    if (is_known)
        pe_object_cache_key(&text, key);
    free(real);
    pe_buffer_fini(&text);
    return is_known;
}

static pe_status learn_version(pe_compiler *compiler, pe_error *err)
{
    char key[PE_OBJECT_KEY_ROOM];
    const bool is_known = make_version_key(compiler->path, key);
    if (is_known && pe_object_cache_get(key, &compiler->version))
        return PE_OK;
    const pe_status status = ask_version(compiler, err);
    if (status == PE_OK && is_known)
        pe_object_cache_put(key, &compiler->version);
    return status;
}

pe_status pe_compiler_find(pe_compiler *out, pe_error *err)
{
    const char *named = getenv("PENGINE_CC");
    char path[PATH_ROOM];
    if (named != NULL && named[0] == '\0')
        named = NULL;
    const char *name = named == NULL ? "cc" : named;
    const bool is_path = strchr(name, '/') != NULL;
    if (is_path ? !pe_is_program(name) : !pe_find_program(name, path, sizeof path))
        return refuse_missing(named, err);
    /* the compiler runs in another folder */
    char *whole = realpath(is_path ? name : path, NULL);
    const bool is_relative = is_path ? name[0] != '/' : path[0] != '/';
    pe_status status = pe_copy_string(&out->path, is_relative && whole != NULL ? whole : is_path ? name : path, err);
    free(whole);
    if (status == PE_OK)
        status = learn_version(out, err);
    return status;
}

void pe_compiler_fini(pe_compiler *compiler)
{
    free(compiler->path);
    pe_buffer_fini(&compiler->version);
    *compiler = (pe_compiler){0};
}
