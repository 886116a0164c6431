/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_job_keys.c - which keys, words and kinds a job file may have, and how others are refused.
 */
#include "job_helpers.h"

START_TEST(broken_toml_is_refused)
{
    refuse("mode = \n", "job.toml:1:...");
    refuse("mode = \"map\"\n[input\n", "job.toml:2:...");
}
END_TEST

START_TEST(empty_file_is_refused_with_an_example)
{
    refuse("", "job.toml: there is no [input]; say where the items come from, such as in a first line: "
               "input.range = [0, 10]");
    refuse("# nothing\n", "job.toml: there is no [input]...");
    refuse("input = []\n", "job.toml: there is no [input]...");
    refuse(RANGE, "job.toml: there is no [kernel]; say what is computed, such as in a first line: "
                  "kernel.name = \"square\"");
    refuse(
        RANGE "[kernel]\n",
        "job.toml:2:1: kernel: says not what is computed; expected one of name, expr, source, plugin, python, command, "
        "such as name = \"square\"");
}
END_TEST

START_TEST(unknown_key_is_refused_with_the_nearest)
{
    refuse(RANGE KERNEL "[pool]\nthread = 3\n",
           "job.toml:4:1: unknown key \"pool.thread\"; did you mean \"pool.threads\"?");
    refuse("mod = \"map\"\n" RANGE KERNEL, "job.toml:1:1: unknown key \"mod\"; did you mean \"mode\"?");
    refuse("[kernl]\nname = \"square\"\n", "job.toml:1:2: unknown key \"kernl\"; did you mean \"kernel\"?");
    refuse_input("  rage = [0, 1]", "job.toml:3:3: unknown key \"input.rage\"; did you mean \"input.range\"?");
    refuse("[[input]]\nrange = [0, 1]\n[[input]]\nrnge = [0, 1]\n",
           "job.toml:4:1: unknown key \"input.rnge\"; did you mean \"input.range\"?");
}
END_TEST

START_TEST(unknown_key_without_a_near_one_is_refused_with_the_valid_ones)
{
    refuse(RANGE KERNEL "[pool]\nworkforce = 3\n", "job.toml:4:1: unknown key \"pool.workforce\"; valid in [pool]: "
                                                   "threads, chunk_size, schedule, memory, time_limit");
    refuse(
        "zzzzzz = 1\n",
        "job.toml:1:1: unknown key \"zzzzzz\"; valid at the top level: mode, name, combine, part, items, skip, input, "
        "kernel, output, reduce, pool, errors, checkpoint");
}
END_TEST

START_TEST(key_of_another_table_is_refused_with_its_place)
{
    refuse("threads = 3\n", "job.toml:1:1: unknown key \"threads\"; did you mean \"pool.threads\"?");
}
END_TEST

START_TEST(unknown_key_of_odd_letters_stays_on_one_line)
{
    refuse("\"a\\n\\\"b\" = 1\n", "job.toml:1:1: unknown key \"a\\n\\\"b\"; valid at ...");
}
END_TEST

START_TEST(first_unknown_key_in_the_file_is_reported)
{
    refuse("[pool]\nzzz = 1\n[kernel]\nyyy = 1\n[input]\nxxx = 1\n", "job.toml:2:1: unknown key \"pool.zzz\"...");
}
END_TEST

