/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_job_reduce.c - [reduce] of a job file: read, refused, overridden, printed.
 */
#include "job_helpers.h"

#define SUM RANGE KERNEL "reduce.op = \"sum\"\n"

START_TEST(job_without_reduce_has_no_operation)
{
    pe_job *job = read_job(RANGE KERNEL);
    ck_assert_int_eq(job->op_count, 0);
    ck_assert_str_eq(job->output.where, "dir/job.toml: output");
    pe_job_free(job);
}
END_TEST

START_TEST(one_word_is_one_operation)
{
    pe_job *job = read_job(RANGE KERNEL "[reduce]\nop = \"mean\"\n");
    ck_assert_int_eq(job->op_count, 1);
    ck_assert_int_eq(job->ops[0], PE_REDUCE_MEAN);
    ck_assert_str_eq(job->output.where, "dir/job.toml:3:1: reduce");
    ck_assert_str_eq(job->output.path, "-");
    ck_assert_int_eq(job->output.format, PE_FORMAT_TXT);
    pe_job_free(job);
}
END_TEST

START_TEST(operations_keep_their_order)
{
    static const pe_reduce_op expected[] = {PE_REDUCE_COUNT, PE_REDUCE_MAX, PE_REDUCE_MIN, PE_REDUCE_MEAN,
                                            PE_REDUCE_SUM};
    pe_job *job = read_job(RANGE KERNEL "[reduce]\nop = [\"count\", \"max\", \"min\", \"mean\", \"sum\"]\n"
                                        "path = \"x.tsv\"\nformat = \"csv\"\nnames = [\"a\", \"b\"]\n");
    ck_assert_int_eq(job->op_count, 5);
    ck_assert_mem_eq(job->ops, expected, sizeof expected);
    ck_assert_str_eq(job->output.path, "x.tsv");
    ck_assert_int_eq(job->output.format, PE_FORMAT_CSV);
    ck_assert_int_eq(job->output.name_count, 2);
    pe_job_free(job);
}
END_TEST

START_TEST(formats_are_their_own)
{
    static const struct {
        const char *text;
        pe_format format;
    } rows[] = {{"csv", PE_FORMAT_CSV}, {"tsv", PE_FORMAT_TSV}, {"txt", PE_FORMAT_TXT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        snprintf(text, sizeof text, SUM "reduce.format = \"%s\"\n", rows[i].text);
        pe_job *job = read_job(text);
        ck_assert_int_eq(job->output.format, rows[i].format);
        pe_job_free(job);
    }
}
END_TEST

START_TEST(wrong_reductions_are_refused)
{
    const char *const valid = "expected \"sum\", \"min\", \"max\", \"mean\", \"count\", \"var\", \"std\", \"argmin\" "
                              "or \"argmax\", or an array of some, each once, got";
    char expected[300];
    snprintf(expected, sizeof expected, "job.toml:3:13: reduce.op: %s \"total\"", valid);
    refuse(RANGE KERNEL "reduce.op = \"total\"\n", expected);
    snprintf(expected, sizeof expected, "job.toml:3:21: reduce.op: %s 3", valid);
    refuse(RANGE KERNEL "reduce.op = [\"sum\", 3]\n", expected);
    snprintf(expected, sizeof expected, "job.toml:3:13: reduce.op: %s []", valid);
    refuse(RANGE KERNEL "reduce.op = []\n", expected);
    refuse(RANGE KERNEL "reduce.op = [\"sum\", \"max\", \"sum\"]\n",
           "job.toml:3:28: reduce.op: expected each once, got \"sum\" again");
    refuse(RANGE KERNEL "[reduce]\npath = \"x.csv\"\n",
           "job.toml:3:1: reduce: expected what to reduce the items to, such as op = [\"sum\", \"count\"]");
    refuse(SUM "output.path = \"x.npy\"\n", "job.toml:3:1: reduce: a job has [output] or [reduce], not both: a "
                                            "reduction's values go to reduce.path");
    refuse(RANGE KERNEL "reduce = \"sum\"\n", "job.toml:3:1: reduce: expected a table, such as [reduce], got \"sum\"");
    refuse(SUM "reduce.index = true\n", "job.toml:4:8: unknown key \"reduce.index\"; did you mean \"output.index\"?");
    refuse(SUM "reduce.format = \"npy\"\n",
           "job.toml:4:17: reduce.format: expected \"csv\", \"tsv\" or \"txt\", got \"npy\"");
}
END_TEST

START_TEST(output_path_of_the_command_line_is_the_reductions)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_ok(read_with(SUM, "output.path", "\"x.csv\"", &job, &err), err);
    ck_assert_str_eq(job->output.path, "x.csv");
    ck_assert_int_eq(job->op_count, 1);
    pe_job_free(job);
    ck_assert_int_eq(read_with(SUM, "output.index", "true", &job, &err), PE_ECONFIG);
}
END_TEST

START_TEST(reduction_is_set_from_the_command_line)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_ok(read_with(RANGE KERNEL, "reduce.op", "[\"max\"]", &job, &err), err);
    ck_assert_int_eq(job->ops[0], PE_REDUCE_MAX);
    pe_job_free(job);
    refuse_set("reduce.op", "sum",
               "--set reduce.op=sum: the value is not TOML: text stands in quotes: --set "
               "'reduce.op=\"sum\"'");
}
END_TEST

START_TEST(printed_reduction_reads_back)
{
    pe_job *job = read_job(RANGE KERNEL "[reduce]\nop = [\"min\", \"sum\"]\npath = \"x.csv\"\nnames = [\"a\"]\n");
    char *text = print_job(job);
    pe_job_free(job);
    ck_assert_ptr_nonnull(strstr(text, "\n[reduce]\nop = [\"min\", \"sum\"]\npath = \"x.csv\"\nformat = \"csv\"\n"
                                       "names = [\"a\"]\n\n[pool]\n"));
    ck_assert_ptr_null(strstr(text, "[output]"));
    job = read_job(text);
    ck_assert_int_eq(job->op_count, 2);
    ck_assert_int_eq(job->ops[1], PE_REDUCE_SUM);
    pe_job_free(job);
    free(text);
}
END_TEST

UNIT_MAIN("job_reduce", job_without_reduce_has_no_operation, one_word_is_one_operation, operations_keep_their_order,
          formats_are_their_own, wrong_reductions_are_refused, output_path_of_the_command_line_is_the_reductions,
          reduction_is_set_from_the_command_line, printed_reduction_reads_back)
