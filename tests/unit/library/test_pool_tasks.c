/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_pool_tasks.c - tasks of a pool, calls from several threads, several pools, calls from inside, fork.
 */
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pool_helpers.h"

static int wait_long(pe_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct timespec some = {.tv_nsec = 1000000};
        (void)nanosleep(&some, NULL);
        ((int64_t *)batch->results[0])[i] = 0;
    }
    return 0;
}

static const pe_kernel slow = {
    .abi = PE_KERNEL_ABI, .size = sizeof slow, .name = "slow", .signature = "(int64) -> int64", .map = wait_long};

START_TEST(pool_task_is_tested_cancelled_and_queued)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = pe_pool_use(pool, &slow, NULL, &fault);
    pe_pool_kernel *square = load(pool, "[kernel]\nname = \"square\"", "(int64)");
    const pe_pool_failure *failures = NULL;
    const pe_pool_call call = {.count = MANY, .args = from, .results = into, .outcomes = outcomes, .chunk_size = 1};
    pe_pool_task *task = pe_pool_start(kernel, &call, &fault);
    pe_pool_task *other = pe_pool_start(kernel, &call, &fault);
    pe_pool_task *last = pe_pool_start(square, &(pe_pool_call){.count = MANY, .args = from, .results = into}, &fault);
    ck_assert_int_eq(pe_pool_test(task, 0), 0);
    ck_assert_int_eq(pe_pool_test(task, 0.02), 0);
    ck_assert_uint_eq(pe_pool_failures(task, &failures), 0);
    pe_pool_cancel(other);
    pe_pool_cancel(task);
    ck_assert_int_eq(pe_pool_wait(last, &fault), 0);
    ck_assert(are_squares(MANY));
    ck_assert_int_eq(pe_pool_test(task, 0), 1);
    ck_assert_int_eq(pe_pool_wait(task, &fault), 75);
    ck_assert_str_eq(fault.text, "cancelled");
    ck_assert_int_eq(pe_pool_wait(other, NULL), 75);
    ck_assert_int_eq(outcomes[MANY - 1], PE_ITEM_SKIPPED);
    pe_pool_free(other);
    pe_pool_free(last);
    pe_pool_free(task);
    task = pe_pool_start(kernel, &call, &fault);
    pe_pool_close(pool); /* cancels */
    ck_assert_int_eq(pe_pool_wait(task, &fault), 75);
    pe_pool_free(task);
}
END_TEST

typedef struct caller {
    pe_pool_kernel *kernel;
    int64_t results[20000];
    bool is_right;
} caller;

static void *call_often(void *context)
{
    caller *self = context;
    self->is_right = true;
    for (uint64_t count = 0; count < 200; count++) {
        const uint64_t items = count % 2 == 0 ? count : 100 * count;
        pe_fault mine;
        self->is_right &= pe_pool_map(self->kernel, items, from, (void *[]){self->results}, &mine) == 0;
        for (uint64_t i = 0; i < items; i++)
            self->is_right &= self->results[i] == (int64_t)(i * i);
    }
    return NULL;
}

START_TEST(pool_calls_of_several_threads_and_pools)
{
    static caller callers[4];
    pe_pool *pools[] = {open_pool(2), open_pool(1)};
    pthread_t threads[4];
    pe_pool_kernel *kernels[2];
    for (int p = 0; p < 2; p++)
        kernels[p] = load(pools[p], "[kernel]\nname = \"square\"", "(int64)");
    for (int t = 0; t < 4; t++) {
        callers[t].kernel = kernels[t % 2];
        ck_assert_int_eq(pthread_create(&threads[t], NULL, call_often, &callers[t]), 0);
    }
    for (int t = 0; t < 4; t++) {
        (void)pthread_join(threads[t], NULL);
        ck_assert(callers[t].is_right);
    }
    pe_pool_unload(kernels[0]);
    for (int p = 0; p < 2; p++)
        pe_pool_close(pools[p]);
}
END_TEST

typedef struct nested {
    pe_pool_kernel *same, *other;
    int codes[2];
    pe_fault fault;
    pe_pool *pool;
} nested;

static int call_inside(void *context, const pe_pool_block *block)
{
    nested *self = context;
    (void)block;
    self->codes[0] = pe_pool_map(self->same, 10, from, into, &self->fault);
    self->codes[1] = pe_pool_map(self->other, 10, from, into, NULL);
    pe_pool_close(self->pool); /* does nothing here */
    return 0;
}

