/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_command_runs.c - programs as kernels: one run per item.
 */
#include "form_helpers.h"

START_TEST(item_takes_the_place_of_the_braces)
{
    const pe_text t[] = {rig_text("a b; $HOME `x` 'q' \"d\" *"), rig_text(""), rig_text("-n\n")};
    rig_enter(PE_FORM_COMMAND);
    rig_columns[0] = TEXT;
    rig_args[0] = t;
    rig_command(NULL, WORDS("printf", "%s|", "{}", "<{}{}>", "{1}", "{{2}}", "{}}"));
    ck_assert_uint_eq(rig_run(3), 0);
    rig_text_is(&rig_out[0].texts[0],
                "a b; $HOME `x` 'q' \"d\" *|<a b; $HOME `x` 'q' \"d\" *a b; $HOME `x` 'q' \"d\" *>|"
                "a b; $HOME `x` 'q' \"d\" *|{2}|a b; $HOME `x` 'q' \"d\" *}|");
    rig_text_is(&rig_out[0].texts[1], "|<>||{2}|}|");
    rig_leave();
}
END_TEST

START_TEST(several_arguments_have_numbers)
{
    static const double y[] = {0.5, 1e-9};
    rig_enter(PE_FORM_COMMAND);
    rig_columns[1] = FLOAT64;
    rig_args[1] = y;
    rig_spec.column_count = 2;
    rig_words(WORDS("echo", "<{}>"));
    rig_refused(PE_ECONFIG, "job.toml:3:1: \"<{}>\": {} says not which of the 2 arguments it is: expected {1} to {2}");
    rig_error = (pe_error)PE_ERROR_INIT;
    rig_words(WORDS("echo", "{3/}"));
    rig_refused(PE_ECONFIG, "job.toml:3:1: \"{3/}\": {3/}: an item has 2 arguments; {{3/}} is the text {3/}");
    rig_error = (pe_error)PE_ERROR_INIT;
    rig_command(NULL, WORDS("echo", "{2}/{1}", "{#}"));
    ck_assert_uint_eq(rig_run(2), 0);
    rig_text_is(&rig_out[0].texts[0], "0.5/0 1");
    rig_text_is(&rig_out[0].texts[1], "1e-09/1 2");
    rig_leave();
}
END_TEST

START_TEST(result_is_stdout_less_one_newline)
{
    rig_enter(PE_FORM_COMMAND);
    rig_command(NULL, WORDS("sh", "-c", "[ $0 = 0 ] || printf 'a\\nb\\n\\n'; [ $0 = 2 ] && printf x; exit 0", "{}"));
    ck_assert_uint_eq(rig_run(3), 0);
    rig_text_is(&rig_out[0].texts[0], "");
    rig_text_is(&rig_out[0].texts[1], "a\nb\n");
    rig_text_is(&rig_out[0].texts[2], "a\nb\n\nx");
    rig_leave();
}
END_TEST

START_TEST(run_that_fails_says_how)
{
    static const int64_t x[] = {0, 1, 2, 3, 4};
    rig_enter(PE_FORM_COMMAND);
    rig_args[0] = x;
    rig_command("(int64) -> int64", WORDS("sh", "-c",
                                          "case $0 in 1) echo first >&2; echo why not >&2; exit 3;; 2) kill -KILL $$;;"
                                          " 3) exit 255;; esac; echo 1$0; [ $0 = 4 ] && echo x; exit 0",
                                          "{}"));
    ck_assert_uint_eq(rig_run(5), 4);
    ck_assert_int_eq(rig_out[0].integers[0], 10);
    rig_failed(0, 1, "exit 3: why not");
    rig_failed(1, 2, "signal 9");
    rig_failed(2, 3, "exit 255");
    rig_failed(3, 4, "answered \"14 x\", not int64");
    rig_leave();
}
END_TEST

START_TEST(run_that_hangs_is_late)
{
    const uint64_t begin = pe_clock_ns();
    rig_enter(PE_FORM_COMMAND);
    rig_spec.timeout_ns = SECOND / 4;
    rig_command("(int64) -> int64", WORDS("sh", "-c",
                                          "[ $0 = 1 ] && sleep 60; [ $0 = 2 ] && exec >&- && sleep 60;"
                                          " [ $0 = 3 ] && while :; do echo 1; done; echo $0",
                                          "{}"));
    ck_assert_uint_eq(rig_run(5), 3);
    for (size_t n = 0; n < 3; n++)
        rig_failed(n, n + 1, "timeout after 0.25 s");
    ck_assert_int_eq(rig_out[0].integers[4], 4);
    ck_assert_uint_lt(pe_clock_ns() - begin, 10 * SECOND);
    rig_leave();
}
END_TEST

START_TEST(run_gets_an_empty_stdin)
{
    rig_enter(PE_FORM_COMMAND);
    rig_command(NULL, WORDS("sh", "-c", "cat; echo $0", "{}"));
    ck_assert_uint_eq(rig_run(1), 0);
    rig_text_is(&rig_out[0].texts[0], "0");
    rig_leave();
}
END_TEST

START_TEST(text_that_cannot_be_an_argument_fails_its_item)
{
    static char large[300000];
    memset(large, 'x', sizeof large);
    const pe_text t[] = {{"a\0b", 3}, {large, sizeof large}, rig_text("c")};
    rig_enter(PE_FORM_COMMAND);
    rig_columns[0] = TEXT;
    rig_args[0] = t;
    rig_command(NULL, WORDS("echo", "{}"));
    ck_assert_uint_eq(rig_run(3), 2);
    rig_failed(
        0, 0,
        "its text holds a zero byte, which ends an argument of a program (items are lines: find without -print0)");
    size_t failed = 0;
    ck_assert_ptr_nonnull(strstr(pe_call_failures(rig_call, &failed)[1].reason, "Argument list too long"));
    rig_text_is(&rig_out[0].texts[2], "c");
    rig_leave();
}
END_TEST

START_TEST(stop_ends_a_run_that_hangs)
{
    static const atomic_bool stop = true;
    rig_enter(PE_FORM_COMMAND);
    rig_spec.stop = &stop;
    rig_command("(int64) -> int64", WORDS("sleep", "6{}"));
    ck_assert_uint_eq(rig_run(3), 0);
    rig_leave();
}
END_TEST

UNIT_MAIN("command_runs", item_takes_the_place_of_the_braces, several_arguments_have_numbers,
          result_is_stdout_less_one_newline, run_that_fails_says_how, run_that_hangs_is_late, run_gets_an_empty_stdin,
          text_that_cannot_be_an_argument_fails_its_item, stop_ends_a_run_that_hangs)
