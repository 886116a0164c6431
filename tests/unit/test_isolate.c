/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_isolate.c - an item that crashes, ends, hangs or is killed costs that item, whatever stands around it.
 *
 * The kernels are of this file. What an item does is in its value: an act, or a number that is squared.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/call.h"
#include "kernel/isolate.h"
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

static void share(void)
{
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void nap(void)
{
    pe_sleep_ns(300u * 1000 * 1000);
}

static void leave_orphan(void)
{
    if (fork() == 0) {
        for (int i = 0; i < 100; i++)
            nap();
        _exit(0);
    }
    _exit(9);
}

static void close_all(void)
{
    for (int fd = 0; fd < 64; fd++)
        (void)close(fd);
    for (;;)
        nap();
}

static void end_self(int64_t act)
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

static void hang(void)
{
    for (;;)
        nap();
}

static int do_act(pe_batch *batch, size_t item, int64_t *out)
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

static int map_numbers(pe_batch *batch)
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

static int open_counted(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)kernel;
    atomic_fetch_add(&shared->opens, 1);
    *worker = shared;
    return setup->seed == 5 ? 6 : 0;
}

static void close_counted(void *worker)
{
    atomic_fetch_add(&((common *)worker)->closes, 1);
}

/* "x" n times for the text "nx"; "!" crashes. */
static int map_texts(pe_batch *batch)
{
    const pe_text *in = batch->args[0];
    for (size_t i = 0; i < batch->count; i++) {
        const int64_t *times = batch->args[1];
        const size_t size = in[i].size * (size_t)times[i];
        if (in[i].size == 1 && in[i].data[0] == '!')
            end_self(SEGV);
        char *out = batch->text(batch, 0, i, size);
        if (out == NULL)
            return 1;
        for (size_t at = 0; at < size; at++)
            out[at] = in[i].data[at % in[i].size];
    }
    return 0;
}

typedef struct rig {
    pe_form form;
    pe_call *call;
    pe_error err;
} rig;

static void nothing(pe_form *form)
{
    *(int *)form->state += 1;
}

static int closed_forms;

/* At one place: a call borrows the kernel. */
static rig *opened(const char *signature, int (*map)(pe_batch *), double timeout_s)
{
    static const pe_form_ops ops = {.close = nothing};
    static rig r;
    r = (rig){.err = PE_ERROR_INIT,
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
static void finish(rig *r)
{
    pe_call_free(r->call);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left, not even a dead one */
    closed_forms = 0;
    r->form.ops->close(&r->form);
    ck_assert_int_eq(closed_forms, 1);
}

#define MOST 5000

/* One batch; every item that is no act must be its square. */
static const pe_failure *runs(rig *r, const int64_t *in, size_t count, size_t *failed)
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

static void numbers(int64_t *in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        in[i] = (int64_t)i + 1;
}

/* One act at one place of a batch fails that item alone, for this reason. */
static void costs_one(rig *r, size_t count, size_t at, int64_t act, const char *reason)
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

static void costs_none(rig *r, size_t count, size_t at, int64_t act)
{
    static int64_t in[MOST];
    size_t failed = 9;
    numbers(in, count);
    in[at] = act;
    (void)runs(r, in, count, &failed);
    ck_assert_uint_eq(failed, 0);
}

static void costs_that_item_everywhere(int64_t act, const char *reason)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    costs_one(r, 1, 0, act, reason);
    costs_one(r, 64, 0, act, reason);
    costs_one(r, 64, 31, act, reason);
    costs_one(r, 64, 63, act, reason);
    costs_none(r, 64, 5, 7);
    finish(r);
}

START_TEST(segfault_costs_one_item)
{
    costs_that_item_everywhere(SEGV, "crashed: SIGSEGV");
}
END_TEST

START_TEST(abort_costs_one_item)
{
    costs_that_item_everywhere(ABORT, "crashed: SIGABRT");
}
END_TEST

START_TEST(division_by_zero_costs_one_item)
{
    costs_that_item_everywhere(DIVIDE, "crashed: SIGFPE");
}
END_TEST

START_TEST(exit_costs_one_item)
{
    costs_that_item_everywhere(EXIT, "exited with code 3");
    costs_that_item_everywhere(QUIT, "exited with code 4");
}
END_TEST

START_TEST(crash_that_scribbled_costs_one_item)
{
    costs_that_item_everywhere(SCRIBBLE, "crashed: SIGSEGV");
}
END_TEST

START_TEST(all_items_crash_all_fail)
{
    int64_t in[16];
    size_t failed = 0;
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    for (size_t i = 0; i < 16; i++)
        in[i] = i % 2 == 0 ? SEGV : EXIT;
    const pe_failure *failures = runs(r, in, 16, &failed);
    ck_assert_uint_eq(failed, 16);
    for (size_t i = 0; i < 16; i++)
        ck_assert_str_eq(failures[i].reason, i % 2 == 0 ? "crashed: SIGSEGV" : "exited with code 3");
    finish(r);
}
END_TEST

START_TEST(orphan_that_holds_the_socket_does_not_hang)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    const uint64_t began = pe_clock_ns();
    costs_one(r, 8, 3, LEAVE_ORPHAN, "exited with code 9");
    ck_assert_uint_lt(pe_clock_ns() - began, (uint64_t)10 * 1000 * 1000 * 1000); /* the orphan naps 30 s */
    finish(r);
}
END_TEST

