/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_child.c - the child process in which an isolated kernel runs.
 *
 * Design:   a fork of a process with threads, of which the child has one. It takes no lock that another thread of the
 *           parent may have held at the fork, except for malloc's, which the C library releases in the child. It ends by
 *           _exit, so that nothing of the parent is flushed or finished twice; on_exit catches a kernel that calls exit
 *           before the parent's handlers run. It dies with the worker that forked it.
 * Threads:  the one of the child.
 * Not here: what becomes of its answer or its end (isolate.c).
 */
#define _GNU_SOURCE /* close_range, on_exit, dup3 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kernel/isolate/isolate_internal.h"

#define IN_FD 3
#define OUT_FD 4
#define CHILD_NAME "pengine-kernel" /* in ps and top */

/* A result text that did not fit into the shared memory. */
typedef struct overflow {
    struct overflow *next;
    char bytes[];
} overflow;

typedef struct child {
    const pe_isolate *self;
    const pe_isolate_memory *memory;
    const pe_setup *setup;
    void *worker; /* the kernel's */
    void *results[PE_MAX_COLUMNS];
    size_t count, last_count; /* items of this request, of the one before */
    overflow *overflows;
} child;

/* ---- becoming a process of its own ---- */

static void leave(int code, void *unused)
{
    (void)unused;
    _exit(code);
}

/* The parent's handlers are not run in the child. The child ignores the signals that end a run, which may go to all
 * processes of the group or the job: the parent ends the run. */
static void reset_signals(void)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
    struct sigaction action;
    for (int number = 1; number < NSIG; number++) {
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL) {
            action = (struct sigaction){.sa_handler = SIG_DFL};
            (void)sigaction(number, &action, NULL);
        }
    }
    action = (struct sigaction){.sa_handler = SIG_IGN};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)sigaction(ignored[i], &action, NULL);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Where the system has no close_range. */
static void close_one_by_one(int first)
{
    const long most = sysconf(_SC_OPEN_MAX);
    DIR *const all = opendir("/proc/self/fd");
    if (all == NULL) {
        for (int fd = first; fd < most; fd++)
            (void)close(fd);
        return;
    }
    for (const struct dirent *entry = readdir(all); entry != NULL; entry = readdir(all)) {
        const long fd = strtol(entry->d_name, NULL, 10);
        if (fd >= first && fd != dirfd(all))
            (void)close((int)fd);
    }
    (void)closedir(all);
}

/* Keeps the two pipes and stderr; the kernel reads nothing from stdin, and its stdout is stderr. Both pipes lie above
 * OUT_FD (subprocess.c). */
static void reset_descriptors(int in, int out)
{
    (void)dup3(in, IN_FD, O_CLOEXEC);
    (void)dup3(out, OUT_FD, O_CLOEXEC);
    const int empty = open("/dev/null", O_RDONLY);
    if (empty >= 0)
        (void)dup2(empty, STDIN_FILENO);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (close_range(OUT_FD + 1, ~0u, 0) == 0)
        return;
#endif
    close_one_by_one(OUT_FD + 1);
}

static void become_child(int in, int out, pid_t parent)
{
    static const struct rlimit no_core = {0, 0}; /* expected crashes may not fill the disk */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0); /* the parent died before prctl */
    (void)prctl(PR_SET_NAME, CHILD_NAME);
    reset_signals();
    reset_descriptors(in, out);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)on_exit(leave, NULL);
}

/* ---- what the kernel calls ---- */

static void fail_item(pe_batch *batch, size_t item, const char *reason)
{
    child *const self = batch->host;
    pe_isolate_header *const header = self->memory->header;
    if (item >= self->count) {
        header->invalid_item = header->has_invalid_item ? header->invalid_item : item;
        header->has_invalid_item = true;
        return;
    }
    if (self->memory->has_failed[item] != 0)
        return;
    self->memory->has_failed[item] = 1;
    pe_isolate_failure *const failure = &self->memory->failures[header->failed++];
    const char *const text = reason == NULL ? "no reason given" : reason;
    size_t size = strnlen(text, sizeof failure->reason - 1);
    while (size > 0 && ((unsigned char)text[size] & 0xC0u) == 0x80u) /* not inside a UTF-8 sequence */
        size--;
    failure->item = item;
    memcpy(failure->reason, text, size);
    failure->reason[size] = '\0';
}