START_TEST(wrong_type_is_refused_with_place_valid_and_seen)
{
    refuse(RANGE KERNEL "[pool]\n    chunk_size = -3\n",
           "job.toml:4:18: pool.chunk_size: expected \"auto\" or 1 to 2^40, got -3");
    refuse(RANGE KERNEL "pool.chunk_size = \"large\"\n",
           "job.toml:3:19: pool.chunk_size: expected \"auto\" or 1 to 2^40, got \"large\"");
    refuse(RANGE KERNEL "pool.threads = \"auto\"\n",
           "job.toml:3:16: pool.threads: expected an integer, 1 to 4096, got \"auto\"");
    refuse(RANGE KERNEL "pool.threads = 1.5\n", "job.toml:3:16: pool.threads: expected an integer, 1 to 4096, got 1.5");
    refuse(RANGE KERNEL "output.index = 1\n", "job.toml:3:16: output.index: expected true or false, got 1");
    refuse(RANGE KERNEL "output.path = 1979-05-27\n",
           "job.toml:3:15: output.path: expected a string that is not empty, got a date or time");
    refuse(RANGE KERNEL "output.path = [1, [true, \"x\"], {}]\n",
           "job.toml:3:15: output.path: expected a string that is not empty, got [1, [true, \"x\"], a table]");
    refuse(RANGE "kernel.name = 7\n", "job.toml:2:15: kernel.name: expected a string that is not empty, got 7");
    refuse("pool = 3\n", "job.toml:1:1: pool: expected a table, such as [pool], got 3");
    refuse("input = [3]\n", "job.toml:1:1: input: expected a table, such as [input], got [3]");
    refuse("[[kernel]]\nname = \"square\"\n", "job.toml:1:...");
}
END_TEST

START_TEST(number_outside_its_bounds_is_refused)
{
    refuse(RANGE KERNEL "pool.threads = 0\n", "job.toml:3:16: pool.threads: expected an integer, 1 to 4096, got 0");
    refuse(RANGE KERNEL "pool.threads = 4097\n", "job.toml:3:16: pool.threads: ...");
    refuse(RANGE KERNEL "pool.chunk_size = 0\n", "job.toml:3:19: pool.chunk_size: ...");
    refuse(RANGE KERNEL "pool.chunk_size = 1099511627777\n", "job.toml:3:19: pool.chunk_size: ...");
    refuse_input("range = [0, 9]\nfirst = -1", "job.toml:4:9: input.first: expected an integer, 0 or more, got -1");
    refuse_input("range = [0, 9]\ncount = -1", "job.toml:4:9: input.count: ...");
}
END_TEST

START_TEST(unknown_word_is_refused_with_the_words)
{
    refuse("mode = \"pmap\"\n" RANGE KERNEL, "job.toml:1:8: mode: expected \"map\", \"imap\", \"imap_unordered\", "
                                             "\"starmap\", \"istarmap\" or \"istarmap_unordered\", got \"pmap\"");
    refuse("combine = \"Zip\"\n" RANGE KERNEL, "job.toml:1:11: combine: expected \"zip\" or \"product\", got \"Zip\"");
    refuse("pool.schedule = \"guided\"\n" RANGE KERNEL, "job.toml:1:17: pool.schedule: ...");
    refuse("output.format = \"json\"\n" RANGE KERNEL, "job.toml:1:17: output.format: ...");
    refuse_input("path = \"x\"\nformat = \"digest\"",
                 "job.toml:4:10: input.format: expected \"npy\", \"hdf5\", \"csv\", \"tsv\", \"txt\", \"jsonl\", "
                 "\"raw\" or \"npz\", got \"digest\"");
}
END_TEST

START_TEST(two_kinds_of_input_are_refused_with_both)
{
    refuse_input("range = [0, 1]\npath = \"x.npy\"",
                 "job.toml:4:8: input: expected one kind of input, got both range and path");
}
END_TEST

START_TEST(input_of_no_kind_is_refused_with_the_kinds)
{
    refuse_input("dtype = \"int64\"", "job.toml:2:1: input: says not where the items come from; expected one of range, "
                                      "linspace, logspace, values, path, glob, value, such as range = [0, 10]");
}
END_TEST

