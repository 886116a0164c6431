/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_oneline.c - what a job without a job file is made of.
 */
#include "cli_helpers.h"

START_TEST(input_that_looks_like_a_range_is_one)
{
    line_gives("-i 0:10 -k x", "input.range", "[0, 10]");
    line_gives("-i -3:7:2 -k x", "input.range", "[-3, 7, 2]");
    line_gives("-i 0:1:.25 -k x", "input.range", "[0.0, 1.0, 0.25]");
    line_gives("-i 0:1e3:5. -k x", "input.range", "[0.0, 1e3, 5.0]");
    line_gives("-i 0:-.5:-1 -k x", "input.range", "[0.0, -0.5, -1.0]");
    line_gives("-i 0:99999999999999999999 -k x", "input.range", "[0, \"99999999999999999999\"]");
    line_gives("-i ./0:10 -k x", "input.path", "\"./0:10\"");
    line_gives("-i ./0:10: -k x", "input.path", "\"./0:10:\"");
    line_gives("-i a:b -k x", "input.path", "\"a:b\"");
    line_gives("-i x:1:2 -k x", "input.path", "\"x:1:2\"");
    line_gives("-k x", "input.path", "\"-\"");
    line_gives("-i words -k x", "input.format", "\"txt\"");
    line_gives("-i words.csv -k x", "input.format", "");
    line_gives("-i 0:3 -i 1:4 -k x+y", "input.1.range", "[1, 4]");
}
END_TEST

START_TEST(kernel_is_read_in_its_order)
{
    line_gives("-k square", "kernel.name", "\"square\"");
    line_gives("-k dir/f.py:f", "kernel.python", "\"dir/f.py:f\"");
    line_gives("-k f.c:half:(float64)\t->\tfloat64", "kernel.source", "\"f.c\"");
    line_gives("-k f.c:half:(float64)\t->\tfloat64", "kernel.function", "\"half\"");
    line_gives("-k f.c:half:(float64)\t->\tfloat64", "kernel.signature", "\"(float64) -> float64\"");
    line_gives("-k os.path:basename", "kernel.python", "\"os.path:basename\"");
    line_gives("-k x>0?x:y", "kernel.expr", "\"x>0?x:y\"");
    line_gives("-k sqare", "kernel.expr", "\"sqare\"");
    refuse("-k f.py", "-k f.py: expected a Python file and a function in it, such as -k f.py:f");
    refuse("-k f.c:g",
           "-k f.c:g: expected a C file, a function in it and its signature, such as -k 'f.c:g:(float64) -> "
           "float64'");
}
END_TEST

START_TEST(mode_and_program_follow_from_the_line)
{
    line_gives("-i 0:3 -k x", "mode", "\"imap\"");
    line_gives("-k x", "mode", "\"imap\"");
    line_gives("-i a.csv -k x", "mode", "\"istarmap\"");
    line_gives("-i 0:3 -i 0:3 -k x", "mode", "\"istarmap\"");
    line_gives("-t 2 -- wc -l {} -s", "kernel.command", "[\"wc\", \"-l\", \"{}\", \"-s\"]");
    line_gives("-- wc", "errors.on_error", "\"skip\"");
    line_gives("--on-error stop -- wc", "errors.on_error", "\"stop\"");
    line_gives("-- wc", "output.format", "\"bytes\"");
    line_gives("-o a.csv -- wc", "output.format", "");
    line_gives("-o a.txt -- wc", "output.format", "\"bytes\"");
    line_gives("-s kernel.signature=\"(text)->int64\" -- wc", "output.format", "");
    refuse("-s -- -k x", "--set: expected KEY=VALUE, such as --set pool.threads=8, got \"--\"; see pengine --help");
}
END_TEST

UNIT_MAIN("oneline", input_that_looks_like_a_range_is_one, kernel_is_read_in_its_order,
          mode_and_program_follow_from_the_line)