START_TEST(child_that_closes_all_and_lives_is_ended)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    costs_one(r, 8, 3, CLOSE_ALL, "killed twice: SIGKILL");
    finish(r);
}
END_TEST

START_TEST(hang_costs_one_item_after_its_timeout)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0.25);
    const uint64_t began = pe_clock_ns();
    costs_one(r, 64, 0, HANG, "timeout after 0.25 s");
    ck_assert_uint_ge(pe_clock_ns() - began, (uint64_t)500 * 1000 * 1000); /* the batch, then the item */
    costs_one(r, 64, 31, HANG, "timeout after 0.25 s");
    costs_one(r, 64, 63, HANG, "timeout after 0.25 s");
    costs_one(r, 1, 0, HANG, "timeout after 0.25 s");
    finish(r);
}
END_TEST

START_TEST(slow_items_in_one_batch_are_not_late)
{
    int64_t in[6] = {NAP, NAP, NAP, NAP, NAP, NAP}; /* 1.8 s together */
    size_t failed = 9;
    rig *r = opened("(int64) -> int64", map_numbers, 1);
    (void)runs(r, in, 6, &failed);
    ck_assert_uint_eq(failed, 0);
    (void)runs(r, in, 6, &failed);
    ck_assert_uint_eq(failed, 0);
    ck_assert_int_le(atomic_load(&shared->opens), 2); /* the second batch went in pieces, so nobody was killed */
    finish(r);
}
END_TEST

START_TEST(failed_items_keep_index_and_reason)
{
    int64_t in[64];
    size_t failed = 0;
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    numbers(in, 64);
    in[3] = in[60] = FAIL;
    const pe_failure *failures = runs(r, in, 64, &failed);
    ck_assert_uint_eq(failed, 2);
    ck_assert_uint_eq(failures[0].item, 1003);
    ck_assert_str_eq(failures[1].reason, "it should");
    in[3] = 2;
    in[61] = SEGV;
    failures = runs(r, in, 64, &failed);
    ck_assert_uint_eq(failed, 2);
    ck_assert_uint_eq(failures[0].item, 1060);
    ck_assert_str_eq(failures[0].reason, "it should");
    ck_assert_str_eq(failures[1].reason, "crashed: SIGSEGV");
    finish(r);
}
END_TEST

START_TEST(killed_once_runs_again)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 64, 20, KILL_ONCE);
    ck_assert_int_eq(atomic_load(&shared->opens), 2);
    atomic_store(&shared->kills, 0);
    costs_none(r, 1, 0, KILL_ONCE);
    finish(r);
}
END_TEST

START_TEST(killed_always_is_blamed)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    costs_one(r, 8, 2, KILL_ALWAYS, "killed twice: SIGKILL");
    finish(r);
}
END_TEST

/* Kills the child that said its number while it computes. */
static void *kill_it(void *unused)
{
    int pid = 0;
    (void)unused;
    while ((pid = atomic_exchange(&shared->pid, 0)) == 0)
        pe_sleep_ns(1000u * 1000);
    (void)kill(pid, SIGKILL);
    return NULL;
}