/* A text beyond the capacity is written to the heap: the run goes on, so that the parent learns how much all texts
 * take. */
static char *add_overflow(child *self, size_t size)
{
    overflow *const made = size < SIZE_MAX - sizeof *made ? malloc(sizeof *made + size) : NULL;
    if (made == NULL)
        return NULL;
    made->next = self->overflows;
    self->overflows = made;
    return made->bytes;
}

static char *give_text(pe_batch *batch, int result, size_t item, size_t size)
{
    child *const self = batch->host;
    pe_isolate_header *const header = self->memory->header;
    const pe_signature *const signature = &self->self->signature;
    if (result < 0 || result >= signature->result_count || signature->results[result].dtype != PE_TEXT ||
        item >= self->count) {
        header->has_invalid_text = true;
        header->invalid_result = result;
        header->invalid_text = item;
        return NULL;
    }
    const size_t capacity = self->memory->capacity.text_out;
    const bool fits = header->text_bytes <= capacity && size <= capacity - header->text_bytes;
    char *const bytes = fits ? self->memory->text_out + header->text_bytes : add_overflow(self, size);
    header->text_bytes = size < SIZE_MAX - header->text_bytes ? header->text_bytes + size : SIZE_MAX;
    if (bytes != NULL)
        ((pe_text *)self->results[result])[item] = (pe_text){.data = bytes, .size = size};
    return bytes;
}

/* ---- one request ---- */

static void clear(child *self)
{
    pe_isolate_header *const header = self->memory->header;
    if (header->failed > 0)
        memset(self->memory->has_failed, 0, self->last_count);
    self->last_count = self->count;
    header->stopped = 0;
    header->failed = 0;
    header->has_invalid_item = header->has_invalid_text = false;
    header->text_bytes = 0;
    while (self->overflows != NULL) {
        overflow *const next = self->overflows->next;
        free(self->overflows);
        self->overflows = next;
    }
}

static void answer(child *self)
{
    const pe_isolate_memory *const memory = self->memory;
    const pe_signature *const signature = &self->self->signature;
    const pe_isolate_items items = memory->header->items;
    const void *args[PE_MAX_COLUMNS];
    self->count = items.count;
    clear(self);
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = memory->args[a] + items.begin * pe_type_bytes(signature->args[a]);
    for (int r = 0; r < signature->result_count; r++) {
        self->results[r] = memory->results[r] + items.begin * pe_type_bytes(signature->results[r]);
        if (signature->results[r].dtype == PE_TEXT)
            memset(self->results[r], 0, items.count * sizeof(pe_text));
    }
    pe_batch batch = {.first = memory->header->first,
                      .count = items.count,
                      .args = args,
                      .results = self->results,
                      .worker = self->worker,
                      .setup = self->setup,
                      .kernel = &self->self->inner,
                      .host = self,
                      .fail = fail_item,
                      .text = give_text};
    memory->header->stopped = self->self->inner.map(&batch);
}

static bool read_turn(void)
{
    char turn = 0;
    ssize_t got;
    do
        got = read(IN_FD, &turn, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

static bool write_turn(void)
{
    ssize_t sent;
    do
        sent = write(OUT_FD, "", 1);
    while (sent < 0 && errno == EINTR);
    return sent == 1;
}

void pe_isolate_child_main(void *argument, int in, int out)
{
    const pe_isolate_task *const task = argument;
    const pe_kernel *const kernel = &task->self->inner;
    pe_isolate_header *const header = task->memory->header;
    child here = {.self = task->self, .memory = task->memory, .setup = task->setup};
    become_child(in, out, task->parent);
    memset(header, 0, sizeof *header);
    memset(task->memory->has_failed, 0, task->memory->capacity.items); /* a child before this one may have set it */
    pe_call_refuse_into(header->refusal);
    header->stopped = kernel->open == NULL ? 0 : kernel->open(kernel, task->setup, &here.worker);
    const bool is_open = header->stopped == 0;
    bool goes_on = write_turn() && is_open;
    while (goes_on && read_turn()) {
        answer(&here);
        goes_on = write_turn();
    }
    if (is_open && kernel->close != NULL)
        kernel->close(here.worker);
    _exit(0);
}
