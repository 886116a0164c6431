/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_isolate.c - an item that crashes, ends, hangs or is killed costs that item, whatever stands around it.
 */
#define _GNU_SOURCE
#include <sys/resource.h>

#include "isolate_helpers.h"

static void costs_that_item_everywhere(int64_t act, const char *reason)
{
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
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

static void count_end(void)
{
    atomic_fetch_add(&shared->kills, 1);
}

START_TEST(exit_does_not_run_what_the_engine_does_at_its_end)
{
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(atexit(count_end), 0);
    costs_one(r, 8, 5, EXIT, "exited with code 3");
    ck_assert_int_eq(atomic_load(&shared->kills), 0);
    finish(r);
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
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
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
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    const uint64_t began = pe_clock_ns();
    costs_one(r, 8, 3, LEAVE_ORPHAN, "exited with code 9");
    ck_assert_uint_lt(pe_clock_ns() - began, (uint64_t)25 * 1000 * 1000 * 1000); /* the orphan naps 30 s */
    finish(r);
}
END_TEST

START_TEST(process_that_closes_all_and_lives_is_ended)
{
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    costs_one(r, 8, 3, CLOSE_ALL, "killed twice: SIGKILL");
    finish(r);
}
END_TEST

START_TEST(hang_costs_one_item_after_its_timeout)
{
    isolated *r = opened("(int64) -> int64", map_numbers, 0.5);
    const uint64_t began = pe_clock_ns();
    costs_one(r, 64, 0, HANG, "timeout after 0.5 s");
    ck_assert_uint_ge(pe_clock_ns() - began, (uint64_t)1000 * 1000 * 1000); /* the batch, then the item */
    costs_one(r, 64, 31, HANG, "timeout after 0.5 s");
    costs_one(r, 64, 63, HANG, "timeout after 0.5 s");
    costs_one(r, 1, 0, HANG, "timeout after 0.5 s");
    finish(r);
}
END_TEST

START_TEST(slow_items_in_one_batch_are_not_late)
{
    int64_t in[10] = {NAP, NAP, NAP, NAP, NAP, NAP, NAP, NAP, NAP, NAP}; /* 3 s together */
    size_t failed = 9;
    isolated *r = opened("(int64) -> int64", map_numbers, 2);
    (void)runs(r, in, 10, &failed);
    ck_assert_uint_eq(failed, 0);
    (void)runs(r, in, 10, &failed);
    ck_assert_uint_eq(failed, 0);
    ck_assert_int_le(atomic_load(&shared->opens), 2); /* the second batch went in pieces, so nobody was killed */
    finish(r);
}
END_TEST

START_TEST(failed_items_keep_index_and_reason)
{
    int64_t in[64];
    size_t failed = 0;
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    numbers(in, 64);
    in[3] = in[60] = FAIL;
    const pe_failure *failures = runs(r, in, 64, &failed);
    ck_assert_uint_eq(failed, 2);
    ck_assert_uint_eq(failures[0].item, 1003);
    ck_assert_str_eq(failures[1].reason, "it should");
    (void)runs(r, in, 64, &failed); /* the same items once more */
    ck_assert_uint_eq(failed, 2);
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
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 64, 20, KILL_ONCE);
    ck_assert_int_eq(atomic_load(&shared->opens), 2);
    atomic_store(&shared->kills, 0);
    costs_none(r, 1, 0, KILL_ONCE);
    finish(r);
}
END_TEST

START_TEST(killed_always_is_blamed)
{
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    costs_one(r, 8, 2, KILL_ALWAYS, "killed twice: SIGKILL");
    finish(r);
}
END_TEST

/* Kills the process that said its number while it computes. */
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
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(pthread_create(&killer, NULL, kill_it, NULL), 0);
    costs_none(r, 64, 31, SAY_PID);
    ck_assert_int_eq(pthread_join(killer, NULL), 0);
    ck_assert_int_eq(atomic_load(&shared->opens), 2);
    finish(r);
}
END_TEST

START_TEST(killed_from_outside_between_batches_runs_again)
{
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
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

START_TEST(signal_that_ends_a_run_does_not_end_the_process)
{
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 4, 0, SAY_PID);
    const int pid = atomic_load(&shared->pid);
    ck_assert_int_eq(kill(pid, SIGTERM), 0);
    ck_assert_int_eq(kill(pid, SIGINT), 0);
    ck_assert_int_eq(kill(pid, SIGUSR1), 0);
    costs_none(r, 4, 0, SAY_PID);
    ck_assert_int_eq(atomic_load(&shared->pid), pid);
    finish(r);
}
END_TEST

START_TEST(open_and_close_are_called_once_a_worker)
{
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 1, 0, 3);
    costs_none(r, MOST, 0, 3);
    finish(r);
    ck_assert_int_eq(atomic_load(&shared->opens), 1);
    ck_assert_int_eq(atomic_load(&shared->closes), 1);
    ck_assert_int_eq(atomic_load(&shared->runs), 2); /* a batch is one call */
}
END_TEST

