/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler.c - the C compiler of the machine, run without a shell.
 *
 * Design:  each use has a folder of its own in TMPDIR, which is gone afterwards. Compiling and linking are two steps:
 *          the linker must not see -fsanitize, or it would add the sanitizer's library, whose part the text plays itself.
 *          Messages are asked for in English, since errors are picked out of them.
 * Threads: the main thread.
 * Not here: what the text is (codegen.c), when it need not be compiled (object_cache.c).
 */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np, environ */

#include "kernel/compiler.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/file.h"
#include "base/reason.h"

#define PATH_ROOM 4096
#define WORDS 256 /* of one command line */
#define SAID_MOST ((size_t)1 << 20)
#define OBJECT_MOST ((size_t)1 << 30)

typedef struct words {
    const char *list[WORDS + 1]; /* ended by NULL */
    size_t count;
} words;

/* The folder of one use, and the files in it. */
typedef struct folder {
    char path[PATH_ROOM];
    char text[PATH_ROOM + 16], expanded[PATH_ROOM + 16], object[PATH_ROOM + 16], library[PATH_ROOM + 16];
} folder;

/* ---- finding it ---- */

static bool is_program(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

/* The first program of this name in PATH, into path. */
static bool is_in_path(const char *name, char path[PATH_ROOM])
{
    const char *at = getenv("PATH");
    at = at == NULL ? "/usr/local/bin:/usr/bin:/bin" : at;
    for (;;) {
        const char *end = strchr(at, ':');
        const size_t size = end == NULL ? strlen(at) : (size_t)(end - at);
        const int made = snprintf(path, PATH_ROOM, "%.*s/%s", size == 0 ? 1 : (int)size, size == 0 ? "." : at, name);
        if (made > 0 && made < PATH_ROOM && is_program(path))
            return true;
        if (end == NULL)
            return false;
        at = end + 1;
    }
}

static pe_status refuse_missing(const char *named, pe_error *err)
{
    if (named != NULL)
        return pe_fail(err, PE_EKERNEL, "no C compiler: PENGINE_CC names \"%s\", which is no program%s", named,
                       strchr(named, '/') == NULL ? " in PATH" : "");
    return pe_fail(err, PE_EKERNEL,
                   "no C compiler: there is no \"cc\" in PATH; install gcc or clang, or set PENGINE_CC to a compiler");
}

/* ---- running it ---- */

static void add(words *to, const char *word)
{
    if (to->count < WORDS)
        to->list[to->count++] = word;
}

static void add_all(words *to, const char *const *list)
{
    for (size_t w = 0; list != NULL && list[w] != NULL; w++)
        add(to, list[w]);
}

/* Our environment, with messages in English. */
static pe_status make_environment(char ***out, pe_error *err)
{
    static char english[] = "LC_ALL=C";
    size_t count = 0, kept = 0;
    while (environ[count] != NULL)
        count++;
    const pe_status status = pe_make_array(out, count + 2, sizeof **out, err);
    if (status != PE_OK)
        return status;
    for (size_t e = 0; e < count; e++)
        if (strncmp(environ[e], "LC_ALL=", 7) != 0)
            (*out)[kept++] = environ[e];
    (*out)[kept] = english;
    return PE_OK;
}

static pe_status read_said(int fd, pe_buffer *said, pe_error *err)
{
    for (;;) {
        pe_status status = pe_buffer_reserve(said, 4096, err);
        if (status != PE_OK)
            return status;
        const ssize_t got = read(fd, said->data + said->size, 4095);
        if (got == 0 || (got < 0 && errno != EINTR))
            return PE_OK;
        if (got > 0 && said->size < SAID_MOST) /* what is more is read, so that it can end, and dropped */
            said->size += (size_t)got;
    }
}

static int spawn(const char *program, const words *argv, const char *directory, int out, char *const *environment,
                 pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    int number = posix_spawn_file_actions_init(&actions);
    if (number != 0)
        return number;
    number = posix_spawnattr_init(&attributes);
    if (number == 0) {
        if (directory != NULL)
            number = posix_spawn_file_actions_addchdir_np(&actions, directory);
        number = number != 0 ? number : posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        number = number != 0 ? number : posix_spawn_file_actions_adddup2(&actions, out, 1);
        number = number != 0 ? number : posix_spawn_file_actions_adddup2(&actions, out, 2);
        number = number != 0 ? number : posix_spawnattr_setsigmask(&attributes, &none);
        number = number != 0 ? number : posix_spawnattr_setsigdefault(&attributes, &usual);
        number = number != 0 ? number
                             : posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        /* argv's words are only read: the cast is POSIX's, for programs older than const */
        number = number != 0 ? number
                             : posix_spawn(pid, program, &actions, &attributes, (char *const *)(uintptr_t)argv->list,
                                           environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return number;
}

static pe_status open_pipe(int ends[2], pe_error *err)
{
    char reason[PE_REASON_ROOM];
    if (pipe(ends) != 0)
        return pe_fail(err, PE_ENOMEM, "no pipe to the compiler: %s", pe_reason(errno, reason));
    for (int e = 0; e < 2; e++)
        (void)fcntl(ends[e], F_SETFD, FD_CLOEXEC);
    return PE_OK;
}

/* Runs it to its end; said gets all it wrote, with a terminator. */
static pe_status run(const char *program, const words *argv, const char *directory, pe_buffer *said, pe_error *err)
{
    char **environment = NULL;
    char reason[PE_REASON_ROOM];
    int ends[2] = {-1, -1}, ended = 0;
    pid_t pid = 0;
    pe_status status = argv->count < WORDS ? make_environment(&environment, err)
                                           : pe_fail(err, PE_EKERNEL, "too many words for the compiler");
    if (status == PE_OK)
        status = open_pipe(ends, err);
    if (status != PE_OK) {
        free(environment);
        return status;
    }
    const int number = spawn(program, argv, directory, ends[1], environment, &pid);
    close(ends[1]);
    free(environment);
    if (number != 0)
        status = pe_fail(err, PE_EKERNEL, "cannot run the compiler %s: %s", program, pe_reason(number, reason));
    if (status == PE_OK) {
        status = read_said(ends[0], said, err);
        while (waitpid(pid, &ended, 0) < 0 && errno == EINTR)
            continue;
    }
    close(ends[0]);
    if (status == PE_OK)
        status = pe_buffer_append(said, "", 1, err);
    if (status == PE_OK && WIFSIGNALED(ended))
        status = pe_fail(err, PE_EKERNEL, "the compiler %s died of signal %d", program, WTERMSIG(ended));
    else if (status == PE_OK && ended != 0)
        status = pe_fail(err, PE_EKERNEL, "the compiler %s gave up", program);
    return status;
}

static pe_status ask_version(pe_compiler *compiler, pe_error *err)
{
    words argv = {.count = 0};
    add(&argv, compiler->path);
    add(&argv, "--version");
    return run(compiler->path, &argv, NULL, &compiler->version, err);
}

pe_status pe_compiler_find(pe_compiler *out, pe_error *err)
{
    const char *named = getenv("PENGINE_CC");
    char path[PATH_ROOM];
    if (named != NULL && named[0] == '\0')
        named = NULL;
    const char *name = named == NULL ? "cc" : named;
    const bool is_path = strchr(name, '/') != NULL;
    if (is_path ? !is_program(name) : !is_in_path(name, path))
        return refuse_missing(named, err);
    /* the compiler runs in another folder */
    char *whole = realpath(is_path ? name : path, NULL);
    const bool is_relative = is_path ? name[0] != '/' : path[0] != '/';
    pe_status status = pe_copy_string(&out->path, is_relative && whole != NULL ? whole : is_path ? name : path, err);
    free(whole);
    if (status == PE_OK)
        status = ask_version(out, err);
    return status;
}

void pe_compiler_fini(pe_compiler *compiler)
{
    free(compiler->path);
    pe_buffer_fini(&compiler->version);
    *compiler = (pe_compiler){0};
}

/* ---- its files ---- */

static pe_status refuse_folder(const char *path, pe_error *err)
{
    char reason[PE_REASON_ROOM];
    return pe_fail(err, PE_EIO, "the compiler's files cannot be written to %s: %s", path, pe_reason(errno, reason));
}

static pe_status open_folder(folder *out, pe_error *err)
{
    const char *named = getenv("TMPDIR");
    const char *home = named == NULL || named[0] == '\0' ? "/tmp" : named;
    if (snprintf(out->path, sizeof out->path, "%s/pengine-XXXXXX", home) >= (int)sizeof out->path) {
        errno = ENAMETOOLONG;
        return refuse_folder(home, err);
    }
    if (mkdtemp(out->path) == NULL)
        return refuse_folder(home, err);
    (void)snprintf(out->text, sizeof out->text, "%s/kernel.c", out->path);
    (void)snprintf(out->expanded, sizeof out->expanded, "%s/kernel.i", out->path);
    (void)snprintf(out->object, sizeof out->object, "%s/kernel.o", out->path);
    (void)snprintf(out->library, sizeof out->library, "%s/kernel.so", out->path);
    return PE_OK;
}

static void close_folder(const folder *files)
{
    (void)unlink(files->text);
    (void)unlink(files->expanded);
    (void)unlink(files->object);
    (void)unlink(files->library);
    (void)rmdir(files->path);
}

static pe_status write_text(const folder *files, const pe_buffer *text, pe_error *err)
{
    const int fd = open(files->text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return refuse_folder(files->path, err);
    pe_status status = pe_write_full(fd, text->data, text->size, files->text, err);
    if (close(fd) != 0 && status == PE_OK)
        status = refuse_folder(files->path, err);
    return status;
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

static void add_compile(words *argv, const pe_compiler *compiler, const pe_compiler_job *job)
{
    add(argv, compiler->path);
    add_all(argv, job->flags);
    add_all(argv, job->compile_flags);
    for (int f = 0; f < job->cflag_count; f++)
        add(argv, job->cflags[f]);
}

pe_status pe_compiler_expand(const pe_compiler *compiler, const pe_compiler_job *job, pe_buffer *expanded,
                             pe_buffer *said, pe_error *err)
{
    words argv = {.count = 0};
    folder files;
    pe_status status = open_folder(&files, err);
    if (status != PE_OK)
        return status;
    status = write_text(&files, job->text, err);
    add_compile(&argv, compiler, job);
    add(&argv, "-E");
    add(&argv, "-P"); /* line marks would hold the folder's name */
    add(&argv, "-o");
    add(&argv, files.expanded);
    add(&argv, files.text);
    if (status == PE_OK)
        status = run(compiler->path, &argv, job->directory, said, err);
    if (status == PE_OK)
        status = read_back(files.expanded, expanded, err);
    close_folder(&files);
    return status;
}

static pe_status compile(const pe_compiler *compiler, const pe_compiler_job *job, const folder *files, pe_buffer *said,
                         pe_error *err)
{
    words argv = {.count = 0};
    add_compile(&argv, compiler, job);
    add(&argv, "-c");
    add(&argv, "-o");
    add(&argv, files->object);
    add(&argv, files->text);
    return run(compiler->path, &argv, job->directory, said, err);
}

static pe_status link_object(const pe_compiler *compiler, const pe_compiler_job *job, const folder *files,
                             pe_buffer *said, pe_error *err)
{
    words argv = {.count = 0};
    pe_buffer names = {0};
    pe_status status = PE_OK;
    add(&argv, compiler->path);
    add_all(&argv, job->flags);
    add(&argv, "-shared");
    add(&argv, "-Wl,-z,defs"); /* what is missing is told here, where the compiler is */
    add(&argv, "-o");
    add(&argv, files->library);
    add(&argv, files->object);
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
        add(&argv, (const char *)names.data + starts[l]);
    add(&argv, "-lm");
    if (status == PE_OK)
        status = run(compiler->path, &argv, job->directory, said, err);
    pe_buffer_fini(&names);
    free(starts);
    return status;
}

pe_status pe_compiler_run(const pe_compiler *compiler, const pe_compiler_job *job, pe_buffer *object, pe_buffer *said,
                          pe_error *err)
{
    folder files;
    pe_status status = open_folder(&files, err);
    if (status != PE_OK)
        return status;
    status = write_text(&files, job->text, err);
    if (status == PE_OK)
        status = compile(compiler, job, &files, said, err);
    if (status == PE_OK) {
        said->size = 0; /* warnings alone */
        status = link_object(compiler, job, &files, said, err);
    }
    if (status == PE_OK)
        status = read_back(files.library, object, err);
    close_folder(&files);
    return status;
}
