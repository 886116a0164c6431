/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_job_print.c - overrides of a job, and that what is printed reads back.
 */
#include "job/schema/schema.h"
#include "job_helpers.h"

START_TEST(override_that_is_wrong_is_a_usage_error)
{
    refuse_set("pool.thread", "8", "--set pool.thread=8: unknown key \"pool.thread\"; did you mean \"pool.threads\"?");
    refuse_set("pol.threads", "8", "--set pol.threads=8: unknown key \"pol\"; did you mean \"pool\"?");
    refuse_set("threads", "8", "--set threads=8: unknown key \"threads\"; did you mean \"pool.threads\"?");
    refuse_set("pool.threads", "0", "--set pool.threads=0: pool.threads: expected an integer, 1 to 4096, got 0");
    refuse_set("pool.threads", "many", "--set pool.threads=many: the value is not TOML: ...");
    refuse_set("pool", "3", "--set pool=3: pool: expected a table, such as [pool], got 3");
    refuse_set("pool", "{thread = 3}",
               "--set pool={thread = 3}: unknown key \"pool.thread\"; did you mean \"pool.threads\"?");
    refuse_set("input.range", "[0, 1, 0]",
               "--set input.range=[0, 1, 0]: input.range: expected a step that is not 0, got [0, 1, 0]");
    refuse_set("pool.threads", "8\nmode = \"imap\"", "--set pool.threads=8\nmode = \"imap\": expected one value");
    refuse_set("pool.threads.x", "8", "--set pool.threads.x=8: unknown key \"pool.threads.x\"...");
    refuse_set("mode.x", "8", "--set mode.x=8: unknown key \"mode\"...");
    refuse_set("pool.", "8", "--set pool.=8: unknown key \"pool.\"...");
    refuse_set("", "8", "--set =8: unknown key \"\"...");
}
END_TEST

START_TEST(override_without_quotes_is_refused_with_the_quoted_one)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_assert_int_eq(read_with(RANGE KERNEL, "output.path", "x.npy", &job, &err), PE_EUSAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "text stands in quotes: --set 'output.path=\"x.npy\"'"));
    err = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(read_with(RANGE KERNEL, "mode", "imap", &job, &err), PE_EUSAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "--set 'mode=\"imap\"'"));
}
END_TEST

START_TEST(override_replaces_and_adds)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    const pe_override all[] = {{"pool.threads", "2", "--threads 2"},
                               {"mode", "\"imap\"", "--set mode=\"imap\""},
                               {"input.range", "[0, 3]", "--set input.range=[0, 3]"},
                               {"pool.threads", "5", "--threads 5"}};
    ck_ok(pe_job_read("job.toml", RANGE KERNEL, strlen(RANGE KERNEL), all, 4, &job, &err), err);
    ck_assert_uint_eq(job->pool.threads, 5);
    ck_assert_str_eq(job->mode, "imap");
    ck_assert(job->inputs[0].stop.integer == 3);
    pe_job_free(job);
}
END_TEST

START_TEST(override_reaches_inputs_by_number)
{
    const char *const text = "mode = \"starmap\"\n" KERNEL "[[input]]\nrange = [0, 1]\n[[input]]\nrange = [0, 1]\n";
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_ok(read_with(text, "input.1.range", "[5, 9]", &job, &err), err);
    ck_assert(job->inputs[0].stop.integer == 1);
    ck_assert(job->inputs[1].stop.integer == 9);
    pe_job_free(job);
    ck_assert_int_eq(read_with(text, "input.2.range", "[5, 9]", &job, &err), PE_EUSAGE);
    err = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(read_with(text, "input.range", "[5, 9]", &job, &err), PE_EUSAGE);
    err = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(read_with(text, "input.1.rnge", "[5, 9]", &job, &err), PE_EUSAGE);
    check_message(&err, "--set input.1.rnge=[5, 9]: unknown key \"input.rnge\"; did you mean \"input.range\"?");
}
END_TEST

