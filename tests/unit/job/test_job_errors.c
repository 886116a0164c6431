/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_job_errors.c - the [errors] table: what its keys take, and that it prints.
 */
#include <math.h>

#include "job_helpers.h"

/* The text stands in line 4. */
static void in_errors(const char *kernel, const char *errors, char out[2000])
{
    snprintf(out, 2000, RANGE "%s\n[errors]\n%s\n", kernel, errors);
}

#define NATIVE "kernel.name = \"square\""
#define PYTHON "kernel.python = \"f.py:f\""

static pe_job *read_errors(const char *errors)
{
    char text[2000];
    in_errors(PYTHON, errors, text);
    return read_job(text);
}

static pe_job *read_errors_again(const char *errors)
{
    char text[2000];
    in_errors(PYTHON, errors, text);
    return read_again(text);
}

static void refuse_errors(const char *errors, const char *expected)
{
    char text[2000];
    in_errors(PYTHON, errors, text);
    refuse(text, expected);
}

START_TEST(job_without_the_table_stops_at_the_first_failure)
{
    pe_job *job = read_job(RANGE KERNEL);
    ck_assert_str_eq(job->errors.where, "dir/job.toml: errors");
    ck_assert_int_eq(job->errors.policy, PE_ON_ERROR_STOP);
    ck_assert(job->errors.fill_count == 0 && !job->errors.max_failures.is_given);
    ck_assert_uint_eq(job->errors.retries, 0);
    ck_assert_uint_eq(job->errors.timeout_ns, 0);
    ck_assert_ptr_null(job->errors.log);
    pe_job_free(job);
}
END_TEST

START_TEST(full_table_is_read_and_printed)
{
    pe_job *job = read_errors("on_error = \"fill\"\nfill = -1\nretries = 1000\ntimeout = \"2 min\"\n"
                              "max_failures = 9223372036854775807\nlog = \"failed.csv\"");
    ck_assert_str_eq(job->errors.where, "dir/job.toml:3:1: errors");
    ck_assert_int_eq(job->errors.policy, PE_ON_ERROR_FILL);
    ck_assert(job->errors.fill_count == 1 && job->errors.fill->dtype == PE_INT64 && job->errors.fill->integer == -1);
    ck_assert_uint_eq(job->errors.retries, 1000);
    ck_assert_uint_eq(job->errors.timeout_ns, 120000000000);
    ck_assert(job->errors.max_failures.is_given && !job->errors.max_failures.is_share);
    ck_assert_uint_eq(job->errors.max_failures.count, INT64_MAX);
    ck_assert_str_eq(job->errors.log, "failed.csv");
    char *text = print_job(job);
    ck_assert_str_eq(strstr(text, "\n[errors]"),
                     "\n[errors]\non_error = \"fill\"\nfill = -1\nretries = 1000\ntimeout = \"2 min\"\n"
                     "max_failures = 9223372036854775807\nlog = \"failed.csv\"\n"
                     "\n[checkpoint]\nenabled = true\ninterval = \"30 s\"\nkeep = false\n");
    free(text);
    pe_job_free(job);
}
END_TEST

START_TEST(each_policy_is_read)
{
    const char *const names[] = {"stop", "skip", "fill"};
    const pe_on_error policies[] = {PE_ON_ERROR_STOP, PE_ON_ERROR_SKIP, PE_ON_ERROR_FILL};
    for (size_t i = 0; i < 3; i++) {
        char errors[100];
        snprintf(errors, sizeof errors, "on_error = \"%s\"", names[i]);
        pe_job *job = read_errors_again(errors);
        ck_assert_int_eq(job->errors.policy, policies[i]);
        ck_assert(job->errors.fill_count == 0);
        pe_job_free(job);
    }
    refuse_errors("on_error = \"ignore\"",
                  "job.toml:4:12: errors.on_error: expected \"stop\", \"skip\" or \"fill\", got \"ignore\"");
}
END_TEST

