/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_job_values.c - values of a job file that are refused, and how.
 */
#include "job_helpers.h"

START_TEST(range_that_is_no_range_is_refused)
{
    refuse_input("range = 10", "job.toml:3:9: input.range: expected [start, stop] or [start, stop, step], got 10");
    refuse_input("range = [10]", "job.toml:3:9: input.range: ...");
    refuse_input("range = [0, 1, 2, 3]", "job.toml:3:9: input.range: ...");
    refuse_input("range = [0, true]",
                 "job.toml:3:13: input.range: expected an integer, an integer of at most 128 bits in "
                 "quotes, or a finite float, got true");
    refuse_input("range = [0, \"ten\"]", "job.toml:3:13: input.range: ...");
    refuse_input("range = [0, \"1.0\"]", "job.toml:3:13: input.range: ...");
    refuse_input("range = [0, nan]", "job.toml:3:13: input.range: ...");
    refuse_input("range = [0.0, inf]", "job.toml:3:15: input.range: ...");
    /* 2^127 */
    refuse_input("range = [0, \"170141183460469231731687303715884105728\"]", "job.toml:3:13: input.range: ...");
}
END_TEST

START_TEST(range_with_step_0_is_refused)
{
    refuse_input("range = [0, 10, 0]", "job.toml:3:17: input.range: expected a step that is not 0, got [0, 10, 0]");
    refuse_input("range = [5, 5, 0]", "job.toml:3:16: input.range: ...");
    refuse_input("range = [0.0, 1.0, 0.0]", "job.toml:3:20: input.range: ...");
    refuse_input("range = [0.0, 1.0, -0.0]", "job.toml:3:20: input.range: ...");
}
END_TEST

START_TEST(range_that_counts_away_is_refused)
{
    refuse_input("range = [10, 0]", "job.toml:3:9: input.range: [10, 0] counts up from the start and never gets to the "
                                    "stop; expected a stop above the start, or a negative step");
    refuse_input("range = [0, 10, -1]",
                 "job.toml:3:9: input.range: [0, 10, -1] counts down from the start and never gets "
                 "to the stop; expected a stop below the start, or a positive step");
    refuse_input("range = [1.0, 0.5]", "job.toml:3:9: input.range: [1.0, 0.5] counts up...");
    refuse_input("range = [\"1\", \"-100000000000000000000\"]", "job.toml:3:9: input.range: ...");
}
END_TEST

START_TEST(range_of_more_items_than_can_be_counted_is_refused)
{
    /* 2^63 and 2^63 - 1 items */
    refuse_input("range = [0, \"9223372036854775808\"]",
                 "job.toml:3:9: input.range: expected at most 2^63 - 1 items, got [0, \"9223372036854775808\"]");
    pe_job_free(read_input("range = [0, 9223372036854775807]"));
    pe_job_free(read_input("range = [\"9223372036854775806\", -1, -1]"));
    refuse_input("range = [9223372036854775807, -1, -1]", "job.toml:3:9: input.range: ...");
    /* the whole of int128 in steps of 2^65 is 2^63 items; of 2^66, 2^62 */
    refuse_input("range = [\"-170141183460469231731687303715884105728\", \"170141183460469231731687303715884105727\", "
                 "\"36893488147419103232\"]",
                 "job.toml:3:9: input.range: ...");
    pe_job_free(read_input("range = [\"-170141183460469231731687303715884105728\", "
                           "\"170141183460469231731687303715884105727\", \"73786976294838206464\"]"));
    refuse_input("range = [0.0, 1e300]", "job.toml:3:9: input.range: ...");
}
END_TEST

START_TEST(integer_beside_floats_that_is_not_exact_is_refused)
{
    /* 2^53 + 1 has no float64 */
    refuse_input("range = [0.5, 9007199254740993]",
                 "job.toml:3:15: input.range: 9007199254740993 is not exact as float64, "
                 "which the floats beside it ask for");
    refuse_input("linspace = [0, 9007199254740993, 5]", "job.toml:3:16: input.linspace: ...");
    refuse_input("range = [0.5, \"170141183460469231731687303715884105727\"]", "job.toml:3:15: input.range: ...");
}
END_TEST

START_TEST(linspace_that_is_none_is_refused)
{
    refuse_input("linspace = [0, 1]", "job.toml:3:12: input.linspace: expected [first, last, count], got [0, 1]");
    refuse_input("linspace = [0, 1, -1]", "job.toml:3:19: input.linspace: expected a count of 0 or more, got -1");
    refuse_input("linspace = [0, 1, 2.0]", "job.toml:3:19: input.linspace: ...");
    refuse_input("linspace = [nan, 1, 2]", "job.toml:3:13: input.linspace: ...");
}
END_TEST

START_TEST(value_that_is_no_scalar_is_refused)
{
    refuse_input("value = [1]", "job.toml:3:9: input.value: expected a number, true, false or a string, got [1]");
    refuse_input("value = 1979-05-27", "job.toml:3:9: input.value: ...");
    refuse_input("value = {}", "job.toml:3:9: input.value: ...");
}
END_TEST

