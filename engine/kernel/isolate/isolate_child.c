/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_child.c - the process in which an isolated kernel runs.
 *
 * Design:   a fork of a process with threads, of which it has one: it takes no lock that another thread of the parent may
 *           have held but malloc's, which the C library sets free in a fork. It leaves by _exit alone, so that nothing
 *           of the parent is flushed or finished twice; a kernel that calls exit meets our handler before the parent's.
 *           It dies with the worker that made it.
 * Threads:  the one of the process.
 * Not here: what becomes of its answer or its end (isolate.c).
 */
#define _GNU_SOURCE /* close_range, on_exit, dup3 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "kernel/isolate/isolate_internal.h"

#define SOCKET_FD 3
#define CHILD_NAME "pengine-kernel" /* in ps and top */

/* A result text that did not fit into the area. */
typedef struct overflow {
    struct overflow *next;
    char bytes[];
} overflow;

typedef struct process {
    const pe_isolate *self;
    const pe_isolate_area *area;
    const pe_setup *setup;
    void *worker; /* the kernel's */
    void *results[PE_MAX_COLUMNS];
    size_t count, last_count; /* of the span, of the one before */
    overflow *overflows;
} process;

/* ---- becoming a process of its own ---- */

static void leave(int code, void *unused)
{
    (void)unused;
    _exit(code);
}

/* The parent's handlers are for the parent; who ends a run by a signal to all its processes ends it in the parent. */
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

/* Keeps the socket, and what the kernel may print on. */
static void reset_descriptors(int fd)
{
    if (fd != SOCKET_FD)
        (void)dup3(fd, SOCKET_FD, O_CLOEXEC);
    const int empty = open("/dev/null", O_RDONLY);
    if (empty >= 0)
        (void)dup2(empty, STDIN_FILENO);
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    if (close_range(SOCKET_FD + 1, ~0u, 0) == 0)
        return;
#endif
    close_one_by_one(SOCKET_FD + 1);
}

static void settle(int fd, pid_t parent)
{
    static const struct rlimit no_core = {0, 0}; /* a crash that is expected may not fill the disk */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0); /* it was too late to be told */
    (void)prctl(PR_SET_NAME, CHILD_NAME);
    (void)setpgid(0, 0);
    reset_signals();
    reset_descriptors(fd);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)on_exit(leave, NULL);
}

/* ---- what the kernel calls ---- */

static void fail_item(pe_batch *batch, size_t item, const char *reason)
{
    process *const self = batch->host;
    pe_isolate_sheet *const sheet = self->area->sheet;
    if (item >= self->count) {
        sheet->stray_item = sheet->has_stray_item ? sheet->stray_item : item;
        sheet->has_stray_item = true;
        return;
    }
    if (self->area->has_failed[item] != 0)
        return;
    self->area->has_failed[item] = 1;
    pe_isolate_failure *const failure = &self->area->failures[sheet->failed++];
    const char *const text = reason == NULL ? "no reason given" : reason;
    size_t size = strnlen(text, sizeof failure->reason - 1);
    while (size > 0 && ((unsigned char)text[size] & 0xC0u) == 0x80u) /* not inside a UTF-8 sequence */
        size--;
    failure->item = item;
    memcpy(failure->reason, text, size);
    failure->reason[size] = '\0';
}

/* What does not fit is written all the same, to learn how much there is. */
static char *spill(process *self, size_t size)
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
    process *const self = batch->host;
    pe_isolate_sheet *const sheet = self->area->sheet;
    const pe_signature *const signature = &self->self->signature;
    if (result < 0 || result >= signature->result_count || signature->results[result].dtype != PE_TEXT ||
        item >= self->count) {
        sheet->has_stray_text = true;
        sheet->stray_result = result;
        sheet->stray_text = item;
        return NULL;
    }
    const size_t room = self->area->room.text_out;
    const bool fits = sheet->text_bytes <= room && size <= room - sheet->text_bytes;
    char *const bytes = fits ? self->area->text_out + sheet->text_bytes : spill(self, size);
    sheet->text_bytes = size < SIZE_MAX - sheet->text_bytes ? sheet->text_bytes + size : SIZE_MAX;
    if (bytes != NULL)
        ((pe_text *)self->results[result])[item] = (pe_text){.data = bytes, .size = size};
    return bytes;
}

/* ---- one question ---- */

static void clear(process *self)
{
    pe_isolate_sheet *const sheet = self->area->sheet;
    if (sheet->failed > 0)
        memset(self->area->has_failed, 0, self->last_count);
    self->last_count = self->count;
    sheet->stopped = 0;
    sheet->failed = 0;
    sheet->has_stray_item = sheet->has_stray_text = false;
    sheet->text_bytes = 0;
    while (self->overflows != NULL) {
        overflow *const next = self->overflows->next;
        free(self->overflows);
        self->overflows = next;
    }
}

static void answer(process *self)
{
    const pe_isolate_area *const area = self->area;
    const pe_signature *const signature = &self->self->signature;
    const pe_isolate_span span = area->sheet->span;
    const void *args[PE_MAX_COLUMNS];
    self->count = span.count;
    clear(self);
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = area->args[a] + span.begin * pe_type_bytes(signature->args[a]);
    for (int r = 0; r < signature->result_count; r++) {
        self->results[r] = area->results[r] + span.begin * pe_type_bytes(signature->results[r]);
        if (signature->results[r].dtype == PE_TEXT)
            memset(self->results[r], 0, span.count * sizeof(pe_text));
    }
    pe_batch batch = {.first = area->sheet->first,
                      .count = span.count,
                      .args = args,
                      .results = self->results,
                      .worker = self->worker,
                      .setup = self->setup,
                      .kernel = &self->self->inner,
                      .host = self,
                      .fail = fail_item,
                      .text = give_text};
    area->sheet->stopped = self->self->inner.map(&batch);
}

static bool hear(void)
{
    char turn = 0;
    ssize_t got;
    do
        got = read(SOCKET_FD, &turn, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

static bool say(void)
{
    ssize_t sent;
    do
        sent = write(SOCKET_FD, "", 1);
    while (sent < 0 && errno == EINTR);
    return sent == 1;
}

_Noreturn void pe_isolate_serve(const pe_isolate *self, const pe_isolate_area *area, const pe_setup *setup, int fd,
                                pid_t parent)
{
    const pe_kernel *const kernel = &self->inner;
    process here = {.self = self, .area = area, .setup = setup};
    settle(fd, parent);
    memset(area->sheet, 0, sizeof *area->sheet);
    memset(area->has_failed, 0, area->room.items); /* of a process before this one */
    area->sheet->stopped = kernel->open == NULL ? 0 : kernel->open(kernel, setup, &here.worker);
    const bool is_open = area->sheet->stopped == 0;
    bool goes_on = say() && is_open;
    while (goes_on && hear()) {
        answer(&here);
        goes_on = say();
    }
    if (is_open && kernel->close != NULL)
        kernel->close(here.worker);
    _exit(0);
}
