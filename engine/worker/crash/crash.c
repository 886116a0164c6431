/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash.c - reports a native kernel that crashes or calls exit, and ends the job.
 *
 * Invariant: a job prints one message, even when all ranks crash at their first item.
 * Design:   the signal handler runs on the thread that crashed. pe_position_here of this thread says which batch of
 *           which kernel it was computing. The handler makes only system calls. The first thread that enters it
 *           reports; other threads sleep until the process ends. The files that describe the run are written by a thread
 *           that waits for this (crash_listener.c).
 *           On a node the first rank that binds an abstract socket name prints the message. Ranks other than 0 first
 *           wait some time, so that rank 0 on another node prints and mpirun ends them. A rank that mpirun is ending
 *           (SIGCONT at once, SIGTERM a second later) prints nothing.
 *           A crash outside of kernels, and a signal sent by another process, have the effect that they had before. An
 *           exit outside of kernels comes from a library that ran out of memory or threads: exit code 71.
 * Threads:  begin and end on the main thread; the handler on any.
 * Not here: the search for the item (crash_search.c), the removal of files (os/exit_cleanup.c).
 */
#define _GNU_SOURCE /* on_exit, MAP_ANONYMOUS */

#include "worker/crash/crash.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "kernel/call.h"
#include "os/exit_cleanup.h"
#include "os/interrupt.h"
#include "os/signame.h"
#include "worker/crash/crash_internal.h"

#define STACK_BYTES ((size_t)8 << 20) /* the search runs the kernel on it; reserved, not committed */
#define GUARD_BYTES ((size_t)64 << 10)
#define FIRST_MS 100                            /* that other ranks wait for rank 0 to print first */
#define SILENT_MS 5000                          /* that a rank which does not print waits for mpirun to end it */
#define ENDED_NS ((uint64_t)3000 * 1000 * 1000) /* an older SIGCONT was not the beginning of mpirun's end */
#define LINE_ROOM 1024u

/* Written by begin and end while there is one thread; the last two are atomic. */
static struct {
    bool is_active;
    bool is_terminal;
    int rank, ranks;
    pid_t pid;               /* of the run; a forked process has another one */
    struct sockaddr_un name; /* the socket name that the printing rank of this node binds */
    socklen_t name_size;
    volatile pe_crash_report *report;
    struct sigaction before[PE_CRASHES], before_continue;
    _Atomic uint64_t continued_ns; /* written by the handler of SIGCONT */
    atomic_flag has_crashed;
} state = {.has_crashed = ATOMIC_FLAG_INIT};

static _Thread_local struct {
    unsigned char *memory; /* the alternate stack with its guard pages; NULL: none */
    stack_t before;
} stack_here;

/* ---- the message: nothing here may take a lock ---- */

typedef struct line {
    char text[LINE_ROOM];
    size_t size;
} line;

static void add(line *to, const char *text)
{
    for (; *text != '\0' && to->size + 1 < LINE_ROOM; text++)
        to->text[to->size++] = *text;
}

static void add_number(line *to, uint64_t number)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = '\0';
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    add(to, digits + at);
}

/* "crashed: SIGSEGV", "exited with code 3" */
static void add_end(line *to, bool by_signal, int number)
{
    char room[PE_SIGNAME_SIZE];
    add(to, by_signal ? "crashed: " : "exited with code ");
    if (by_signal)
        add(to, pe_signame(number, room));
    else
        add_number(to, (uint64_t)(number & 0xff));
}

static void add_name(line *to, const pe_position *here)
{
    add(to, "kernel \"");
    add(to, here->kernel->name);
    add(to, "\"");
}

static void add_item(line *to, const pe_position *here, uint64_t item)
{
    char text[PE_ITEM_TEXT_ROOM];
    add(to, "item ");
    add_number(to, item);
    add(to, ": ");
    for (size_t c = 0; c < sizeof text; c++)
        text[c] = state.report->text[c];
    text[sizeof text - 1] = '\0';
    if (text[0] != '\0')
        add(to, text);
    else
        add_name(to, here);
    add(to, ": ");
}