START_TEST(fill_of_each_type_is_read)
{
    pe_job *job = read_errors_again("on_error = \"fill\"\nfill = nan");
    ck_assert(job->errors.fill->dtype == PE_FLOAT64 && isnan(job->errors.fill->real));
    pe_job_free(job);
    job = read_errors_again("on_error = \"fill\"\nfill = true");
    ck_assert(job->errors.fill->dtype == PE_BOOL && job->errors.fill->integer == 1);
    pe_job_free(job);
    job = read_errors_again("on_error = \"fill\"\nfill = \"\"");
    ck_assert(job->errors.fill_count == 1 && job->errors.fill->dtype == PE_TEXT && job->errors.fill->text.size == 0);
    pe_job_free(job);
    job = read_errors_again("on_error = \"fill\"\nfill = [1, \"a\"]");
    ck_assert(job->errors.fill_count == 2 && job->errors.fill->integer == 1 && job->errors.fill[1].dtype == PE_TEXT);
    pe_job_free(job);
    refuse_errors("on_error = \"fill\"\nfill = [[1]]",
                  "job.toml:5:9: errors.fill: expected a number, true, false or a string, or an array of them, one per "
                  "result, got [1]");
}
END_TEST

START_TEST(key_without_effect_under_the_policy_is_refused)
{
    refuse_errors("fill = 0", "job.toml:4:8: errors.fill: means nothing without on_error = \"fill\"");
    refuse_errors("on_error = \"skip\"\nfill = 0", "job.toml:5:8: errors.fill: means nothing ...");
    refuse_errors(
        "max_failures = 3",
        "job.toml:4:16: errors.max_failures: means nothing with on_error = \"stop\", which ends at the first; "
        "expected on_error = \"skip\" or \"fill\"");
    pe_job_free(read_errors("on_error = \"skip\"\nmax_failures = 3"));
}
END_TEST

START_TEST(timeout_of_workers_that_cannot_be_ended_is_refused)
{
    const char *const valid[] = {PYTHON, "kernel.command = [\"wc\"]", NATIVE "\nkernel.isolate = true",
                                 "kernel.expr = \"x\"\nkernel.isolate = true"};
    const char *const refused[] = {NATIVE, NATIVE "\nkernel.isolate = false", "kernel.expr = \"x\"",
                                   "kernel.plugin = \"f.so\""};
    char text[2000];
    for (size_t i = 0; i < 4; i++) {
        in_errors(valid[i], "timeout = 5", text);
        pe_job_free(read_job(text));
        pe_error err = PE_ERROR_INIT;
        pe_job *job = NULL;
        in_errors(refused[i], "timeout = 5", text);
        ck_assert_int_eq(pe_job_read("job.toml", text, strlen(text), NULL, 0, &job, &err), PE_ECONFIG);
        ck_assert_ptr_nonnull(strstr(err.text, "errors.timeout: needs workers that can be ended: a python or command "
                                               "kernel, or kernel.isolate = true"));
    }
}
END_TEST