START_TEST(override_fills_an_empty_file)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    const pe_override all[] = {{"kernel.name", "\"cube\"", "--set kernel.name=\"cube\""},
                               {"input.linspace", "[0, 1, 5]", "--set input.linspace=[0, 1, 5]"}};
    ck_ok(pe_job_read("job.toml", "", 0, all, 2, &job, &err), err);
    ck_assert_str_eq(job->kernel.name, "cube");
    ck_assert_str_eq(job->kernel.where, "--set kernel.name=\"cube\": kernel.name");
    ck_assert_uint_eq(job->inputs[0].points, 5);
    pe_job_free(job);
}
END_TEST

START_TEST(file_error_stays_a_file_error_beside_overrides)
{
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_assert_int_eq(read_with(RANGE KERNEL "pool.chunk_size = -3\n", "pool.threads", "2", &job, &err), PE_ECONFIG);
    check_message(&err, "job.toml:3:19: pool.chunk_size: ...");
}
END_TEST

START_TEST(printed_job_has_the_defaults)
{
    pe_job *job = read_job(RANGE KERNEL);
    char *text = print_job(job);
    ck_assert_str_eq(
        text, "mode = \"map\"\nname = \"job\"\ncombine = \"zip\"\n"
              "\n[input]\nrange = [0, 10]\n"
              "\n[kernel]\nname = \"square\"\noverflow = \"error\"\nisolate = false\n"
              "\n[output]\npath = \"-\"\nformat = \"txt\"\nindex = false\ngather = \"auto\"\nsync = \"auto\"\n"
              "\n[pool]\nchunk_size = \"auto\"\nschedule = \"auto\"\nmemory = \"256 MiB\"\ntime_limit = \"auto\"\n"
              "\n[errors]\non_error = \"stop\"\nretries = 0\n"
              "\n[checkpoint]\nenabled = true\ninterval = \"30 s\"\nkeep = false\n");
    free(text);
    pe_job_free(job);
}
END_TEST

START_TEST(printed_job_reads_back_the_same)
{
    const char *const inputs[] = {
        "range = [0, 10]",
        "range = [10, -10, -3]\nfirst = 2\ncount = 0\ndtype = \"int32\"",
        "range = [\"-170141183460469231731687303715884105728\", \"-9223372036854775809\", \"73786976294838206464\"]",
        "range = [0.1, 1e300, 1e299]",
        "range = [0, 1, 0.25]",
        "range = [5e-324, 1]",
        "linspace = [-0.0, 1, 5]",
        "path = \"-\"",
        "path = \"-\"\nheader = false\nformat = \"tsv\"\ncolumns = [3, 0]",
        "path = \"x.csv\"\ncolumns = [\"a b\", \"say \\\"x\\\"\", \"tab\\there\"]",
        "path = \"back\\\\slash \\u007f \\u0001 \\n \\r \\f \\b \\u00fc \\U0001F600.raw\"\ndtype = \"float64[3]\"",
        "path = \"x.digest\"",
        "glob = \"frames/*.dat\"\nfirst = 9223372036854775807",
        "value = nan",
        "value = -inf",
        "value = inf",
        "value = 1e16",
        "value = 1e-05",
        "value = false",
        "value = -9223372036854775808",
        "value = \"a\\u0000b\\\"\\\\\\n\\u007f\"",
        "value = \"\"",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        char text[1000];
        snprintf(text, sizeof text, KERNEL "[input]\n%s\n", inputs[i]);
        pe_job_free(read_again(text));
    }
}
END_TEST

