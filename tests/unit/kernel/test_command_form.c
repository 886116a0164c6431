/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_command_form.c - programs as kernels: what is refused, one line per item, answers of every wrong kind.
 */
#include <sys/stat.h>

#include "form_helpers.h"

/* A program of its own in the job's directory. */
static void write_program(const char *name, const char *text)
{
    write_file(name, text);
    ck_assert_int_eq(chmod(name, 0755), 0);
}

static void give_up_with(size_t count, const char *text)
{
    void *const results[] = {&form_out[0]};
    ck_assert_int_eq(pe_call_run(form_call, 0, count, form_args, results, &form_error), PE_EKERNEL);
    ck_assert_str_eq(form_error.text, text);
}

static void integers_are(size_t first, size_t end, int64_t offset)
{
    for (size_t i = first; i < end; i++)
        ck_assert_int_eq(form_out[0].integers[i], (int64_t)i + offset);
}

/* ---- refused before the first item ---- */

static void refuse(const char *const *command, pe_status status, const char *message)
{
    set_command(command);
    check_refused(status, message);
    form_error = (pe_error)PE_ERROR_INIT;
}

START_TEST(program_that_is_none_is_refused)
{
    char message[200];
    enter_form(PE_FORM_COMMAND);
    write_file("plain", "text\n");
    refuse(WORDS("no-such-program"), PE_EKERNEL, "job.toml:3:1: there is no program \"no-such-program\" in PATH");
    (void)snprintf(message, sizeof message, "job.toml:3:1: %s/./nothing is not there", form_home);
    refuse(WORDS("./nothing"), PE_EKERNEL, message);
    (void)snprintf(message, sizeof message, "job.toml:3:1: %s/./plain is not a program", form_home);
    refuse(WORDS("./plain"), PE_EKERNEL, message);
    refuse(WORDS("/tmp"), PE_EKERNEL, "job.toml:3:1: /tmp is not a program");
    refuse(WORDS("{}"), PE_ECONFIG, "job.toml:3:1: \"{}\": items may not choose the program");
    refuse(WORDS(""), PE_ECONFIG, "job.toml:3:1: expected [\"program\", \"argument\", ...], got no program");
    leave_form();
}
END_TEST

START_TEST(no_word_at_all_is_refused)
{
    enter_form(PE_FORM_COMMAND);
    check_refused(PE_ECONFIG, "job.toml:3:1: expected [\"program\", \"argument\", ...], got no program");
    leave_form();
}
END_TEST

/* ---- one line per item ---- */

START_TEST(lines_are_answered_by_position)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sed", "-u", "s/$/0/"));
    ck_assert_uint_eq(run_items(FORM_ITEMS), 0);
    for (int64_t i = 0; i < FORM_ITEMS; i++)
        ck_assert_int_eq(form_out[0].integers[i], i * 10);
    ck_assert_uint_eq(run_items(1), 0); /* by the same process */
    ck_assert_int_eq(form_out[0].integers[0], 0);
    leave_form();
}
END_TEST

/* It writes when its buffer is full or its input ends. */
START_TEST(program_that_keeps_its_answers_is_not_waited_for_forever)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sed", "s/$/0/"));
    const uint64_t first = pe_clock_ns();
    ck_assert_uint_eq(run_items(100), 0); /* takes two seconds to be known */
    ck_assert_int_eq(form_out[0].integers[99], 990);
    const uint64_t begin = pe_clock_ns();
    ck_assert_uint_eq(run_items(FORM_ITEMS), 0);
    ck_assert_int_eq(form_out[0].integers[FORM_ITEMS - 1], (FORM_ITEMS - 1) * 10);
    ck_assert_uint_lt(pe_clock_ns() - begin, (begin - first) / 4 * 3);
    leave_form();
}
END_TEST

START_TEST(last_line_needs_no_newline)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sh", "-c", "read -r a; read -r b; printf '%s\\n%s' $a $b"));
    ck_assert_uint_eq(run_items(2), 0);
    integers_are(0, 2, 0);
    leave_form();
}
END_TEST

START_TEST(arguments_are_fields_as_repr_prints_them)
{
    static const double y[] = {1e16, 0.1};
    static const float v[] = {1, 0.1F, -0.0F, 4};
    const pe_text t[] = {text_of("ä b"), text_of("")};
    enter_form(PE_FORM_COMMAND);
    form_columns[0] = FLOAT64;
    form_columns[1] = (pe_type){.dtype = PE_FLOAT32, .width = 2};
    form_columns[2] = TEXT;
    form_args[0] = y;
    form_args[1] = v;
    form_args[2] = t;
    form_spec.column_count = 3;
    open_command(NULL, WORDS("cat"));
    ck_assert_uint_eq(run_items(2), 0);
    check_text(&form_out[0].texts[0], "1e+16\t1.0,0.1\tä b");
    check_text(&form_out[0].texts[1], "0.1\t-0.0,4.0\t");
    leave_form();
}
END_TEST