START_TEST(killed_from_outside_in_a_batch_runs_again)
{
    pthread_t killer;
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(pthread_create(&killer, NULL, kill_it, NULL), 0);
    costs_none(r, 64, 31, SAY_PID);
    ck_assert_int_eq(pthread_join(killer, NULL), 0);
    ck_assert_int_eq(atomic_load(&shared->opens), 2);
    finish(r);
}
END_TEST

START_TEST(killed_from_outside_between_batches_runs_again)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 64, 31, SAY_PID);
    ck_assert_int_eq(kill(atomic_load(&shared->pid), SIGKILL), 0);
    costs_none(r, 64, 31, 7);
    costs_none(r, 1, 0, SAY_PID);
    ck_assert_int_eq(kill(atomic_load(&shared->pid), SIGKILL), 0);
    costs_one(r, 8, 0, SEGV, "crashed: SIGSEGV");
    costs_none(r, 1, 0, SAY_PID);
    ck_assert_int_eq(kill(atomic_load(&shared->pid), SIGKILL), 0);
    finish(r);
}
END_TEST

START_TEST(signal_that_ends_a_run_does_not_end_the_child)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 4, 0, SAY_PID);
    const int pid = atomic_load(&shared->pid);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(kill(pid, SIGINT), 0);
    costs_none(r, 4, 0, SAY_PID);
    ck_assert_int_eq(atomic_load(&shared->pid), pid);
    finish(r);
}
END_TEST

START_TEST(open_and_close_are_called_once_a_worker)
{
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 1, 0, 3);
    costs_none(r, MOST, 0, 3);
    finish(r);
    ck_assert_int_eq(atomic_load(&shared->opens), 1);
    ck_assert_int_eq(atomic_load(&shared->closes), 1);
    ck_assert_int_eq(atomic_load(&shared->runs), 2); /* a batch is one call */
}
END_TEST

START_TEST(open_that_refuses_is_told)
{
    const pe_setup setup = {.seed = 5};
    pe_call *call = NULL;
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(pe_call_make(&r->form.kernel, &r->form.signature, &setup, &call, &r->err), PE_EKERNEL);
    ck_assert_str_eq(r->err.text, "kernel \"act\" could not start a worker: its open returned 6");
    finish(r);
}
END_TEST

START_TEST(kernel_that_gives_up_is_told)
{
    const int64_t in[3] = {1, GIVE_UP, 3};
    int64_t out[3];
    const void *const args[] = {in};
    void *const results[] = {out};
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(pe_call_run(r->call, 10, 3, args, results, &r->err), PE_EKERNEL);
    ck_assert_str_eq(r->err.text, "kernel \"act\" gave up in items 10 to 12: its map returned 77");
    finish(r);
}
END_TEST

START_TEST(kernel_that_fails_no_item_is_told)
{
    const int64_t in[3] = {1, STRAY, 3};
    int64_t out[3];
    const void *const args[] = {in};
    void *const results[] = {out};
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(pe_call_run(r->call, 10, 3, args, results, &r->err), PE_EKERNEL);
    ck_assert_str_eq(r->err.text, "kernel \"act\" failed item 3 of a batch of 3");
    finish(r);
}
END_TEST

START_TEST(kernel_that_prints_does_not_reach_stdout)
{
    int ends[2];
    char byte;
    ck_assert_int_eq(pipe(ends), 0);
    const int out = dup(STDOUT_FILENO);
    ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 4, 2, PRINT);
    finish(r);
    ck_assert_int_eq(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    close(out);
}
END_TEST

static void check_text(pe_text text, const char *unit, int64_t times)
{
    const size_t size = strlen(unit);
    ck_assert_uint_eq(text.size, size * (size_t)times);
    for (size_t at = 0; at < text.size; at++)
        if (text.data[at] != unit[at % size])
            ck_abort_msg("byte %zu of %zu differs", at, text.size);
}

