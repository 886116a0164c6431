/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_helpers.h - a kernel whose items crash, end, hang or are killed, opened in isolation.
 *
 * What an item does is in its value: an act, or a number that is squared.
 */
#ifndef PE_TEST_ISOLATE_HELPERS_H
#define PE_TEST_ISOLATE_HELPERS_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/call.h"
#include "kernel/isolate/isolate.h"
#include "unit.h"

enum {
    SEGV = -1,
    ABORT = -2,
    EXIT = -3,
    QUIT = -4, /* _exit */
    HANG = -5,
    FAIL = -6,
    DIVIDE = -7,
    SAY_PID = -8,    /* its own number, then as NAP */
    NAP = -9,        /* 300 ms */
    KILL_ONCE = -10, /* kills itself, as the system would, but not twice */
    KILL_ALWAYS = -11,
    LEAVE_ORPHAN = -12, /* ends while a process of its own holds all descriptors */
    CLOSE_ALL = -13,    /* closes all descriptors and goes on */
    SCRIBBLE = -14,     /* writes over all arguments, then crashes */
    GIVE_UP = -15,
    PRINT = -16,
    STRAY = -17 /* fails an item that there is not */
};

/* What the test and all children see. */
typedef struct common {
    atomic_int runs, opens, closes, kills, pid;
} common;

static common *shared;

static inline void share(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
}

static inline void nap(void)
{
    pe_sleep_ns(300u * 1000 * 1000);
}

static inline void leave_orphan(void)
{
    if (fork() == 0) {
        for (int i = 0; i < 100; i++)
            nap();
        _exit(0);
    }
    _exit(9);
}

static inline void close_all(void)
{
    for (int fd = 0; fd < 64; fd++)
        (void)close(fd);
    for (;;)
        nap();
}

static inline void end_self(int64_t act)
{
    static volatile int *volatile nowhere = (volatile int *)64;
    if (act == SEGV)
        *nowhere = 1;
    else if (act == ABORT)
        abort();
    else if (act == EXIT)
        exit(3);
    else if (act == QUIT)
        _exit(4);
    else if (act == DIVIDE)
        (void)raise(SIGFPE);
    else if (act == KILL_ALWAYS || (act == KILL_ONCE && atomic_fetch_add(&shared->kills, 1) == 0))
        (void)kill(getpid(), SIGKILL);
    else if (act == LEAVE_ORPHAN)
        leave_orphan();
    else if (act == CLOSE_ALL)
        close_all();
}

static inline void hang(void)
{
    for (;;)
        nap();
}

static inline int do_act(pe_batch *batch, size_t item, int64_t *out)
{
    const int64_t act = *(int64_t *)out;
    *out = 0;
    end_self(act);
    if (act == HANG)
        hang();
    if (act == FAIL)
        (batch->fail)(batch, item, "it should");
    if (act == STRAY)
        (batch->fail)(batch, batch->count, "it should not");
    if (act == SAY_PID)
        atomic_store(&shared->pid, getpid());
    if (act == SAY_PID || act == NAP)
        nap();
    if (act == PRINT) {
        printf("this must not be seen\n");
        (void)fflush(stdout);
    }
    if (act == SCRIBBLE) {
        memset((void *)(uintptr_t)batch->args[0], 0x55, batch->count * sizeof(int64_t));
        end_self(SEGV);
    }
    return act == GIVE_UP ? 77 : 0;
}

static inline int map_numbers(pe_batch *batch)
{
    const int64_t *in = batch->args[0];
    int64_t *out = batch->results[0];
    int stopped = 0;
    atomic_fetch_add(&shared->runs, 1);
    for (size_t i = 0; i < batch->count && stopped == 0; i++) {
        out[i] = in[i] < 0 ? in[i] : in[i] * in[i];
        if (in[i] < 0)
            stopped = do_act(batch, i, &out[i]);
    }
    return stopped;
}

static inline int open_counted(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)kernel;
    atomic_fetch_add(&shared->opens, 1);
    *worker = shared;
    return setup->seed == 5 ? 6 : 0;
}

static inline void close_counted(void *worker)
{
    atomic_fetch_add(&((common *)worker)->closes, 1);
}

typedef struct isolated {
    pe_form form;
    pe_call *call;
    pe_error err;
} isolated;

static inline void nothing(pe_form *form)
{
    *(int *)form->state += 1;
}

static int closed_forms;

/* At one place: a call borrows the kernel. */
static inline isolated *opened(const char *signature, int (*map)(pe_batch *), double timeout_s)
{
    static const pe_form_ops ops = {.close = nothing};
    static isolated r;
    r = (isolated){.err = PE_ERROR_INIT,
                   .form = {.ops = &ops,
                            .state = &closed_forms,
                            .kernel = {.abi = PE_KERNEL_ABI,
                                       .size = sizeof(pe_kernel),
                                       .name = "act",
                                       .signature = signature,
                                       .map = map,
                                       .open = open_counted,
                                       .close = close_counted}}};
    share();
    ck_ok(pe_signature_parse(signature, &r.form.signature, &r.err), r.err);
    ck_ok(pe_isolate_wrap(&r.form, (uint64_t)(timeout_s * 1e9), &r.err), r.err);
    ck_ok(pe_call_make(&r.form.kernel, &r.form.signature, NULL, &r.call, &r.err), r.err);
    return &r;
}

/* The call's end is the child's, and the form goes back to its own. */
static inline void finish(isolated *r)
{
    pe_call_free(r->call);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left, not even a dead one */
    closed_forms = 0;
    r->form.ops->close(&r->form);
    ck_assert_int_eq(closed_forms, 1);
}

#define MOST 5000

/* One batch; every item that is no act must be its square. */
static const pe_failure *runs(isolated *r, const int64_t *in, size_t count, size_t *failed)
{
    static int64_t out[MOST];
    const void *const args[] = {in};
    void *const results[] = {out};
    memset(out, 0xAA, sizeof out);
    ck_ok(pe_call_run(r->call, 1000, count, args, results, &r->err), r->err);
    for (size_t i = 0; i < count; i++)
        if (in[i] >= 0)
            ck_assert_msg(out[i] == in[i] * in[i], "item %zu: %lld", i, (long long)out[i]);
    return pe_call_failures(r->call, failed);
}

static inline void numbers(int64_t *in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        in[i] = (int64_t)i + 1;
}

/* One act at one place of a batch fails that item alone, for this reason. */
static inline void costs_one(isolated *r, size_t count, size_t at, int64_t act, const char *reason)
{
    static int64_t in[MOST];
    size_t failed = 0;
    numbers(in, count);
    in[at] = act;
    const pe_failure *failures = runs(r, in, count, &failed);
    ck_assert_uint_eq(failed, 1);
    ck_assert_uint_eq(failures[0].item, 1000 + at);
    ck_assert_str_eq(failures[0].reason, reason);
}

static inline void costs_none(isolated *r, size_t count, size_t at, int64_t act)
{
    static int64_t in[MOST];
    size_t failed = 9;
    numbers(in, count);
    in[at] = act;
    (void)runs(r, in, count, &failed);
    ck_assert_uint_eq(failed, 0);
}

#endif