START_TEST(results_are_fields_too)
{
    const pe_text t[] = {text_of("1\t0.5,2\tab c"), text_of("1\t0.5,2"), text_of("1\t0.5\tx"), text_of("300\t0.5,2\tx"),
                         text_of("1\t0.5,2\tx\ty")};
    enter_form(PE_FORM_COMMAND);
    form_columns[0] = TEXT;
    form_args[0] = t;
    open_command("(text) -> (int8, float64[2], text)", WORDS("cat"));
    ck_assert_uint_eq(run_items(5), 4);
    ck_assert_int_eq(form_out[0].bytes[0], 1);
    ck_assert_double_eq(form_out[1].reals[0], 0.5);
    ck_assert_double_eq(form_out[1].reals[1], 2);
    check_text(&form_out[2].texts[0], "ab c");
    check_failed(0, 1, "answered \"1 0.5,2\", not 3 fields");
    check_failed(1, 2, "answered \"0.5\", not float64[2]");
    check_failed(2, 3, "answered \"300\", not int8");
    check_failed(3, 4, "answered \"1 0.5,2 x y\", not 3 fields");
    leave_form();
}
END_TEST

START_TEST(text_that_is_no_line_fails_its_item)
{
    const pe_text t[] = {text_of("\n"), text_of("a"), text_of("b\nc"), text_of("d"), text_of("e\n")};
    enter_form(PE_FORM_COMMAND);
    form_columns[0] = TEXT;
    form_args[0] = t;
    open_command(NULL, WORDS("sed", "-u", "s/^/x/"));
    ck_assert_uint_eq(run_items(5), 3);
    check_failed(1, 2, "its text holds a newline, but an item is one line for the program");
    check_text(&form_out[0].texts[1], "xa");
    check_text(&form_out[0].texts[3], "xd");
    leave_form();
}
END_TEST

START_TEST(items_that_are_no_lines_at_all_need_no_program)
{
    const pe_text t[] = {text_of("\n"), text_of("\n")};
    enter_form(PE_FORM_COMMAND);
    form_columns[0] = TEXT;
    form_args[0] = t;
    open_command(NULL, WORDS("false"));
    ck_assert_uint_eq(run_items(2), 2);
    leave_form();
}
END_TEST

START_TEST(program_that_ends_early_fails_what_it_did_not_answer)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("head", "-n", "3"));
    ck_assert_uint_eq(run_items(5), 2);
    integers_are(0, 3, 0);
    check_failed(0, 3, "no answer: the program ended with exit 0");
    check_failed(1, 4, "no answer: the program ended with exit 0");
    leave_form();
}
END_TEST

/* A filter: nobody can say whose answers these are. */
START_TEST(fewer_answers_than_lines_fail_all_of_them)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sed", "/3/d"));
    ck_assert_uint_eq(run_items(5), 5);
    check_failed(0, 0, "4 answers to 5 lines: which belong together is unknown");
    check_failed(4, 4, "4 answers to 5 lines: which belong together is unknown");
    leave_form();
}
END_TEST

START_TEST(more_answers_than_lines_end_the_kernel)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sed", "p"));
    give_up_with(5, "kernel \"sed\" gave up at item 4: the program answered more lines than it was given");
    leave_form();
}
END_TEST

START_TEST(line_too_many_between_batches_ends_the_kernel)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sh", "-c", "read -r a; echo $a; sleep 0.2; echo more; mkdir was; cat"));
    ck_assert_uint_eq(run_items(1), 0);
    while (access("was", F_OK) != 0)
        pe_sleep_ns(SECOND / 100);
    give_up_with(5, "kernel \"sh\" gave up at item 0: the program answered more lines than it was given");
    leave_form();
}
END_TEST

/* Two items end the program, each time. The others have their answers, and the reasons name the culprits. */
START_TEST(line_that_ends_the_program_is_found)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sh", "-c",
                                           "while read -r a; do [ $a = 7 ] && { echo seven >&2; exit 3; };"
                                           " [ $a = 9 ] && kill -SEGV $$; echo $a; done"));
    ck_assert_uint_eq(run_items(20), 2);
    check_failed(0, 7, "exit 3: seven");
    check_failed(1, 9, "worker died: signal 11");
    integers_are(0, 7, 0);
    integers_are(10, 20, 0);
    ck_assert_int_eq(form_out[0].integers[8], 8);
    leave_form();
}
END_TEST