START_TEST(columns_that_are_none_are_refused)
{
    refuse_input("path = \"x.csv\"\ncolumns = []", "job.toml:4:11: input.columns: expected an array of names [\"x\", "
                                                   "\"y\"] or of numbers from 0 [0, 1], got []");
    refuse_input("path = \"x.csv\"\ncolumns = \"x\"", "job.toml:4:11: input.columns: ...");
    refuse_input("path = \"x.csv\"\ncolumns = [\"x\", 1]",
                 "job.toml:4:17: input.columns: expected all names or all numbers, got both (1)");
    refuse_input("path = \"x.csv\"\ncolumns = [-1]",
                 "job.toml:4:12: input.columns: expected a name or a number from 0, got -1");
    refuse_input("path = \"x.csv\"\ncolumns = [\"\"]", "job.toml:4:12: input.columns: ...");
    char text[1000] = "path = \"x.csv\"\ncolumns = [0"; /* 65 of them: one more than a kernel can take */
    for (int i = 1; i <= 64; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %d", i);
    strcat(text, "]");
    refuse_input(text, "job.toml:4:11: input.columns: expected at most 64, got 65");
}
END_TEST

START_TEST(dtype_that_is_none_is_refused)
{
    refuse_input("range = [0, 1]\ndtype = \"flot64\"", "job.toml:4:9: input.dtype: ...");
    refuse_input("range = [0, 1]\ndtype = 64",
                 "job.toml:4:9: input.dtype: expected a dtype such as \"int64\" or \"float64[3]\", or a table of "
                 "columns such as {id = \"int64\"}, got 64");
    refuse(RANGE KERNEL "output.dtype = \"float64[3]\"\n",
           "job.toml:3:16: output.dtype: expected a dtype such as \"float64\", got \"float64[3]\"");
}
END_TEST

START_TEST(names_that_are_none_are_refused)
{
    refuse(RANGE KERNEL "output.names = \"x\"\n",
           "job.toml:3:16: output.names: expected an array of strings such as [\"x\", \"y\"], got \"x\"");
    refuse(RANGE KERNEL "output.names = []\n", "job.toml:3:16: output.names: ...");
    refuse(RANGE KERNEL "output.names = [\"x\", 1]\n",
           "job.toml:3:22: output.names: expected a string that is not empty, got 1");
    refuse(RANGE KERNEL "output.names = [\"x\", \"y\", \"x\"]\n",
           "job.toml:3:27: output.names: expected each name once, got \"x\" again");
}
END_TEST

START_TEST(memory_that_is_no_size_is_refused)
{
    refuse(RANGE KERNEL "pool.memory = \"lots\"\n",
           "job.toml:3:15: pool.memory: expected a size such as \"256 MiB\", or "
           "bytes from 1 to 2^50, got \"lots\"");
    const char *const sizes[] = {
        "0",          "-1",       "1.5",           "\"\"",         "\"MiB\"", "\"1 XB\"",
        "\"-1 MB\"",  "\"0 B\"",  "\"2 PiB\"",     "\"1.2.3 MB\"", "true",    "1125899906842625",
        "\"1 MiBx\"", "\"0x10\"", "\"1024 TiB \"", "\"1e3\"",      "[1]",     "\"0.5\""};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char text[200];
        snprintf(text, sizeof text, RANGE KERNEL "pool.memory = %s\n", sizes[i]);
        refuse(text, "job.toml:3:15: pool.memory: expected a size ...");
    }
}
END_TEST

START_TEST(mode_of_one_argument_with_two_inputs_is_refused_with_the_star_mode)
{
    const char *const inputs = "[[input]]\nrange = [0, 1]\n[[input]]\nrange = [0, 1]\n";
    const char *const modes[][2] = {{"map", "starmap"}, {"imap", "istarmap"}, {"imap_unordered", "istarmap_unordered"}};
    for (size_t i = 0; i < 3; i++) {
        char text[300], expected[200];
        snprintf(text, sizeof text, "mode = \"%s\"\n" KERNEL "%s", modes[i][0], inputs);
        snprintf(expected, sizeof expected,
                 "job.toml:1:8: mode: %s takes one argument and there are 2 inputs; expected mode = \"%s\"",
                 modes[i][0], modes[i][1]);
        refuse(text, expected);
    }
    refuse(KERNEL "[[input]]\nrange = [0, 1]\n[[input]]\nrange = [0, 1]\n",
           "job.toml:4:1: mode: map takes one argument and there are 2 inputs; expected mode = \"starmap\"");
}
END_TEST

START_TEST(more_inputs_than_a_kernel_can_take_are_refused)
{
    char text[4000] = KERNEL;
    for (int i = 0; i < 65; i++)
        strcat(text, "[[input]]\nvalue = 1\n");
    refuse(text, "job.toml:2:1: input: expected at most 64 inputs, got 65");
}
END_TEST

START_TEST(long_value_is_cut_in_the_message)
{
    char text[2000] = RANGE KERNEL "output.path = [";
    for (int i = 0; i < 300; i++)
        strcat(text, "1000, ");
    strcat(text, "]\n");
    pe_error err = PE_ERROR_INIT;
    pe_job *job = NULL;
    ck_assert_int_eq(pe_job_read("job.toml", text, strlen(text), NULL, 0, &job, &err), PE_ECONFIG);
    ck_assert_int_lt((int)strlen(err.text), 250);
    ck_assert_str_eq(err.text + strlen(err.text) - 3, "...");
}
END_TEST

UNIT_MAIN("job_values", range_that_is_no_range_is_refused, range_with_step_0_is_refused,
          range_that_counts_away_is_refused, range_of_more_items_than_can_be_counted_is_refused,
          integer_beside_floats_that_is_not_exact_is_refused, linspace_that_is_none_is_refused,
          value_that_is_no_scalar_is_refused, columns_that_are_none_are_refused, dtype_that_is_none_is_refused,
          names_that_are_none_are_refused, memory_that_is_no_size_is_refused,
          mode_of_one_argument_with_two_inputs_is_refused_with_the_star_mode,
          more_inputs_than_a_kernel_can_take_are_refused, long_value_is_cut_in_the_message)