START_TEST(printed_job_keeps_every_value)
{
    pe_job *job =
        read_again("mode = \"istarmap\"\nname = \"a \\\"b\\\"\"\ncombine = \"product\"\npart = \"3/16\"\nskip = 7\n"
                   "[[input]]\nvalue = 0.1\n"
                   "[[input]]\npath = \"x.tsv\"\nheader = false\ncolumns = [1]\nfirst = 4\ncount = 5\n"
                   "[kernel]\nname = \"f\"\nsignature = \"(int64) -> int64\"\n"
                   "[output]\npath = \"o\\u0001.csv\"\ndtype = \"float32\"\nindex = true\nnames = [\"p,q\"]\n"
                   "[pool]\nthreads = 8\nchunk_size = 1000\nschedule = \"static\"\nmemory = 100000\n");
    ck_assert_str_eq(job->mode, "istarmap");
    ck_assert_str_eq(job->name, "a \"b\"");
    ck_assert_int_eq(job->combine, PE_COMBINE_PRODUCT);
    ck_assert_uint_eq(job->part.number, 3);
    ck_assert_uint_eq(job->part.of, 16);
    ck_assert_uint_eq(job->skip, 7);
    ck_assert_int_eq(job->input_count, 2);
    ck_assert(job->inputs[0].value.real == 0.1);
    ck_assert_int_eq(job->inputs[1].format, PE_FORMAT_TSV); /* by suffix, now written out */
    ck_assert(!job->inputs[1].header && job->inputs[1].columns[0].number == 1);
    ck_assert(job->inputs[1].first == 4 && job->inputs[1].count == 5);
    ck_assert_str_eq(job->kernel.signature, "(int64) -> int64");
    ck_assert_str_eq(job->output.path, "o\001.csv");
    ck_assert_int_eq(job->output.format, PE_FORMAT_CSV);
    ck_assert(job->output.has_index && job->output.dtype == PE_FLOAT32);
    ck_assert_str_eq(job->output.names[0], "p,q");
    ck_assert_uint_eq(job->pool.threads, 8);
    ck_assert_uint_eq(job->pool.chunk_size, 1000);
    ck_assert_int_eq(job->pool.schedule, PE_SCHEDULE_STATIC);
    ck_assert_uint_eq(job->pool.memory_bytes, 100000);
    pe_job_free(job);
}
END_TEST

START_TEST(printing_to_a_full_disk_is_an_error)
{
    FILE *const full = fopen("/dev/full", "w");
    ck_assert_ptr_nonnull(full);
    pe_error err = PE_ERROR_INIT;
    pe_job *job = read_job(RANGE KERNEL);
    ck_assert_int_eq(pe_job_print(job, full, &err), PE_EIO);
    pe_job_free(job);
    (void)fclose(full);
}
END_TEST

START_TEST(printed_keys_name_every_key_within_80_columns)
{
    char *text = NULL;
    size_t size = 0, count = 0, column = 0;
    FILE *const out = open_memstream(&text, &size);
    pe_job_print_keys(out);
    ck_assert_int_eq(fclose(out), 0);
    const pe_key_table *const *const tables = pe_schema_tables(&count);
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t]->count; i++) {
            char line[80];
            const char *const table = tables[t]->name;
            snprintf(line, sizeof line, "\n  %s%s%s", table, *table == '\0' ? "" : ".", tables[t]->keys[i].name);
            const char *found = strstr(text, line);
            while (found != NULL && strchr(" \n", found[strlen(line)]) == NULL) /* input.value is in input.values */
                found = strstr(found + 1, line);
            ck_assert_msg(found != NULL, "%s", line);
        }
    }
    ck_assert_uint_gt(count, 6);
    for (size_t i = 0; i < size; i++) {
        column = text[i] == '\n' ? 0 : column + 1;
        if (column > 80)
            ck_abort_msg("%.*s", 100, text + i - 80);
    }
    free(text);
}
END_TEST

UNIT_MAIN("job_print", override_that_is_wrong_is_a_usage_error, override_without_quotes_is_refused_with_the_quoted_one,
          override_replaces_and_adds, override_reaches_inputs_by_number, override_fills_an_empty_file,
          file_error_stays_a_file_error_beside_overrides, printed_job_has_the_defaults, printed_job_reads_back_the_same,
          printed_job_keeps_every_value, printing_to_a_full_disk_is_an_error,
          printed_keys_name_every_key_within_80_columns)
