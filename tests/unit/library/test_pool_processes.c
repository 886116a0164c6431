/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_pool_processes.c - kernels of a pool in processes of their own: they live from call to call, fail, crash, are late, are
 * killed by a cancel; many calls leave nothing behind.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "pool_helpers.h"

static const char module[] = "import os, time\n"
                             "attempts = {}\n"
                             "def who(x):\n"
                             "    return os.getpid()\n"
                             "def act(x):\n"
                             "    attempts[x] = attempts.get(x, 0) + 1\n"
                             "    if x == 3:\n"
                             "        raise ValueError('it is three')\n"
                             "    if x == 5:\n"
                             "        time.sleep(600)\n"
                             "    if x == 7:\n"
                             "        os._exit(9)\n"
                             "    if x == 9 and attempts[x] < 3:\n"
                             "        raise ValueError('not yet')\n"
                             "    return x * x\n"
                             "def nap(x):\n"
                             "    time.sleep(600)\n"
                             "    return x\n";

static void write_module(void)
{
    FILE *file = fopen("pool_module.py", "w");
    ck_assert(file != NULL && fputs(module, file) >= 0);
    ck_assert_int_eq(fclose(file), 0);
}

static pe_pool_kernel *load_function(pe_pool *pool, const char *name, const char *more)
{
    char job[400];
    (void)snprintf(job, sizeof job, "[kernel]\npython = \"pool_module.py:%s\"\nsignature = \"(int64) -> int64\"\n%s",
                   name, more);
    write_module();
    pe_pool_kernel *kernel = load(pool, job, "(int64)");
    return kernel;
}

START_TEST(pool_worker_processes_stay_between_calls)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = load_function(pool, "who", "");
    int64_t pids[2] = {0, 0};
    for (int again = 0; again < 20; again++) {
        ck_assert_msg(pe_pool_map(kernel, 50, from, into, &fault) == 0, "%s", fault.text);
        for (int i = 0; i < 50; i++) {
            const int slot = pids[0] == 0 || pids[0] == results[i] ? 0 : 1;
            pids[slot] = pids[slot] == 0 ? results[i] : pids[slot];
            ck_assert_int_eq(results[i], pids[slot]);
        }
    }
    ck_assert_int_ne(pids[0], getpid());
    pe_pool_close(pool);
    (void)remove("pool_module.py");
    ck_assert_int_ne(kill((pid_t)pids[0], 0), 0); /* and end with the pool */
}
END_TEST

static void check_failure(const pe_pool_failure *failure, uint64_t item, pe_outcome outcome, const char *reason)
{
    ck_assert_uint_eq(failure->item, item);
    ck_assert_int_eq(failure->outcome, outcome);
    ck_assert_int_eq(outcomes[item], outcome);
    ck_assert_msg(strstr(failure->reason, reason) != NULL, "%s", failure->reason);
}

START_TEST(pool_failing_late_and_crashing_items_are_reported)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = load_function(
        pool, "act",
        "[errors]\non_error = \"fill\"\nfill = -1\nretries = 4\ntimeout = \"1 s\"\n[pool]\nchunk_size = 2\n");
    const pe_pool_call call = {.count = 12, .args = from, .results = into, .outcomes = outcomes};
    const pe_pool_failure *failures = NULL;
    pe_pool_task *task = pe_pool_start(kernel, &call, &fault);
    ck_assert_msg(pe_pool_wait(task, &fault) == 0, "%s", fault.text);
    ck_assert_uint_eq(pe_pool_failures(task, &failures), 3);
    check_failure(&failures[0], 3, PE_ITEM_FAILED, "it is three");
    check_failure(&failures[1], 5, PE_ITEM_TIMED_OUT, "timeout after 1 s");
    check_failure(&failures[2], 7, PE_ITEM_FAILED, "exit");
    for (int i = 0; i < 12; i++)
        ck_assert_int_eq(results[i], i == 3 || i == 5 || i == 7 ? -1 : i * i);
    pe_pool_free(task);
    pe_pool_close(pool);
    (void)remove("pool_module.py");
}
END_TEST

START_TEST(pool_cancel_kills_processes_and_the_next_call_has_others)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = load_function(pool, "nap", ""), *other = load_function(pool, "who", "");
    struct timespec began, now;
    (void)clock_gettime(CLOCK_MONOTONIC, &began);
    for (int again = 0; again < 2; again++) {
        pe_pool_task *task = pe_pool_start(kernel, &(pe_pool_call){.count = 50, .args = from, .results = into}, &fault);
        ck_assert_int_eq(pe_pool_test(task, 0.3), 0);
        pe_pool_cancel(task);
        ck_assert_int_eq(pe_pool_wait(task, &fault), 75);
        pe_pool_free(task);
        ck_assert_msg(pe_pool_map(other, 50, from, into, &fault) == 0, "%s", fault.text);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    ck_assert_int_lt(now.tv_sec - began.tv_sec, 200);
    pe_pool_close(pool);
    (void)remove("pool_module.py");
}
END_TEST

