/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash_search.c - finds the item of a batch that crashes the kernel, by calling the kernel again in a child process.
 *
 * Invariant: whatever the kernel does in a child, the process that crashed waits at most SEARCH_MS + PRINT_MS.
 * Design:   after a crash only system calls are safe in this process. A forked copy of it may call the kernel: the copy
 *           has one thread; it may crash, hang on a lock whose holder was not forked, or print. It is killed after a
 *           time limit, and its output goes to /dev/null.
 *           Running the chunk again under kernel.isolate would need no fork in a signal handler, but the engine's state
 *           cannot be trusted after a crash, and other threads of the process hold locks and buffers that such a run
 *           needs.
 * Threads:  the thread that crashed; each child has one thread.
 * Not here: the message (crash.c).
 */
#define _GNU_SOURCE /* _Fork, on_exit, MAP_ANONYMOUS */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "worker/crash/crash_internal.h"

#define SEARCH_MS 1000
#define PRINT_MS 1000

/* fork without the handlers of pthread_atfork, which take locks that this thread may hold. */
static pid_t fork_bare(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
    return _Fork();
#else
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#endif
}

/* Waits for a child and kills it after most_ms. Returns whether it ended by itself. */
static bool ends_within(pid_t child, int most_ms)
{
    for (int waited_ms = 0; waited_ms < most_ms; waited_ms++) {
        const pid_t got = waitpid(child, NULL, WNOHANG);
        if (got == child || (got < 0 && errno == ECHILD))
            return true;
        (void)poll(NULL, 0, 1);
    }
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    return false;
}

/* ---- in a child ---- */

static void end_child(int code, void *unused)
{
    (void)code;
    (void)unused;
    _exit(0);
}

static void set_up_child(void)
{
    static const struct rlimit no_core = {0, 0};
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (size_t c = 0; c < PE_CRASHES; c++)
        (void)sigaction(pe_crashes[c], &standard, NULL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)setrlimit(RLIMIT_CORE, &no_core);
    const int nowhere = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)dup2(nowhere, fd);
    (void)on_exit(end_child, NULL);
}

static void ignore_failure(pe_batch *batch, size_t item, const char *reason)
{
    (void)batch;
    (void)item;
    (void)reason;
}

/* Uses mmap, since the heap may be corrupted. The child ends soon, so nothing is freed. */
static char *allocate_text(pe_batch *batch, int result, size_t item, size_t size)
{
    (void)item;
    char *const bytes =
        mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED)
        return NULL;
    *(pe_text *)batch->results[result] = (pe_text){.data = bytes, .size = size};
    return bytes;
}

/* The arguments of one item as columns of length one; values of ramps, which have no column, are computed into
 * values. */
typedef struct one_item {
    const void *args[PE_MAX_COLUMNS];
    union {
        int64_t narrow;
        pe_int128 wide;
    } values[PE_MAX_COLUMNS];
} one_item;

static const void *compute_value(one_item *one, int a, pe_dtype dtype, pe_ramp ramp, size_t item)
{
    const int64_t value = (int64_t)((uint64_t)ramp.first + item * (uint64_t)ramp.step);
    if (dtype == PE_INT64)
        one->values[a].narrow = value;
    else
        one->values[a].wide = value;
    return &one->values[a];
}

static void get_item(const pe_position *here, size_t item, one_item *out)
{
    const pe_batch *whole = here->batch;
    for (int a = 0; a < here->signature->arg_count; a++) {
        const pe_type type = here->signature->args[a];
        out->args[a] = whole->args[a] != NULL ? (const unsigned char *)whole->args[a] + item * pe_type_bytes(type)
                                              : compute_value(out, a, type.dtype, whole->ramps[a], item);
    }
}

static void try_item(const pe_position *here, size_t item)
{
    const pe_batch *whole = here->batch;
    one_item one;
    void *results[PE_MAX_COLUMNS];
    get_item(here, item, &one);
    for (int r = 0; r < here->signature->result_count; r++)
        results[r] = (unsigned char *)whole->results[r] + item * pe_type_bytes(here->signature->results[r]);
    pe_batch batch = *whole;
    batch.first += item;
    batch.count = 1;
    batch.args = one.args;
    batch.results = results;
    batch.fail = ignore_failure;
    batch.text = allocate_text;
    (void)here->kernel->map(&batch);
}

static _Noreturn void try_all(const pe_position *here, volatile pe_crash_report *report)
{
    set_up_child();
    for (size_t i = here->done; i < here->batch->count; i++) {
        report->at = i;
        try_item(here, i);
    }
    report->at = SIZE_MAX; /* none */
    _exit(0);
}

static _Noreturn void write_item(const pe_position *here, volatile pe_crash_report *report)
{
    char text[PE_ITEM_TEXT_ROOM];
    one_item one;
    set_up_child();
    get_item(here, report->at, &one);
    pe_item_text_print(here->kernel->name, here->signature, one.args, 0, text);
    for (size_t c = 1; c < sizeof text && text[c - 1] != '\0'; c++)
        report->text[c] = text[c];
    report->text[0] = text[0]; /* written last: a text that begins is complete */
    _exit(0);
}

/* ---- in the process that crashed ---- */

bool pe_crash_search(const pe_position *here, volatile pe_crash_report *report)
{
    report->at = 0;
    report->text[0] = '\0';
    const pid_t searcher = fork_bare();
    if (searcher == 0)
        try_all(here, report);
    if (searcher < 0 || !ends_within(searcher, SEARCH_MS) || report->at >= here->batch->count)
        return false;
    const pid_t writer = fork_bare();
    if (writer == 0)
        write_item(here, report);
    if (writer > 0)
        (void)ends_within(writer, PRINT_MS);
    return true;
}
