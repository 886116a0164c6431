/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_job.c - what is read from a job file.
 */
#include <math.h>

#include "job_helpers.h"

START_TEST(smallest_job_gets_the_defaults)
{
    pe_job *job = read_job(RANGE KERNEL);
    ck_assert_str_eq(job->file, "dir/job.toml");
    ck_assert_str_eq(job->directory, "dir");
    ck_assert_str_eq(job->name, "job");
    ck_assert_str_eq(job->mode, "map");
    ck_assert_int_eq(job->order, PE_ORDER_WHOLE);
    ck_assert(!job->is_star);
    ck_assert_int_eq(job->combine, PE_COMBINE_ZIP);
    ck_assert_int_eq(job->input_count, 1);
    ck_assert_int_eq(job->inputs[0].kind, PE_SOURCE_RANGE);
    ck_assert(!job->inputs[0].has_first && !job->inputs[0].has_count && !job->inputs[0].has_dtype);
    ck_assert_str_eq(job->kernel.name, "square");
    ck_assert_str_eq(job->kernel.where, "dir/job.toml:2:15: kernel.name");
    ck_assert_ptr_null(job->kernel.signature);
    ck_assert_str_eq(job->output.where, "dir/job.toml: output");
    ck_assert_str_eq(job->output.path, "-");
    ck_assert_int_eq(job->output.format, PE_FORMAT_TXT);
    ck_assert(!job->output.has_dtype && !job->output.has_index);
    ck_assert_int_eq(job->output.name_count, 0);
    ck_assert_uint_eq(job->pool.threads, 0);
    ck_assert_uint_eq(job->pool.chunk_size, 0);
    ck_assert_int_eq(job->pool.schedule, PE_SCHEDULE_AUTO);
    ck_assert_uint_eq(job->pool.memory_bytes, 268435456u);
    pe_job_free(job);
}
END_TEST

START_TEST(full_job_is_read)
{
    pe_job *job = read_job("mode = \"istarmap_unordered\"\nname = \"all\"\ncombine = \"product\"\n"
                           "[[input]]\nrange = [0, 10, 2]\ndtype = \"int32\"\nfirst = 1\ncount = 3\n"
                           "[[input]]\npath = \"x.tsv\"\nformat = \"csv\"\nheader = false\ncolumns = [\"a\", \"b\"]\n"
                           "[kernel]\nname = \"f\"\nsignature = \"(int64) -> int64\"\n"
                           "[output]\npath = \"o.npy\"\nformat = \"raw\"\ndtype = \"float32\"\nindex = true\n"
                           "names = [\"p\", \"q\"]\n"
                           "[pool]\nthreads = 8\nchunk_size = 1000\nschedule = \"dynamic\"\nmemory = \"1 GiB\"\n");
    ck_assert_str_eq(job->mode, "istarmap_unordered");
    ck_assert_int_eq(job->order, PE_ORDER_UNORDERED);
    ck_assert(job->is_star);
    ck_assert_str_eq(job->name, "all");
    ck_assert_int_eq(job->combine, PE_COMBINE_PRODUCT);
    ck_assert_int_eq(job->input_count, 2);
    const pe_source_spec *a = &job->inputs[0], *b = &job->inputs[1];
    ck_assert_str_eq(a->where, "dir/job.toml:4:1: input 1");
    ck_assert_str_eq(b->where, "dir/job.toml:9:1: input 2");
    ck_assert(a->step.integer == 2);
    ck_assert(a->has_dtype && a->dtype.dtype == PE_INT32 && a->dtype.width == 0);
    ck_assert(a->has_first && a->first == 1 && a->has_count && a->count == 3);
    ck_assert_int_eq(b->kind, PE_SOURCE_FILE);
    ck_assert_str_eq(b->path, "x.tsv");
    ck_assert_int_eq(b->format, PE_FORMAT_CSV);
    ck_assert(!b->header);
    ck_assert_int_eq(b->column_count, 2);
    ck_assert_str_eq(b->columns[0].name, "a");
    ck_assert_str_eq(b->columns[1].name, "b");
    ck_assert_str_eq(job->kernel.signature, "(int64) -> int64");
    ck_assert_str_eq(job->output.where, "dir/job.toml:17:1: output");
    ck_assert_int_eq(job->output.format, PE_FORMAT_RAW);
    ck_assert(job->output.has_dtype && job->output.dtype == PE_FLOAT32 && job->output.has_index);
    ck_assert_int_eq(job->output.name_count, 2);
    ck_assert_str_eq(job->output.names[1], "q");
    ck_assert_uint_eq(job->pool.threads, 8);
    ck_assert_uint_eq(job->pool.chunk_size, 1000);
    ck_assert_int_eq(job->pool.schedule, PE_SCHEDULE_DYNAMIC);
    ck_assert_uint_eq(job->pool.memory_bytes, 1073741824u);
    pe_job_free(job);
}
END_TEST