/* Its answers die with it: only one line at a time tells. */
START_TEST(line_that_ends_a_program_that_keeps_its_answers_is_found)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sh", "-c",
                                           "while read -r a; do [ $a = 7 ] && exit 3; all=\"$all$a \"; done;"
                                           " for a in $all; do echo $a; done"));
    ck_assert_uint_eq(run_items(20), 1);
    check_failed(0, 7, "exit 3");
    integers_are(0, 7, 0);
    integers_are(8, 20, 0);
    leave_form();
}
END_TEST

/* A kill from outside costs nothing: the items are done again. */
START_TEST(program_that_dies_once_costs_no_item)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64",
                 WORDS("sh", "-c", "while read -r a; do [ $a = 7 ] && mkdir was && kill -KILL $$; echo $a; done"));
    ck_assert_uint_eq(run_items(20), 0);
    integers_are(0, 20, 0);
    leave_form();
}
END_TEST

START_TEST(program_that_never_starts_well_fails_items_not_the_run)
{
    enter_form(PE_FORM_COMMAND);
    open_command("(int64) -> int64", WORDS("sh", "-c", "echo wrong option >&2; exit 2"));
    ck_assert_uint_eq(run_items(3), 3);
    check_failed(2, 2, "exit 2: wrong option");
    leave_form();
}
END_TEST

START_TEST(line_that_hangs_is_late_and_the_rest_goes_on)
{
    const uint64_t begin = pe_clock_ns();
    enter_form(PE_FORM_COMMAND);
    form_spec.timeout_ns = SECOND;
    open_command("(int64) -> int64", WORDS("sh", "-c", "while read -r a; do [ $a = 7 ] && sleep 600; echo $a; done"));
    ck_assert_uint_eq(run_items(20), 1);
    check_failed(0, 7, "timeout after 1 s");
    integers_are(8, 20, 0);
    ck_assert_uint_lt(pe_clock_ns() - begin, 100 * SECOND);
    leave_form();
}
END_TEST

START_TEST(items_of_one_process_are_limited)
{
    enter_form(PE_FORM_COMMAND);
    form_spec.max_items_per_worker = 3;
    open_command("(int64) -> int64", WORDS("sh", "-c", "n=0; while read -r a; do n=$((n+1)); echo $n; done"));
    ck_assert_uint_eq(run_items(7), 0);
    static const int64_t expected[] = {1, 2, 3, 1, 2, 3, 1};
    ck_assert_int_eq(memcmp(form_out[0].integers, expected, sizeof expected), 0);
    leave_form();
}
END_TEST

START_TEST(program_is_found_beside_the_job)
{
    enter_form(PE_FORM_COMMAND);
    write_program("double", "#!/bin/sh\nwhile read -r a; do echo $((2*a)); done\n");
    ck_assert_int_eq(chdir("/"), 0);
    open_command("(int64) -> int64", WORDS("./double"));
    ck_assert_uint_eq(run_items(3), 0);
    ck_assert_int_eq(form_out[0].integers[2], 4);
    leave_form();
}
END_TEST

START_TEST(stop_ends_a_program_that_hangs)
{
    static const atomic_bool stop = true;
    enter_form(PE_FORM_COMMAND);
    form_spec.stop = &stop;
    open_command("(int64) -> int64", WORDS("sleep", "60"));
    ck_assert_uint_eq(run_items(3), 0); /* and nobody looks at the results */
    leave_form();
}
END_TEST

UNIT_MAIN("command_form", program_that_is_none_is_refused, no_word_at_all_is_refused, lines_are_answered_by_position,
          program_that_keeps_its_answers_is_not_waited_for_forever, last_line_needs_no_newline,
          arguments_are_fields_as_repr_prints_them, results_are_fields_too, text_that_is_no_line_fails_its_item,
          items_that_are_no_lines_at_all_need_no_program, program_that_ends_early_fails_what_it_did_not_answer,
          fewer_answers_than_lines_fail_all_of_them, more_answers_than_lines_end_the_kernel,
          line_too_many_between_batches_ends_the_kernel, line_that_ends_the_program_is_found,
          line_that_ends_a_program_that_keeps_its_answers_is_found, program_that_dies_once_costs_no_item,
          program_that_never_starts_well_fails_items_not_the_run, line_that_hangs_is_late_and_the_rest_goes_on,
          items_of_one_process_are_limited, program_is_found_beside_the_job, stop_ends_a_program_that_hangs)