START_TEST(open_that_refuses_is_reported)
{
    const pe_setup setup = {.seed = 5};
    pe_call *call = NULL;
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(pe_call_make(&r->form.kernel, &r->form.signature, &setup, &call, &r->err), PE_EKERNEL);
    ck_assert_str_eq(r->err.text, "kernel \"act\" could not start a worker: its open returned 6");
    finish(r);
}
END_TEST

START_TEST(kernel_that_gives_up_is_reported)
{
    const int64_t in[3] = {1, GIVE_UP, 3};
    int64_t out[3];
    const void *const args[] = {in};
    void *const results[] = {out};
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(pe_call_run(r->call, 10, 3, args, results, &r->err), PE_EKERNEL);
    ck_assert_str_eq(r->err.text, "kernel \"act\" gave up in items 10 to 12: its map returned 77");
    finish(r);
}
END_TEST

START_TEST(kernel_that_fails_no_item_is_reported)
{
    const int64_t in[3] = {1, STRAY, 3};
    int64_t out[3];
    const void *const args[] = {in};
    void *const results[] = {out};
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(pe_call_run(r->call, 10, 3, args, results, &r->err), PE_EKERNEL);
    ck_assert_str_eq(r->err.text, "kernel \"act\" failed item 3 of a batch of 3");
    finish(r);
}
END_TEST

START_TEST(process_that_cannot_be_started_again_for_lack_of_descriptors_is_reported)
{
    const int64_t in[2] = {1, SEGV};
    int64_t out[2];
    const void *const args[] = {in};
    void *const results[] = {out};
    struct rlimit before, none;
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    const pe_status status = pe_call_run(r->call, 10, 2, args, results, &r->err);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(status, PE_ENOMEM);
    ck_assert_str_eq(r->err.text, "kernel \"act\" could not start a worker: Too many open files (the limit is that of "
                                  "ulimit -n)");
    finish(r);
}
END_TEST

static int map_long_text(pe_batch *batch)
{
    return (batch->text)(batch, 0, 0, SIZE_MAX / 4) == NULL ? 5 : 0;
}

static bool finish_nothing(void *context, size_t done)
{
    (void)context, (void)done;
    return false;
}

static void wait_for_nothing(void *context, size_t bytes)
{
    (void)context, (void)bytes;
}

START_TEST(text_that_no_memory_can_hold_is_reported)
{
#ifdef PENGINE_SANITIZED
    return; /* a sanitizer ends the process at such a malloc */
#endif
    const int64_t in[1] = {1};
    pe_text out[1];
    const void *const args[] = {in};
    void *const results[] = {out};
    isolated *r = opened("(int64) -> text", map_long_text, 0);
    ck_assert_int_eq(pe_call_run(r->call, 10, 1, args, results, &r->err), PE_ENOMEM);
    ck_assert_ptr_nonnull(strstr(r->err.text, "bytes of texts: Cannot allocate memory"));
    finish(r);
}
END_TEST

static int map_texts(pe_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        memset((batch->text)(batch, 0, i, 1000), 'a', 1000);
    return 0;
}

START_TEST(texts_of_many_items_are_not_taken_for_a_long_one)
{
    const pe_call_texts bounds = {
        .most_bytes = 1024, .longest = 2048, .finish_before = finish_nothing, .wait_for_room = wait_for_nothing};
    const int64_t in[10] = {0};
    pe_text out[10];
    const void *const args[] = {in};
    void *const results[] = {out};
    isolated *r = opened("(int64) -> text", map_texts, 0);
    pe_call_bound_texts(r->call, &bounds);
    ck_ok(pe_call_run(r->call, 10, 10, args, results, &r->err), r->err);
    for (size_t i = 0; i < 10; i++)
        ck_assert_uint_eq(out[i].size, 1000);
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
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    costs_none(r, 4, 2, PRINT);
    finish(r);
    ck_assert_int_eq(dup2(out, STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    close(ends[0]);
    close(out);
}
END_TEST

UNIT_MAIN("isolate", process_that_cannot_be_started_again_for_lack_of_descriptors_is_reported,
          text_that_no_memory_can_hold_is_reported, texts_of_many_items_are_not_taken_for_a_long_one,
          segfault_costs_one_item, abort_costs_one_item, division_by_zero_costs_one_item, exit_costs_one_item,
          exit_does_not_run_what_the_engine_does_at_its_end, crash_that_scribbled_costs_one_item,
          all_items_crash_all_fail, orphan_that_holds_the_socket_does_not_hang,
          process_that_closes_all_and_lives_is_ended, hang_costs_one_item_after_its_timeout,
          slow_items_in_one_batch_are_not_late, failed_items_keep_index_and_reason, killed_once_runs_again,
          killed_always_is_blamed, killed_from_outside_in_a_batch_runs_again,
          killed_from_outside_between_batches_runs_again, signal_that_ends_a_run_does_not_end_the_process,
          open_and_close_are_called_once_a_worker, open_that_refuses_is_reported, kernel_that_gives_up_is_reported,
          kernel_that_fails_no_item_is_reported, kernel_that_prints_does_not_reach_stdout)