START_TEST(each_mode_has_its_order)
{
    const struct {
        const char *mode;
        pe_order order;
        bool is_star;
    } rows[] = {{"map", PE_ORDER_WHOLE, false},
                {"imap", PE_ORDER_STREAM, false},
                {"imap_unordered", PE_ORDER_UNORDERED, false},
                {"starmap", PE_ORDER_WHOLE, true},
                {"istarmap", PE_ORDER_STREAM, true},
                {"istarmap_unordered", PE_ORDER_UNORDERED, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        snprintf(text, sizeof text, "mode = \"%s\"\n" RANGE KERNEL, rows[i].mode);
        pe_job *job = read_job(text);
        ck_assert_str_eq(job->mode, rows[i].mode);
        ck_assert_int_eq(job->order, rows[i].order);
        ck_assert_int_eq(job->is_star, rows[i].is_star);
        pe_job_free(job);
    }
}
END_TEST

START_TEST(each_format_is_read)
{
    const char *const names[] = {"npy", "csv", "tsv", "txt", "raw", "digest", "null"};
    const pe_format formats[] = {PE_FORMAT_NPY, PE_FORMAT_CSV,    PE_FORMAT_TSV, PE_FORMAT_TXT,
                                 PE_FORMAT_RAW, PE_FORMAT_DIGEST, PE_FORMAT_NULL};
    for (size_t i = 0; i < 7; i++) {
        char text[200];
        snprintf(text, sizeof text, RANGE KERNEL "output.format = \"%s\"\n", names[i]);
        pe_job *job = read_job(text);
        ck_assert_int_eq(job->output.format, formats[i]);
        pe_job_free(job);
        if (i >= 5)
            continue;
        snprintf(text, sizeof text, "path = \"x\"\nformat = \"%s\"", names[i]);
        job = read_input(text);
        ck_assert_int_eq(job->inputs[0].format, formats[i]);
        pe_job_free(job);
    }
}
END_TEST

START_TEST(range_keeps_integers_exact)
{
    pe_job *job = read_input("range = [-9223372036854775808, \"9223372036854775808\", \"9223372036854775807\"]");
    const pe_source_spec *input = &job->inputs[0];
    ck_assert_int_eq(input->start.dtype, PE_INT64);
    ck_assert(input->start.integer == INT64_MIN);
    ck_assert_int_eq(input->stop.dtype, PE_INT128); /* 2^63 */
    ck_assert(input->stop.integer == (pe_int128)INT64_MAX + 1);
    ck_assert_int_eq(input->step.dtype, PE_INT64); /* fits, though it came in quotes */
    ck_assert(input->step.integer == INT64_MAX);
    pe_job_free(job);
    job = read_input(
        "range = [\"-170141183460469231731687303715884105728\", \"-170141183460469231731687303715884105720\"]");
    ck_assert(job->inputs[0].start.integer == PE_INT128_MIN);
    ck_assert(job->inputs[0].stop.integer == PE_INT128_MIN + 8);
    ck_assert(job->inputs[0].step.integer == 1);
    pe_job_free(job);
}
END_TEST

START_TEST(range_of_mixed_numbers_is_all_floats)
{
    pe_job *job = read_input("range = [0, 1, 0.25]");
    ck_assert_int_eq(job->inputs[0].start.dtype, PE_FLOAT64);
    ck_assert_int_eq(job->inputs[0].stop.dtype, PE_FLOAT64);
    ck_assert_int_eq(job->inputs[0].step.dtype, PE_FLOAT64);
    ck_assert(job->inputs[0].stop.real == 1.0 && job->inputs[0].step.real == 0.25);
    pe_job_free(job);
    job = read_input("range = [0.5, 4]"); /* the step of 1 is a float too */
    ck_assert_int_eq(job->inputs[0].step.dtype, PE_FLOAT64);
    ck_assert(job->inputs[0].step.real == 1.0 && job->inputs[0].stop.real == 4.0);
    pe_job_free(job);
}
END_TEST

START_TEST(empty_range_is_fine)
{
    pe_job_free(read_input("range = [5, 5]"));
    pe_job_free(read_input("range = [5, 5, -1]"));
    pe_job_free(read_input("range = [0.5, 0.5, 0.1]"));
    pe_job_free(read_input("linspace = [0, 1, 0]"));
}
END_TEST

START_TEST(range_down_is_read)
{
    pe_job *job = read_input("range = [10, 0, -3]");
    ck_assert(job->inputs[0].step.integer == -3);
    pe_job_free(job);
    pe_job_free(
        read_input("range = [\"170141183460469231731687303715884105727\", \"-170141183460469231731687303715884105728\","
                   " \"-170141183460469231731687303715884105728\"]"));
}
END_TEST

START_TEST(linspace_is_read)
{
    pe_job *job = read_input("linspace = [0, 2.5, 7]");
    ck_assert_int_eq(job->inputs[0].kind, PE_SOURCE_LINSPACE);
    ck_assert(job->inputs[0].first_value == 0.0 && job->inputs[0].last_value == 2.5);
    ck_assert_uint_eq(job->inputs[0].points, 7);
    pe_job_free(job);
}
END_TEST

START_TEST(value_of_each_type_is_read)
{
    pe_job *job = read_input("value = -3");
    ck_assert(job->inputs[0].value.dtype == PE_INT64 && job->inputs[0].value.integer == -3);
    pe_job_free(job);
    job = read_input("value = 0.5");
    ck_assert(job->inputs[0].value.dtype == PE_FLOAT64 && job->inputs[0].value.real == 0.5);
    pe_job_free(job);
    job = read_input("value = nan");
    ck_assert(job->inputs[0].value.dtype == PE_FLOAT64 && isnan(job->inputs[0].value.real));
    pe_job_free(job);
    job = read_input("value = true");
    ck_assert(job->inputs[0].value.dtype == PE_BOOL && job->inputs[0].value.integer == 1);
    pe_job_free(job);
    job = read_input("value = \"a\\u0000b\"");
    ck_assert(job->inputs[0].value.dtype == PE_TEXT && job->inputs[0].value.text.size == 3);
    ck_assert_int_eq(memcmp(job->inputs[0].value.text.data, "a\0b", 4), 0);
    pe_job_free(job);
    job = read_input("value = \"\"");
    ck_assert(job->inputs[0].value.dtype == PE_TEXT && job->inputs[0].value.text.size == 0);
    pe_job_free(job);
}
END_TEST

START_TEST(columns_by_number_are_read)
{
    pe_job *job = read_input("path = \"x.npy\"\ncolumns = [2, 0]");
    ck_assert_int_eq(job->inputs[0].column_count, 2);
    ck_assert_ptr_null(job->inputs[0].columns[0].name);
    ck_assert_uint_eq(job->inputs[0].columns[0].number, 2);
    ck_assert_uint_eq(job->inputs[0].columns[1].number, 0);
    pe_job_free(job);
}
END_TEST

START_TEST(header_is_true_unless_said)
{
    pe_job *job = read_input("path = \"x.csv\"");
    ck_assert(job->inputs[0].header);
    pe_job_free(job);
    job = read_input("path = \"-\"\nheader = false"); /* stdin: the format is not known yet */
    ck_assert(!job->inputs[0].header);
    pe_job_free(job);
}
END_TEST

START_TEST(vector_dtype_of_an_input_is_read)
{
    pe_job *job = read_input("path = \"x.raw\"\ndtype = \"float64[3]\"");
    ck_assert(job->inputs[0].dtype.dtype == PE_FLOAT64 && job->inputs[0].dtype.width == 3);
    pe_job_free(job);
}
END_TEST

START_TEST(memory_in_each_unit_is_read)
{
    const struct {
        const char *text;
        uint64_t bytes;
    } rows[] = {{"1", 1},
                {"1048576", 1048576},
                {"\"4096\"", 4096},
                {"\"4096 B\"", 4096},
                {"\"100 kB\"", 100000},
                {"\"100KB\"", 100000},
                {"\"64 MB\"", 64000000},
                {"\"2 GB\"", 2000000000},
                {"\"1 TB\"", 1000000000000},
                {"\"1 KiB\"", 1024},
                {"\"256 MiB\"", 268435456},
                {"\"1.5 GiB\"", 1610612736},
                {"\"1024 TiB\"", 1125899906842624}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[200];
        snprintf(text, sizeof text, RANGE KERNEL "pool.memory = %s\n", rows[i].text);
        pe_job *job = read_job(text);
        ck_assert_msg(job->pool.memory_bytes == rows[i].bytes, "%s", rows[i].text);
        pe_job_free(job);
    }
}
END_TEST

START_TEST(bounds_themselves_are_valid)
{
    pe_job *job = read_job(RANGE KERNEL "pool.threads = 4096\npool.chunk_size = 1099511627776\n");
    ck_assert_uint_eq(job->pool.threads, 4096);
    ck_assert_uint_eq(job->pool.chunk_size, 1099511627776u);
    pe_job_free(job);
    pe_job_free(read_job(RANGE KERNEL "pool.threads = 1\npool.chunk_size = 1\ninput.first = 0\ninput.count = 0\n"));
}
END_TEST

START_TEST(single_input_is_read_in_every_spelling)
{
    const char *const texts[] = {"[input]\nrange = [0, 3]\n", "[[input]]\nrange = [0, 3]\n",
                                 "input = {range = [0, 3]}\n", "input = [{range = [0, 3]}]\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[200];
        snprintf(text, sizeof text, KERNEL "%s", texts[i]);
        pe_job *job = read_job(text);
        ck_assert_int_eq(job->input_count, 1);
        ck_assert_str_eq(strrchr(job->inputs[0].where, ' '), " input");
        pe_job_free(job);
    }
}
END_TEST

START_TEST(name_and_directory_come_from_the_file)
{
    const char *const rows[][3] = {{"squares.toml", "squares", "."},
                                   {"/squares.toml", "squares", "/"},
                                   {"/a/b/s.v2.toml", "s.v2", "/a/b"},
                                   {"a/.toml", ".toml", "a"},
                                   {"-", "stdin", "."}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pe_error err = PE_ERROR_INIT;
        pe_job *job = NULL;
        ck_ok(pe_job_read(rows[i][0], RANGE KERNEL, strlen(RANGE KERNEL), NULL, 0, &job, &err), err);
        ck_assert_str_eq(job->file, rows[i][0]);
        ck_assert_str_eq(job->name, rows[i][1]);
        ck_assert_str_eq(job->directory, rows[i][2]);
        pe_job_free(job);
    }
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_assert_int_eq(pe_job_read("-", "x = 1", 5, NULL, 0, &job, &err), PE_ECONFIG);
    check_message(&err, "stdin:1:1: unknown key \"x\"...");
}
END_TEST

UNIT_MAIN("job", smallest_job_gets_the_defaults, full_job_is_read, each_mode_has_its_order, each_format_is_read,
          range_keeps_integers_exact, range_of_mixed_numbers_is_all_floats, empty_range_is_fine, range_down_is_read,
          linspace_is_read, value_of_each_type_is_read, columns_by_number_are_read, header_is_true_unless_said,
          vector_dtype_of_an_input_is_read, memory_in_each_unit_is_read, bounds_themselves_are_valid,
          single_input_is_read_in_every_spelling, name_and_directory_come_from_the_file)