START_TEST(texts_go_in_and_out)
{
    static const char *const words[] = {"a", "", "bcd", "\xc3\xa9", "z"};
    const int64_t times[5] = {3, 4, 2, 5, 0};
    pe_text in[5], out[5];
    const void *const args[] = {in, times};
    void *const results[] = {out};
    rig *r = opened("(text, int64) -> text", map_texts, 0);
    for (size_t i = 0; i < 5; i++)
        in[i] = (pe_text){words[i], strlen(words[i])};
    in[1].data = NULL;
    ck_ok(pe_call_run(r->call, 0, 5, args, results, &r->err), r->err);
    for (size_t i = 0; i < 5; i++)
        check_text(out[i], words[i], i == 1 ? 0 : times[i]);
    finish(r);
}
END_TEST

START_TEST(texts_larger_than_the_area_make_it_grow)
{
    static char large[20u << 20]; /* more than the first area takes */
    const int64_t times[3] = {2, 1, 3};
    pe_text in[3] = {{"ab", 2}, {large, sizeof large}, {"q", 1}}, out[3];
    const void *const args[] = {in, times};
    void *const results[] = {out};
    rig *r = opened("(text, int64) -> text", map_texts, 0);
    memset(large, 'L', sizeof large);
    for (int turn = 0; turn < 2; turn++) {
        ck_ok(pe_call_run(r->call, 0, 3, args, results, &r->err), r->err);
        check_text(out[0], "ab", 2);
        check_text(out[1], "L", (int64_t)sizeof large);
        check_text(out[2], "q", 3);
    }
    ck_assert_int_eq(atomic_load(&shared->opens), 3); /* more room for arguments, then for results, then it is enough */
    finish(r);
}
END_TEST

START_TEST(texts_of_a_batch_with_a_crash_are_kept)
{
    const int64_t times[4] = {2, 1, 3, 1};
    pe_text in[4] = {{"ab", 2}, {"!", 1}, {"q", 1}, {"xyz", 3}}, out[4];
    const void *const args[] = {in, times};
    void *const results[] = {out};
    size_t failed = 0;
    rig *r = opened("(text, int64) -> text", map_texts, 0);
    ck_ok(pe_call_run(r->call, 0, 4, args, results, &r->err), r->err);
    const pe_failure *failures = pe_call_failures(r->call, &failed);
    ck_assert_uint_eq(failed, 1);
    ck_assert_uint_eq(failures[0].item, 1);
    check_text(out[0], "ab", 2);
    check_text(out[2], "q", 3);
    check_text(out[3], "xyz", 1);
    finish(r);
}
END_TEST

/* More items than the first area has places for. */
START_TEST(batch_larger_than_the_area_makes_it_grow)
{
    const size_t count = 100000;
    int64_t *in = malloc(count * sizeof *in), *out = malloc(count * sizeof *out);
    const void *const args[] = {in};
    void *const results[] = {out};
    rig *r = opened("(int64) -> int64", map_numbers, 0);
    numbers(in, count);
    ck_ok(pe_call_run(r->call, 0, count, args, results, &r->err), r->err);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(out[i], in[i] * in[i]);
    ck_assert_int_eq(atomic_load(&shared->opens), 2);
    finish(r);
    free(in);
    free(out);
}
END_TEST

UNIT_MAIN("isolate", segfault_costs_one_item, abort_costs_one_item, division_by_zero_costs_one_item,
          exit_costs_one_item, crash_that_scribbled_costs_one_item, all_items_crash_all_fail,
          orphan_that_holds_the_socket_does_not_hang, child_that_closes_all_and_lives_is_ended,
          hang_costs_one_item_after_its_timeout, slow_items_in_one_batch_are_not_late,
          failed_items_keep_index_and_reason, killed_once_runs_again, killed_always_is_blamed,
          killed_from_outside_in_a_batch_runs_again, killed_from_outside_between_batches_runs_again,
          signal_that_ends_a_run_does_not_end_the_child, open_and_close_are_called_once_a_worker,
          open_that_refuses_is_told, kernel_that_gives_up_is_told, kernel_that_fails_no_item_is_told,
          kernel_that_prints_does_not_reach_stdout, texts_go_in_and_out, texts_larger_than_the_area_make_it_grow,
          texts_of_a_batch_with_a_crash_are_kept, batch_larger_than_the_area_makes_it_grow)
