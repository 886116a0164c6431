/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_command_runs.c - programs as kernels: one run per item.
 */
#include "form_helpers.h"

START_TEST(item_takes_the_place_of_the_braces)
{
    const pe_text t[] = {text_of("a b; $HOME `x` 'q' \"d\" *"), text_of(""), text_of("-n\n")};
    enter_form(PE_FORM_COMMAND);
    form_columns[0] = TEXT;
    form_args[0] = t;
    open_command(NULL, WORDS("printf", "%s|", "{}", "<{}{}>", "{1}", "{{2}}", "{}}"));
    ck_assert_uint_eq(run_items(3), 0);
    check_text(&form_out[0].texts[0],
               "a b; $HOME `x` 'q' \"d\" *|<a b; $HOME `x` 'q' \"d\" *a b; $HOME `x` 'q' \"d\" *>|"
               "a b; $HOME `x` 'q' \"d\" *|{2}|a b; $HOME `x` 'q' \"d\" *}|");
    check_text(&form_out[0].texts[1], "|<>||{2}|}|");
    leave_form();
}
END_TEST

START_TEST(several_arguments_have_numbers)
{
    static const double y[] = {0.5, 1e-9};
    enter_form(PE_FORM_COMMAND);
    form_columns[1] = FLOAT64;
    form_args[1] = y;
    form_spec.column_count = 2;
    set_command(WORDS("echo", "<{}>"));
    check_refused(PE_ECONFIG,
                  "job.toml:3:1: \"<{}>\": {} says not which of the 2 arguments it is: expected {1} to {2}");
    form_error = (pe_error)PE_ERROR_INIT;
    set_command(WORDS("echo", "{3/}"));
    check_refused(PE_ECONFIG, "job.toml:3:1: \"{3/}\": {3/}: an item has 2 arguments; {{3/}} is the text {3/}");
    form_error = (pe_error)PE_ERROR_INIT;
    open_command(NULL, WORDS("echo", "{2}/{1}", "{#}"));
    ck_assert_uint_eq(run_items(2), 0);
    check_text(&form_out[0].texts[0], "0.5/0 1");
    check_text(&form_out[0].texts[1], "1e-09/1 2");
    leave_form();
}
END_TEST

START_TEST(result_is_stdout_less_one_newline)
{
    enter_form(PE_FORM_COMMAND);
    open_command(NULL, WORDS("sh", "-c", "[ $0 = 0 ] || printf 'a\\nb\\n\\n'; [ $0 = 2 ] && printf x; exit 0", "{}"));
    ck_assert_uint_eq(run_items(3), 0);
    check_text(&form_out[0].texts[0], "");
    check_text(&form_out[0].texts[1], "a\nb\n");
    check_text(&form_out[0].texts[2], "a\nb\n\nx");
    leave_form();
}
END_TEST

START_TEST(run_that_fails_says_how)
{
    static const int64_t x[] = {0, 1, 2, 3, 4};
    enter_form(PE_FORM_COMMAND);
    form_args[0] = x;
    open_command("(int64) -> int64", WORDS("sh", "-c",
                                           "case $0 in 1) echo first >&2; echo why not >&2; exit 3;; 2) kill -KILL $$;;"
                                           " 3) exit 255;; esac; echo 1$0; [ $0 = 4 ] && echo x; exit 0",
                                           "{}"));
    ck_assert_uint_eq(run_items(5), 4);
    ck_assert_int_eq(form_out[0].integers[0], 10);
    check_failed(0, 1, "exit 3: why not");
    check_failed(1, 2, "signal 9");
    check_failed(2, 3, "exit 255");
    check_failed(3, 4, "answered \"14 x\", not int64");
    leave_form();
}
END_TEST

START_TEST(run_that_hangs_is_late)
{
    const uint64_t begin = pe_clock_ns();
    enter_form(PE_FORM_COMMAND);
    form_spec.timeout_ns = SECOND;
    open_command("(int64) -> int64", WORDS("sh", "-c",
                                           "[ $0 = 1 ] && sleep 600; [ $0 = 2 ] && exec >&- && sleep 600;"
                                           " [ $0 = 3 ] && while :; do echo 1; done; echo $0",
                                           "{}"));
    ck_assert_uint_eq(run_items(5), 3);
    for (size_t n = 0; n < 3; n++)
        check_failed(n, n + 1, "timeout after 1 s");
    ck_assert_int_eq(form_out[0].integers[4], 4);
    ck_assert_uint_lt(pe_clock_ns() - begin, 100 * SECOND);
    leave_form();
}
END_TEST

START_TEST(run_gets_an_empty_stdin)
{
    enter_form(PE_FORM_COMMAND);
    open_command(NULL, WORDS("sh", "-c", "cat; echo $0", "{}"));
    ck_assert_uint_eq(run_items(1), 0);
    check_text(&form_out[0].texts[0], "0");
    leave_form();
}
END_TEST

START_TEST(text_that_cannot_be_an_argument_fails_its_item)
{
    static char large[300000];
    memset(large, 'x', sizeof large);
    const pe_text t[] = {{"a\0b", 3}, {large, sizeof large}, text_of("c")};
    enter_form(PE_FORM_COMMAND);
    form_columns[0] = TEXT;
    form_args[0] = t;
    open_command(NULL, WORDS("echo", "{}"));
    ck_assert_uint_eq(run_items(3), 2);
    check_failed(
        0, 0,
        "its text holds a zero byte, which ends an argument of a program (items are lines: find without -print0)");
    size_t failed = 0;
    ck_assert_ptr_nonnull(strstr(pe_call_failures(form_call, &failed)[1].reason, "Argument list too long"));
    check_text(&form_out[0].texts[2], "c");
    leave_form();
}
END_TEST

START_TEST(stop_ends_a_run_that_hangs)
{
    static const atomic_bool stop = true;
    enter_form(PE_FORM_COMMAND);
    form_spec.stop = &stop;
    open_command("(int64) -> int64", WORDS("sleep", "6{}"));
    ck_assert_uint_eq(run_items(3), 0);
    leave_form();
}
END_TEST

UNIT_MAIN("command_runs", item_takes_the_place_of_the_braces, several_arguments_have_numbers,
          result_is_stdout_less_one_newline, run_that_fails_says_how, run_that_hangs_is_late, run_gets_an_empty_stdin,
          text_that_cannot_be_an_argument_fails_its_item, stop_ends_a_run_that_hangs)
