/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash.c - a native kernel that crashes or calls exit ends the job at once, with one message.
 *
 * Design:   the handler runs on the thread that crashed, whose position in the kernel tells what it was at; it does
 *           system calls alone. The first thread to get here speaks, others sleep until the process ends.
 *           There is one message even where all ranks crash at their first item: of the ranks of a node the first to
 *           take a name in the system speaks; ranks other than 0 give rank 0 of another node a moment to be first; and
 *           who is being ended says nothing (mpirun sends SIGCONT at once, SIGTERM a second later).
 *           A crash outside of kernels, and a signal that somebody sent, do what they did before. An exit outside of
 *           kernels is a library's that ran out of memory or threads: exit code 71.
 * Threads:  begin and end on the main thread; the handler on any.
 * Not here: which item it was (crash_search.c), what must not stay (os/exit_cleanup.c).
 */
#define _GNU_SOURCE /* on_exit, MAP_ANONYMOUS */

#include "worker/crash.h"

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
#include "os/exit_cleanup.h"
#include "os/interrupt.h"
#include "os/signame.h"
#include "worker/crash_internal.h"

#define STACK_BYTES ((size_t)8 << 20) /* the search runs the kernel on it; addresses, not memory */
#define GUARD_BYTES ((size_t)64 << 10)
#define FIRST_MS 100                            /* that other ranks leave to rank 0 */
#define SILENT_MS 5000                          /* that a rank which does not speak gives mpirun to end it */
#define ENDED_NS ((uint64_t)3000 * 1000 * 1000) /* a SIGCONT that is older was another's */
#define LINE_ROOM 1024u

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define CRASHES (sizeof crashes / sizeof *crashes)

/* Written by begin and end while there is one thread, but for the last two. */
static struct {
    bool is_active;
    bool is_terminal;
    int rank, ranks;
    pid_t pid;               /* a process that was forked is not the run */
    struct sockaddr_un name; /* of the one that speaks, on this node */
    socklen_t name_size;
    volatile pe_crash_report *report;
    struct sigaction before[CRASHES], before_continue;
    _Atomic uint64_t continued_ns; /* written by the handler of SIGCONT */
    atomic_flag has_crashed;
} state = {.has_crashed = ATOMIC_FLAG_INIT};

static _Thread_local struct {
    unsigned char *memory; /* NULL: this thread has no stack of ours */
    stack_t before;
} stack_here;

/* ---- the message: no call of this part may take a lock ---- */

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

static void add_items(line *to, const pe_position *here)
{
    add_name(to, here);
    add(to, ": one of the items ");
    add_number(to, here->batch->first);
    add(to, " to ");
    add_number(to, here->batch->first + here->batch->count - 1);
    add(to, " ");
}

static void compose(line *to, const pe_position *here, bool by_signal, int number)
{
    add(to, state.is_terminal ? "\r\033[K" : "");
    add(to, "pengine: ");
    if (here->batch == NULL) {
        add_name(to, here);
        add(to, " could not start or end a worker: it ");
    } else if (pe_crash_search(here, state.report)) {
        add_item(to, here, here->batch->first + state.report->at);
    } else {
        add_items(to, here);
    }
    add_end(to, by_signal, number);
    if (here->batch != NULL)
        add(to, "; with kernel.isolate = true that item alone would fail");
    to->text[to->size++] = '\n';
}

/* ---- the end ---- */

static bool is_being_ended(void)
{
    const uint64_t continued_ns = atomic_load(&state.continued_ns);
    return pe_interrupt_seen() != NULL || (continued_ns != 0 && pe_clock_ns() - continued_ns < ENDED_NS);
}

/* True when no other rank speaks. The name goes with the process. */
static bool is_first(void)
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

static _Noreturn void end_job(bool by_signal, int number)
{
    const int code = pe_status_exit(PE_EITEM); /* looks into a table */
    const pe_position here = {
        .kernel = pe_position_here.kernel, .signature = pe_position_here.signature, .batch = pe_position_here.batch};
    line out = {.size = 0};
    while (atomic_flag_test_and_set(&state.has_crashed))
        (void)pause();
    pe_exit_cleanup_final();
    if (is_first()) {
        compose(&out, &here, by_signal, number);
        const ssize_t put = write(STDERR_FILENO, out.text, out.size);
        (void)put;
        _exit(code);
    }
    for (int ms = 0; ms < SILENT_MS && !is_being_ended(); ms++)
        (void)poll(NULL, 0, 1);
    _exit(code);
}

/* What would have happened without us. */
static void pass_on(int number)
{
    for (size_t c = 0; c < CRASHES; c++)
        if (crashes[c] == number)
            (void)sigaction(number, &state.before[c], NULL);
    (void)raise(number); /* comes when the handler returns */
}

static void on_crash(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    if (pe_position_here.kernel == NULL || info->si_code == SI_USER)
        pass_on(number);
    else
        end_job(true, number);
}

/* libgomp calls exit where memory or a thread cannot be had, and has said so. */
static _Noreturn void end_for_library(void)
{
    static const char text[] = "pengine: a library ended the run: memory or threads ran out\n";
    while (atomic_flag_test_and_set(&state.has_crashed))
        (void)pause();
    pe_exit_cleanup_final();
    if (is_first()) {
        const ssize_t put = write(STDERR_FILENO, text, sizeof text - 1);
        (void)put;
    }
    _exit(pe_status_exit(PE_ENOMEM));
}

static void on_leave(int code, void *unused)
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

/* The ranks of a node have one parent, and no other job has it. */
static void make_name(void)
{
    state.name.sun_family = AF_UNIX;
    const int size = snprintf(state.name.sun_path + 1, sizeof state.name.sun_path - 1, "pengine-crash-%ld-%ld",
                              (long)getuid(), (long)getppid());
    state.name_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

void pe_crash_begin(int rank, int ranks)
{
    static bool is_known; /* on_exit cannot be undone */
    void *shared = mmap(NULL, sizeof *state.report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return; /* then crashes are as they are without us */
    state.report = shared;
    state.rank = rank;
    state.ranks = ranks;
    state.pid = getpid();
    state.is_terminal = isatty(STDERR_FILENO) != 0;
    make_name();
    if (!is_known)
        is_known = on_exit(on_leave, NULL) == 0;
    state.is_active = true;
    struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = (int)(SA_SIGINFO | SA_ONSTACK)};
    (void)sigfillset(&action.sa_mask);
    for (size_t c = 0; c < CRASHES; c++)
        (void)sigaction(crashes[c], &action, &state.before[c]);
    const struct sigaction note = {.sa_handler = on_continue, .sa_flags = SA_RESTART};
    (void)sigaction(SIGCONT, &note, &state.before_continue);
}

void pe_crash_end(void)
{
    if (!state.is_active)
        return;
    for (size_t c = 0; c < CRASHES; c++)
        (void)sigaction(crashes[c], &state.before[c], NULL);
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
        return; /* all but the overflow of the stack can be told all the same */
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