START_TEST(pool_call_from_inside_is_an_error)
{
    pe_pool *pool = open_pool(2), *another = open_pool(1);
    nested self = {load(pool, "[kernel]\nname = \"square\"", "(int64)"),
                   load(another, "[kernel]\nname = \"square\"", "(int64)"),
                   {-1, -1},
                   {.code = 0},
                   pool};
    for (int again = 0; again < 3; again++) {
        ck_assert_int_eq(pe_pool_imap(self.same, 10, from, call_inside, &self, &fault), 0);
        ck_assert(self.codes[0] == 64 && self.codes[1] == 0);
        ck_assert_ptr_nonnull(strstr(self.fault.text, "this pool"));
    }
    pe_pool_close(another);
    pe_pool_close(pool);
}
END_TEST

START_TEST(pool_in_a_child_after_fork_is_an_error)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = load(pool, "[kernel]\nname = \"square\"", "(int64)");
    int status = 0;
    ck_assert_int_eq(pe_pool_map(kernel, 10, from, into, &fault), 0);
    const pid_t child = fork();
    if (child == 0) {
        const bool is_right = pe_pool_map(kernel, 10, from, into, &fault) == 64 && strstr(fault.text, "fork()") != NULL;
        pe_pool_close(pool);
#ifndef PENGINE_SANITIZED /* ThreadSanitizer has no threads after a fork */
        pool = pe_pool_open(NULL, &fault);
#endif
        _exit(is_right && pool != NULL ? 0 : 1);
    }
    ck_assert(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ck_assert_int_eq(pe_pool_map(kernel, MANY, from, into, &fault), 0);
    pe_pool_close(pool);
}
END_TEST

START_TEST(pool_null_is_refused)
{
    const pe_pool_failure *failures = &(pe_pool_failure){.item = 1};
    pe_pool *pool = open_pool(1);
    pe_pool_kernel *kernel = load(pool, "[kernel]\nname = \"square\"", "(int64)");
    const pe_kernel hollow = {
        .abi = PE_KERNEL_ABI, .size = sizeof hollow, .name = "hollow", .signature = "(int64) -> int64"};
    ck_assert_ptr_null(pe_pool_use(pool, &hollow, NULL, &fault));
    ck_assert_str_eq(fault.text, "a kernel needs name, signature and map: one of them is NULL");
    ck_assert_ptr_null(pe_pool_start(kernel, NULL, &fault));
    ck_assert_str_eq(fault.text, "no call: NULL was passed");
    ck_assert_int_eq(pe_pool_imap(kernel, 1, from, NULL, NULL, &fault), 64);
    ck_assert_str_eq(fault.text, "a call gives its results to columns or to a sink: expected one, got none");
    ck_assert_ptr_null(pe_pool_start(NULL, &(pe_pool_call){.count = 1}, &fault));
    ck_assert_int_eq(pe_pool_wait(NULL, &fault), 64);
    ck_assert_str_eq(fault.text, "no task: NULL was passed, what did pe_pool_start say?");
    ck_assert_int_eq(pe_pool_wait(NULL, NULL), 64);
    ck_assert_int_eq(pe_pool_test(NULL, 10), 1);
    ck_assert_uint_eq(pe_pool_items(NULL) + pe_pool_failures(NULL, &failures), 0);
    ck_assert_ptr_null(failures);
    ck_assert_ptr_null(pe_pool_signature(NULL));
    ck_assert_int_eq(pe_pool_threads(NULL) + pe_pool_column_count(NULL) + pe_pool_result_count(NULL), 0);
    ck_assert_uint_eq(pe_pool_column(NULL, 0).width + pe_pool_result(NULL, 0).width, 0);
    pe_pool_cancel(NULL);
    pe_pool_unload(NULL);
    pe_pool_free(NULL);
    pe_pool_close(NULL);
    pe_pool_close(pool);
}
END_TEST

UNIT_MAIN("pool_tasks", pool_null_is_refused, pool_task_is_tested_cancelled_and_queued,
          pool_calls_of_several_threads_and_pools, pool_call_from_inside_is_an_error,
          pool_in_a_child_after_fork_is_an_error)