/* Those of the batch that may have been computed. */
static void add_items(line *to, const pe_position *here)
{
    add_name(to, here);
    add(to, ": one of the items ");
    add_number(to, here->batch->first + here->done);
    add(to, " to ");
    add_number(to, here->batch->first + here->batch->count - 1);
    add(to, " ");
}

static void describe(line *to, const pe_position *here, bool by_signal, int number, pe_error *end)
{
    if (here->batch == NULL) {
        const char *const part = here->is_closing ? "its close" : pe_call_refusal();
        add_name(to, here);
        add(to, here->is_closing ? " could not end a worker: " : " could not start a worker: ");
        add(to, part[0] != '\0' ? part : "its open");
        add(to, " ");
    } else if (pe_crash_search(here, state.report)) {
        end->item = here->batch->first + state.report->at;
        add_item(to, here, end->item);
        end->reason_at = to->size;
    } else {
        add_items(to, here);
    }
    add_end(to, by_signal, number);
}

/* Prints the text as a message, with a hint after it. */
static void print(const char *text, const char *hint)
{
    line out = {.size = 0};
    add(&out, state.is_terminal ? "\r\033[K" : "");
    add(&out, "pengine: ");
    add(&out, text);
    add(&out, hint);
    out.text[out.size++] = '\n';
    const ssize_t put = write(STDERR_FILENO, out.text, out.size);
    (void)put;
}

/* ---- the end ---- */

static bool is_being_ended(void)
{
    const uint64_t continued_ns = atomic_load(&state.continued_ns);
    return pe_interrupt_seen() != NULL || (continued_ns != 0 && pe_clock_ns() - continued_ns < ENDED_NS);
}

/* Whether this rank prints the message. The socket name is released when the process ends. */
static bool may_print(void)
{
    if (state.ranks == 1)
        return true;
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&state.name, state.name_size) != 0)
        return false;
    for (int ms = 0; state.rank != 0 && ms < FIRST_MS && !is_being_ended(); ms++)
        (void)poll(NULL, 0, 1);
    return !is_being_ended();
}

/* Ends the process with this error. The reports of the run are written before that: then no file is written any more. */
static _Noreturn void end_run(pe_error *end, const line *text, const char *hint)
{
    for (size_t c = 0; c < sizeof end->text - 1; c++)
        end->text[c] = text->text[c];
    pe_crash_tell(end);
    pe_exit_cleanup_final();
    if (may_print())
        print(text->text, hint);
    else
        for (int ms = 0; ms < SILENT_MS && !is_being_ended(); ms++)
            (void)poll(NULL, 0, 1);
    _exit(pe_status_exit(end->status)); /* only reads a table */
}

static _Noreturn void end_job(bool by_signal, int number)
{
    const pe_position here = {.kernel = pe_position_here.kernel,
                              .signature = pe_position_here.signature,
                              .batch = pe_position_here.batch,
                              .done = pe_position_here.done,
                              .is_closing = pe_position_here.is_closing};
    const bool is_opening = here.batch == NULL && !here.is_closing;
    pe_error end = {.status = is_opening ? PE_EKERNEL : PE_EITEM, .item = PE_NO_ITEM};
    line text = {.size = 0};
    while (atomic_flag_test_and_set(&state.has_crashed))
        (void)pause();
    describe(&text, &here, by_signal, number, &end);
    end_run(&end, &text, here.batch == NULL ? "" : "; with kernel.isolate = true that item alone would fail");
}

/* Restores the earlier handler and raises the signal again. */
static void restore_and_raise(int number)
{
    for (size_t c = 0; c < PE_CRASHES; c++)
        if (pe_crashes[c] == number)
            (void)sigaction(number, &state.before[c], NULL);
    (void)raise(number); /* delivered when this handler returns */
}