/* The other forms that a job file can name: text through a program, several expressions, a function in another process. */
START_TEST(pool_forms_of_a_job)
{
    pe_pool *pool = open_pool(2);
    const pe_text lines[] = {{"b", 1}, {"", 0}, {"long", 4}};
    pe_text out[3];
    const double x[] = {1, 2, 3};
    double doubles[3], squares[3];
    pe_pool_call call = {.count = 3, .args = (const void *[]){lines}, .results = (void *[]){out}};
    pe_pool_kernel *kernel =
        load(pool, "[kernel]\ncommand = [\"sed\", \"-u\", \"s/$/!/\"]\nsignature = \"(text) -> text\"", "(text)");
    pe_pool_task *task = pe_pool_start(kernel, &call, &fault);
    ck_assert_msg(pe_pool_wait(task, &fault) == 0, "%s", fault.text);
    ck_assert(out[0].size == 2 && memcmp(out[0].data, "b!", 2) == 0 && out[1].size == 1 && out[2].size == 5);
    pe_pool_free(task);
    kernel = load(pool, "[kernel]\nexpr = [\"2 * x\", \"x * x\"]\n", "(float64)");
    ck_assert_int_eq(pe_pool_result_count(kernel), 2);
    ck_assert_int_eq(pe_pool_map(kernel, 3, (const void *[]){x}, (void *[]){doubles, squares}, &fault), 0);
    ck_assert(doubles[2] == 6 && squares[2] == 9);
    kernel = load(pool, "[kernel]\nname = \"square\"\nisolate = true\n", "(int64)");
    ck_assert_msg(pe_pool_map(kernel, 1000, from, into, &fault) == 0, "%s", fault.text);
    ck_assert(are_squares(1000));
    pe_pool_close(pool);
}
END_TEST

static int count_entries(const char *folder)
{
    int count = 0;
    DIR *entries = opendir(folder);
    ck_assert(entries != NULL);
    while (readdir(entries) != NULL)
        count++;
    (void)closedir(entries);
    return count;
}

static long resident_kib(void)
{
    char line[200] = "";
    FILE *file = fopen("/proc/self/statm", "r");
    ck_assert(file != NULL && fgets(line, sizeof line, file) != NULL);
    (void)fclose(file);
    return strtol(strchr(line, ' '), NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Ten thousand calls of all kinds leave memory, descriptors and threads as they were. */
START_TEST(pool_many_calls_leave_nothing_behind)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *square = load(pool, "[kernel]\nname = \"square\"", "(int64)");
    pe_pool_kernel *who = load_function(pool, "who", "");
    int files = 0, threads = 0;
    long kib = 0;
    for (int call = 0; call < 11000; call++) {
        if (call == 1000) {
            files = count_entries("/proc/self/fd");
            threads = count_entries("/proc/self/task");
            kib = resident_kib();
        }
        const uint64_t count = call % 100 == 0 ? MANY : 10;
        pe_pool_task *task =
            pe_pool_start(square, &(pe_pool_call){.count = count, .args = from, .results = into}, &fault);
        ck_assert_int_eq(pe_pool_wait(task, &fault), 0);
        pe_pool_free(task);
        if (call % 100 == 50)
            ck_assert_int_eq(pe_pool_map(who, 4, from, into, &fault), 0);
    }
    ck_assert_int_eq(count_entries("/proc/self/fd"), files);
    ck_assert_int_eq(count_entries("/proc/self/task"), threads);
#ifdef PENGINE_SANITIZED
    const long more_kib = 400L << 10; /* freed memory is kept, 256 MiB of it */
#else
    const long more_kib = 4096;
#endif
    ck_assert_msg(resident_kib() < kib + more_kib, "%ld KiB, and %ld after 1000 calls", resident_kib(), kib);
    pe_pool_close(pool);
    (void)remove("pool_module.py");
}
END_TEST

UNIT_MAIN("pool_processes", pool_worker_processes_stay_between_calls, pool_failing_late_and_crashing_items_are_reported,
          pool_cancel_kills_processes_and_the_next_call_has_others, pool_forms_of_a_job,
          pool_many_calls_leave_nothing_behind)