START_TEST(timeout_in_each_unit_is_read_and_printed)
{
    const struct {
        const char *text;
        uint64_t ns;
        const char *printed;
    } rows[] = {{"5", 5000000000, "5 s"},
                {"0.5", 500000000, "500 ms"},
                {"1e-9", 1, "1 ns"},
                {"8640000", 8640000000000000, "2400 h"},
                {"\"5 s\"", 5000000000, "5 s"},
                {"\"5s\"", 5000000000, "5 s"},
                {"\"1.5 s\"", 1500000000, "1500 ms"},
                {"\"200 ms\"", 200000000, "200 ms"},
                {"\"250 us\"", 250000, "250 us"},
                {"\"7 ns\"", 7, "7 ns"},
                {"\"2 min\"", 120000000000, "2 min"},
                {"\"90 min\"", 5400000000000, "90 min"},
                {"\"1 h\"", 3600000000000, "1 h"},
                {"\"3\"", 3000000000, "3 s"},
                {"\"0.1 s\"", 100000000, "100 ms"},
                {"\"8639999999999999 ns\"", 8639999999999999, "8639999999999999 ns"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char errors[100], line[100];
        snprintf(errors, sizeof errors, "timeout = %s", rows[i].text);
        pe_job *job = read_errors_again(errors);
        ck_assert_msg(job->errors.timeout_ns == rows[i].ns, "%s", rows[i].text);
        char *text = print_job(job);
        snprintf(line, sizeof line, "\ntimeout = \"%s\"\n", rows[i].printed);
        ck_assert_msg(strstr(text, line) != NULL, "%s: %s", rows[i].text, text);
        free(text);
        pe_job_free(job);
    }
}
END_TEST

START_TEST(timeout_that_is_no_time_is_refused)
{
    refuse_errors(
        "timeout = \"soon\"",
        "job.toml:4:11: errors.timeout: expected a time of at most 100 days such as \"5 s\", \"200 ms\" or \"2 "
        "min\", or seconds above 0, got \"soon\"");
    const char *const times[] = {"0",       "-1",         "0.0",       "nan",      "inf",         "1e-10", "\"0 s\"",
                                 "\"\"",    "\"s\"",      "\"1 day\"", "\"-1 s\"", "\"1.2.3 s\"", "true",  "[5]",
                                 "8640001", "\"2401 h\"", "\"5 s \"",  "\"5 S\"",  "\"nan s\"",   "1e300"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char errors[100];
        snprintf(errors, sizeof errors, "timeout = %s", times[i]);
        refuse_errors(errors, "job.toml:4:11: errors.timeout: expected a time ...");
    }
}
END_TEST

START_TEST(share_of_failures_is_read_and_printed)
{
    const struct {
        const char *text;
        double share;
        const char *printed;
    } rows[] = {{"1 %", 0.01, "1 %"},
                {"7%", 0.07, "7 %"},
                {"0.1 %", 0.001, "0.1 %"},
                {"100 %", 1, "100 %"},
                {"0 %", 0, "0 %"},
                {"33.3 %", 0.333, "33.3 %"},
                {"1e-05 %", 1e-7, "1e-05 %"},
                {"99.99999 %", 0.9999999, "99.99999 %"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char errors[100], line[100];
        snprintf(errors, sizeof errors, "on_error = \"skip\"\nmax_failures = \"%s\"", rows[i].text);
        pe_job *job = read_errors_again(errors);
        ck_assert(job->errors.max_failures.is_given && job->errors.max_failures.is_share);
        ck_assert_msg(job->errors.max_failures.share == rows[i].share, "%s", rows[i].text);
        char *text = print_job(job);
        snprintf(line, sizeof line, "\nmax_failures = \"%s\"\n", rows[i].printed);
        ck_assert_msg(strstr(text, line) != NULL, "%s: %s", rows[i].text, text);
        free(text);
        pe_job_free(job);
    }
}
END_TEST

START_TEST(failures_that_are_no_number_are_refused)
{
    refuse_errors("on_error = \"skip\"\nmax_failures = \"few\"",
                  "job.toml:5:16: errors.max_failures: expected a number of items, 0 or more, or a share such as \"1 "
                  "%\", got \"few\"");
    const char *const values[] = {"-1",       "1.5",       "\"10\"",         "\"%\"", "\"101 %\"", "\"-1 %\"",
                                  "\"1 %%\"", "\"nan %\"", "\"100.0001 %\"", "true",  "\"\"",      "[1]"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char errors[100];
        snprintf(errors, sizeof errors, "on_error = \"skip\"\nmax_failures = %s", values[i]);
        refuse_errors(errors, "job.toml:5:16: errors.max_failures: expected a number ...");
    }
}
END_TEST

START_TEST(retries_and_log_are_judged)
{
    refuse_errors("retries = -1", "job.toml:4:11: errors.retries: expected an integer, 0 to 1000, got -1");
    refuse_errors("retries = 1001", "job.toml:4:11: errors.retries: ...");
    refuse_errors("log = \"\"", "job.toml:4:7: errors.log: expected a string that is not empty, got \"\"");
    refuse_errors("retry = 1",
                  "job.toml:4:1: unknown key \"errors.retry\"; valid in [errors]: on_error, fill, retries, timeout, "
                  "max_failures, log");
    refuse("errors = 3\n", "job.toml:1:1: errors: expected a table, such as [errors], got 3");
}
END_TEST

START_TEST(override_reaches_the_table)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_ok(read_with(RANGE KERNEL, "errors.retries", "2", &job, &err), err);
    ck_assert_uint_eq(job->errors.retries, 2);
    pe_job_free(job);
    refuse_set("errors.retrys", "2",
               "--set errors.retrys=2: unknown key \"errors.retrys\"; did you mean \"errors.retries\"?");
    refuse_set("errors.fill", "0", "--set errors.fill=0: errors.fill: means nothing without on_error = \"fill\"");
    refuse_set("errors.timeout", "\"5 s\"", "--set errors.timeout=\"5 s\": errors.timeout: needs workers ...");
}
END_TEST

UNIT_MAIN("job_errors", job_without_the_table_stops_at_the_first_failure, full_table_is_read_and_printed,
          each_policy_is_read, fill_of_each_type_is_read, key_without_effect_under_the_policy_is_refused,
          timeout_of_workers_that_cannot_be_ended_is_refused, timeout_in_each_unit_is_read_and_printed,
          timeout_that_is_no_time_is_refused, share_of_failures_is_read_and_printed,
          failures_that_are_no_number_are_refused, retries_and_log_are_judged, override_reaches_the_table)