static void on_crash(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    while (pe_crash_is_listener()) /* what the kernel has left in memory is not to be used: end_run waits some time */
        (void)pause();
    if (pe_position_here.kernel == NULL || info->si_code == SI_USER)
        restore_and_raise(number);
    else
        end_job(true, number);
}

/* libgomp calls exit, after a message of its own, when it gets no memory or no thread. */
static _Noreturn void end_for_library(void)
{
    pe_error end = {.status = PE_ENOMEM, .item = PE_NO_ITEM};
    line text = {.size = 0};
    while (atomic_flag_test_and_set(&state.has_crashed))
        (void)pause();
    add(&text, "a library ended the run: memory or threads ran out");
    end_run(&end, &text, "");
}

static void on_exit_call(int code, void *unused)
{
    (void)unused;
    if (state.is_active && pe_position_here.kernel != NULL)
        end_job(false, code);
    if (state.is_active && getpid() == state.pid)
        end_for_library();
}

static void on_continue(int number)
{
    (void)number;
    atomic_store(&state.continued_ns, pe_clock_ns());
}

/* ---- begin and end ---- */

/* The ranks of a job on one node have the same parent process, which no other job has. */
static void make_name(void)
{
    state.name.sun_family = AF_UNIX;
    const int size = snprintf(state.name.sun_path + 1, sizeof state.name.sun_path - 1, "pengine-crash-%ld-%ld",
                              (long)getuid(), (long)getppid());
    state.name_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

void pe_crash_begin(int rank, int ranks)
{
    static bool is_registered; /* on_exit has no inverse */
    void *shared = mmap(NULL, sizeof *state.report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return; /* crashes are then not reported */
    state.report = shared;
    state.rank = rank;
    state.ranks = ranks;
    state.pid = getpid();
    state.is_terminal = isatty(STDERR_FILENO) != 0;
    make_name();
    if (!is_registered)
        is_registered = on_exit(on_exit_call, NULL) == 0;
    state.is_active = true;
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK)};
    (void)sigfillset(&action.sa_mask);
    for (size_t c = 0; c < PE_CRASHES; c++)
        (void)sigaction(pe_crashes[c], &action, &state.before[c]);
    const struct sigaction on_cont = {.sa_handler = on_continue, .sa_flags = SA_RESTART};
    (void)sigaction(SIGCONT, &on_cont, &state.before_continue);
}

void pe_crash_end(void)
{
    if (!state.is_active)
        return;
    for (size_t c = 0; c < PE_CRASHES; c++)
        (void)sigaction(pe_crashes[c], &state.before[c], NULL);
    (void)sigaction(SIGCONT, &state.before_continue, NULL);
    state.is_active = false;
    union {
        volatile pe_crash_report *as_used;
        void *as_mapped;
    } report = {state.report};
    (void)munmap(report.as_mapped, sizeof *state.report);
    state.report = NULL;
}

void pe_crash_guard(void)
{
    if (!state.is_active || stack_here.memory != NULL)
        return;
    void *memory = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (memory == MAP_FAILED)
        return; /* all crashes but a stack overflow are still reported */
    (void)mprotect(memory, GUARD_BYTES, PROT_NONE);
    const stack_t ours = {.ss_sp = (unsigned char *)memory + GUARD_BYTES, .ss_size = STACK_BYTES};
    if (sigaltstack(&ours, &stack_here.before) != 0)
        (void)munmap(memory, GUARD_BYTES + STACK_BYTES);
    else
        stack_here.memory = memory;
}

void pe_crash_unguard(void)
{
    if (stack_here.memory == NULL)
        return;
    (void)sigaltstack(&stack_here.before, NULL);
    (void)munmap(stack_here.memory, GUARD_BYTES + STACK_BYTES);
    stack_here.memory = NULL;
}
