/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_python_ends.c - Python workers that die, hang or are replaced: which item pays, and that the others do not.
 */
#include <signal.h>

#include "form_helpers.h"

#define COUNT 200

/* A line to "log" for each call. */
#define LOGGED "import os, signal, time\ndef f(x):\n    with open('log', 'a') as log: log.write(f'{x}\\n')\n"

static size_t calls_of(int item)
{
    char line[32];
    size_t calls = 0;
    FILE *const log = fopen("log", "r");
    ck_assert_ptr_nonnull(log);
    while (fgets(line, sizeof line, log) != NULL)
        calls += strtol(line, NULL, 10) == item ? 1 : 0;
    fclose(log);
    return calls;
}

/* All items but the failed ones have their result. */
static void others_are_there(void)
{
    size_t failed = 0;
    const pe_failure *const failures = pe_call_failures(form_call, &failed);
    for (size_t i = 0; i < COUNT; i++) {
        bool is_failed = false;
        for (size_t n = 0; n < failed; n++)
            is_failed = is_failed || failures[n].item == i;
        ck_assert(is_failed || form_out[0].integers[i] == (int64_t)i);
    }
}

START_TEST(first_middle_and_last_item_that_die_fail_alone)
{
    open_python("import os\ndef f(x):\n    if x in (0, 100, 199): os.kill(os.getpid(), 9)\n    return x\n",
                "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 3);
    check_failed(0, 0, "worker died: signal 9");
    check_failed(1, 100, "worker died: signal 9");
    check_failed(2, 199, "worker died: signal 9");
    others_are_there();
    ck_assert_uint_eq(run_items(50), 1); /* and so it goes on */
    leave_form();
}
END_TEST

START_TEST(item_that_dies_is_run_twice)
{
    open_python(LOGGED "    if x == 150: os._exit(3)\n    return x\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 1);
    check_failed(0, 150, "worker died: exit 3");
    ck_assert_uint_eq(calls_of(150), 2);
    others_are_there();
    leave_form();
}
END_TEST

START_TEST(neighbours_that_die_fail_each)
{
    open_python("import os\ndef f(x):\n    if 20 <= x < 23: os.abort()\n    return x\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 3);
    check_failed(2, 22, "worker died: signal 6");
    others_are_there();
    leave_form();
}
END_TEST

START_TEST(all_items_that_die_fail_each)
{
    open_python("import os\ndef f(x): os._exit(1)\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(3), 3);
    leave_form();
}
END_TEST

/* Killed from outside, as the kernel does when memory is out. */
START_TEST(death_that_happens_once_costs_nothing)
{
    open_python("import os\ndef f(x):\n    if x == 77 and not os.path.exists('was'):\n        os.mkdir('was')\n"
                "        os.kill(os.getpid(), 9)\n    return x\n",
                "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 0);
    others_are_there();
    leave_form();
}
END_TEST

START_TEST(death_between_two_batches_costs_nothing)
{
    open_python("import os, threading, time\ndef f(x):\n    if x == 0 and not os.path.exists('was'):\n"
                "        os.mkdir('was')\n        threading.Timer(0.2, os._exit, [0]).start()\n    return x\n",
                "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 0);
    pe_sleep_ns(SECOND / 2);
    ck_assert_uint_eq(run_items(COUNT), 0);
    others_are_there();
    leave_form();
}
END_TEST

START_TEST(process_that_closes_its_pipes_is_replaced)
{
    open_python("import os\ndef f(x):\n    if x == 50: os.closerange(3, 10)\n    return x\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 1);
    check_failed(0, 50, "worker died: exit 1");
    others_are_there();
    leave_form();
}
END_TEST

START_TEST(process_that_answers_nonsense_is_replaced)
{
    open_python("import os\ndef f(x):\n    if x == 50: os.write(4, b'nonsense' * 3000)\n    return x\n",
                "(int64) -> int64");
    ck_assert_uint_ge(run_items(COUNT), 1);
    leave_form();
}
END_TEST

/* The item is tried again alone, so there are several. */
static void end_grandchildren(void)
{
    long pid = 0;
    FILE *const file = fopen("grandchildren", "r");
    ck_assert_ptr_nonnull(file);
    while (fscanf(file, "%ld", &pid) == 1)
        ck_assert_int_eq(kill((pid_t)pid, SIGKILL), 0);
    fclose(file);
}

/* The grandchild has the pipes, so they never close. */
START_TEST(death_after_a_fork_is_noticed)
{
    const uint64_t begin = pe_clock_ns();
    open_python("import os, time\ndef f(x):\n    if x == 50:\n        pid = os.fork()\n        if pid == 0:\n"
                "            time.sleep(60)\n            os._exit(0)\n"
                "        with open('grandchildren', 'a') as log: log.write(f'{pid}\\n')\n        os.kill(os.getpid(), "
                "9)\n    return x\n",
                "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 1);
    check_failed(0, 50, "worker died: signal 9");
    ck_assert_uint_lt(pe_clock_ns() - begin, 50 * SECOND);
    end_grandchildren(); /* they have the stderr of the test, too, for whose end ctest waits */
    leave_form();
}
END_TEST

START_TEST(item_that_hangs_fails_alone_and_is_run_once)
{
    const uint64_t begin = pe_clock_ns();
    enter_form(PE_FORM_PYTHON);
    form_spec.timeout_ns = SECOND;
    open_python(LOGGED "    while x == 150: pass\n    return x\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 1);
    check_failed(0, 150, "timeout after 1 s");
    ck_assert_uint_eq(calls_of(150), 1);
    ck_assert_uint_ge(pe_clock_ns() - begin, SECOND);
    others_are_there();
    leave_form();
}
END_TEST

START_TEST(slow_items_within_their_time_are_not_late)
{
    enter_form(PE_FORM_PYTHON);
    form_spec.timeout_ns = 2 * SECOND;
    open_python("import time\ndef f(x):\n    time.sleep(0.5)\n    return x\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(5), 0); /* 2.5 s together */
    leave_form();
}
END_TEST

/* str() of a result is the item's doing as well. */
START_TEST(result_that_hangs_in_str_fails_alone)
{
    enter_form(PE_FORM_PYTHON);
    form_spec.timeout_ns = SECOND;
    open_python(
        "class Slow:\n    def __str__(self):\n        while True: pass\ndef f(x): return Slow() if x == 20 else x\n",
        NULL);
    ck_assert_uint_eq(run_items(50), 1);
    check_failed(0, 20, "timeout after 1 s");
    check_text(&form_out[0].texts[49], "49");
    leave_form();
}
END_TEST

START_TEST(stop_ends_an_item_that_hangs)
{
    static atomic_bool stop;
    const uint64_t begin = pe_clock_ns();
    enter_form(PE_FORM_PYTHON);
    form_spec.stop = &stop;
    open_python("import time\ndef f(x): time.sleep(600)\n", "(int64) -> int64");
    atomic_store(&stop, true);
    ck_assert_uint_eq(run_items(COUNT), 0); /* and nobody looks at the results */
    leave_form();
    ck_assert_uint_lt(pe_clock_ns() - begin, 100 * SECOND);
}
END_TEST

START_TEST(processes_are_replaced_after_their_items)
{
    enter_form(PE_FORM_PYTHON);
    form_spec.max_items_per_worker = 7;
    open_python("seen = 0\ndef f(x):\n    global seen\n    seen += 1\n    return seen\n", "(int64) -> int64");
    ck_assert_uint_eq(run_items(20), 0);
    for (int64_t i = 0; i < 20; i++)
        ck_assert_int_eq(form_out[0].integers[i], i % 7 + 1);
    ck_assert_uint_eq(run_items(2), 0); /* one left of the third process */
    ck_assert_int_eq(form_out[0].integers[0], 7);
    ck_assert_int_eq(form_out[0].integers[1], 1);
    leave_form();
}
END_TEST

START_TEST(initializer_is_called_once_a_process)
{
    enter_form(PE_FORM_PYTHON);
    form_spec.initializer = "f.py:setup";
    form_spec.max_items_per_worker = 50;
    open_python(
        "import os, atexit\nn = 0\ndef setup():\n    global n\n    n += 1\n    os.mkdir(f'begin{os.getpid()}')\n"
        "    atexit.register(os.mkdir, f'end{os.getpid()}')\ndef f(x): return n\n",
        "(int64) -> int64");
    ck_assert_uint_eq(run_items(COUNT), 0);
    for (size_t i = 0; i < COUNT; i++)
        ck_assert_int_eq(form_out[0].integers[i], 1);
    close_form();
    ck_assert_int_eq(system("test $(ls -d begin* | wc -l) = 4 && test $(ls -d end* | wc -l) = 4"), 0);
    leave_form();
}
END_TEST

/* An engine that is killed leaves no process behind, whatever the function does. */
START_TEST(process_ends_with_its_engine)
{
    int watch[2];
    char byte;
    ck_assert_int_eq(pipe(watch), 0);
    const pid_t engine = fork();
    if (engine == 0) {
        enter_form(PE_FORM_PYTHON);
        char text[200];
        (void)snprintf(text, sizeof text,
                       "import os\nfd = os.open('/proc/%d/fd/%d', os.O_WRONLY)\ndef f(x):\n    os.write(fd, b'x')\n"
                       "    while True: pass\n",
                       (int)getpid(), watch[1]);
        open_python(text, "(int64) -> int64");
        (void)run_items(1);
        _exit(0);
    }
    close(watch[1]);
    ck_assert_int_eq(read(watch[0], &byte, 1), 1); /* it is in the function */
    kill(engine, SIGKILL);
    ck_assert_int_eq(waitpid(engine, NULL, 0), engine);
    ck_assert_int_eq(read(watch[0], &byte, 1), 0); /* nobody holds the other end: all are gone */
}
END_TEST

UNIT_MAIN("python_ends", first_middle_and_last_item_that_die_fail_alone, item_that_dies_is_run_twice,
          neighbours_that_die_fail_each, all_items_that_die_fail_each, death_that_happens_once_costs_nothing,
          death_between_two_batches_costs_nothing, process_that_closes_its_pipes_is_replaced,
          process_that_answers_nonsense_is_replaced, death_after_a_fork_is_noticed,
          item_that_hangs_fails_alone_and_is_run_once, slow_items_within_their_time_are_not_late,
          result_that_hangs_in_str_fails_alone, stop_ends_an_item_that_hangs, processes_are_replaced_after_their_items,
          initializer_is_called_once_a_process, process_ends_with_its_engine)