START_TEST(key_that_means_nothing_for_the_kind_is_refused)
{
    refuse_input("range = [0, 1]\nheader = true",
                 "job.toml:4:10: input.header: means nothing for an input of kind range; "
                 "valid there: range, dtype, names, first, count");
    const char *const inputs[] = {
        "range = [0, 1]\ncolumns = [0]",
        "range = [0, 1]\nformat = \"csv\"",
        "linspace = [0, 1, 3]\nheader = true",
        "glob = \"*\"\ncolumns = [0]",
        "glob = \"*\"\ndtype = \"text\"",
        "value = 1\nformat = \"csv\"",
        "value = 1\nfirst = 1",
        "value = 1\ncount = 1",
        "value = 1\ncolumns = [0]",
        "path = \"x.npy\"\nheader = true",
        "path = \"x.txt\"\nheader = true",
        "path = \"x.txt\"\ncolumns = [0]",
        "path = \"x.bin\"\ncolumns = [0]",
        "path = \"x.csv\"\nformat = \"raw\"\nheader = false",
    };
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        char text[200];
        pe_error err = PE_ERROR_INIT;
        pe_job *job = NULL;
        snprintf(text, sizeof text, KERNEL "[input]\n%s\n", inputs[i]);
        ck_assert_int_eq(pe_job_read("job.toml", text, strlen(text), NULL, 0, &job, &err), PE_ECONFIG);
        ck_assert_msg(strstr(err.text, "means nothing") != NULL, "%s: %s", inputs[i], err.text);
    }
}
END_TEST

START_TEST(part_that_is_none_is_refused)
{
    static const char *const parts[] = {
        "3", "0/3", "4/3", "1/0", "/3", "3/", "+1/3", "1 /3", "1/3/5", "1/3x", "a/b", "", "1/99999999999999999999"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char text[200], expected[300];
        snprintf(text, sizeof text, "part = \"%s\"\n" RANGE KERNEL, parts[i]);
        snprintf(expected, sizeof expected,
                 "job.toml:1:8: part: expected \"K/N\" for part K of N, from \"1/N\" to \"N/N\", such as \"3/16\", got "
                 "\"%s\"",
                 parts[i]);
        refuse(text, expected);
    }
    refuse("skip = -1\n" RANGE KERNEL, "job.toml:1:8: skip: expected an integer, 0 or more, got -1");
}
END_TEST

START_TEST(part_of_a_reduction_is_refused)
{
    refuse("part = \"1/2\"\n" RANGE KERNEL "reduce.op = \"sum\"\n",
           "job.toml:4:1: reduce: a reduction is of all items: ...");
    refuse("skip = 1\n" RANGE KERNEL "reduce.op = \"sum\"\n", "job.toml:4:1: reduce: a reduction is of all items: ...");
}
END_TEST

START_TEST(path_beside_null_is_refused)
{
    refuse(RANGE KERNEL "output.path = \"x.npy\"\noutput.format = \"null\"\n",
           "job.toml:3:15: output.path: \"x.npy\" would not be written, since output.format = \"null\" writes nothing; "
           "expected another format, or no path (-o - takes it away)");
}
END_TEST

START_TEST(empty_string_is_refused)
{
    refuse_input("path = \"\"", "job.toml:3:8: input.path: expected a string that is not empty, got \"\"");
    refuse_input("glob = \"\"", "job.toml:3:8: input.glob: ...");
    refuse(RANGE "kernel.name = \"\"\n", "job.toml:2:15: kernel.name: ...");
    refuse("name = \"\"\n" RANGE KERNEL, "job.toml:1:8: name: ...");
    refuse(RANGE KERNEL "output.path = \"\"\n", "job.toml:3:15: output.path: ...");
    refuse_input("path = \"a\\u0000b\"", /* C would stop at the zero */
                 "job.toml:3:8: input.path: expected a string that is not empty, got \"a\\u0000b\"");
}
END_TEST

UNIT_MAIN("job_keys", broken_toml_is_refused, empty_file_is_refused_with_an_example,
          unknown_key_is_refused_with_the_nearest, unknown_key_without_a_near_one_is_refused_with_the_valid_ones,
          key_of_another_table_is_refused_with_its_place, first_unknown_key_in_the_file_is_reported,
          unknown_key_of_odd_letters_stays_on_one_line, wrong_type_is_refused_with_place_valid_and_seen,
          number_outside_its_bounds_is_refused, unknown_word_is_refused_with_the_words,
          two_kinds_of_input_are_refused_with_both, input_of_no_kind_is_refused_with_the_kinds,
          key_that_means_nothing_for_the_kind_is_refused, empty_string_is_refused, path_beside_null_is_refused,
          part_that_is_none_is_refused, part_of_a_reduction_is_refused)
