/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* examples.c - the job files of --example, one for each form of kernel and for what jobs are often made of.
 *
 * Design:   each runs unchanged in an empty folder and prints a few results; comments say what to change.
 * Threads:  no state.
 */
#include "app/examples.h"

#include <string.h>

typedef struct example {
    const char *form, *job;
} example;

static const example examples[] = {
    {"name", "# A built-in kernel; pengine --kernels lists them.\n"
             "mode = \"imap\"\n"
             "\n"
             "[input]\n"
             "range = [0, 10]             # or path = \"numbers.npy\"\n"
             "\n"
             "[kernel]\n"
             "name = \"square\"\n"
             "\n"
             "[output]\n"
             "path = \"-\"                  # stdout; or squares.npy, squares.csv, squares.txt\n"},
    {"expr", "# A C expression of the arguments x, y, z, of the constants in params and of i, the item's index.\n"
             "mode = \"istarmap\"           # several arguments; imap has one\n"
             "\n"
             "[[input]]\n"
             "range = [0, 10]\n"
             "\n"
             "[[input]]\n"
             "linspace = [0.0, 1.0, 10]\n"
             "\n"
             "[kernel]\n"
             "expr = \"scale * (x*x + sin(y))\"\n"
             "params = { scale = 0.5 }\n"},
    {"source", "# A C function. Its text stands here, or in a file beside the job: source = \"f.c\".\n"
               "mode = \"imap\"\n"
               "\n"
               "[input]\n"
               "linspace = [-20.0, 20.0, 9]\n"
               "\n"
               "[kernel]\n"
               "function = \"sinc\"\n"
               "signature = \"(float64) -> float64\"\n"
               "source = '''\n"
               "#include <math.h>\n"
               "\n"
               "double sinc(double x)\n"
               "{\n"
               "    return x == 0 ? 1 : sin(x) / x;\n"
               "}\n"
               "'''\n"},
    {"python", "# A Python function: of a module, as here, or of a file beside the job: python = \"f.py:f\".\n"
               "mode = \"imap\"\n"
               "\n"
               "[input]\n"
               "range = [0, 10]\n"
               "\n"
               "[kernel]\n"
               "python = \"math:factorial\"\n"
               "# signature = \"(int64) -> int64\"       the result is a number, and not the text of str()\n"
               "# interpreter = \"venv/bin/python\"\n"
               "\n"
               "[errors]\n"
               "on_error = \"skip\"           # an item that raises an exception is left out\n"},
    {"command",
     "# A program, once for each item, as an argument holds {}. Without {} it reads the items as lines and answers\n"
     "# each with a line.\n"
     "mode = \"imap\"\n"
     "\n"
     "[input]\n"
     "values = [\"reports/may.txt\", \"reports/june.txt\"]      # or glob = \"reports/*.txt\"\n"
     "\n"
     "[kernel]\n"
     "command = [\"echo\", \"{}\", \"is called {/.}\"]\n"
     "# ok = [0, 1]                exit codes that are no failure\n"
     "# signature = \"(text) -> float64\"      the program prints a number\n"
     "\n"
     "[errors]\n"
     "on_error = \"skip\"\n"
     "# log = \"failed.csv\"\n"},
    {"plugin",
     "# A shared library of kernels. It has to be compiled first, so this job computes the same with an expression.\n"
     "# For the plugin save the text below as half.c, compile it and put the last line in place of expr:\n"
     "#     cc -O3 -shared -fPIC half.c -o half.so       (-I DIR, where pengine/kernel.h is not installed)\n"
     "#\n"
     "#     #include <pengine/kernel.h>\n"
     "#\n"
     "#     static int map(pe_batch *batch)\n"
     "#     {\n"
     "#         const double *in = batch->args[0];\n"
     "#         double *out = batch->results[0];\n"
     "#         for (size_t i = 0; i < batch->count; i++)\n"
     "#             out[i] = in[i] / 2;\n"
     "#         return 0;\n"
     "#     }\n"
     "#\n"
     "#     static const pe_kernel half = {.abi = PE_KERNEL_ABI, .size = sizeof(pe_kernel), .name = \"half\",\n"
     "#                                    .signature = \"(float64) -> float64\", .summary = \"x / 2\", .map = map};\n"
     "#     static const pe_kernel *const kernels[] = {&half};\n"
     "#     const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), 1, kernels};\n"
     "mode = \"imap\"\n"
     "\n"
     "[input]\n"
     "linspace = [0.0, 1.0, 5]\n"
     "\n"
     "[kernel]\n"
     "expr = \"x / 2\"\n"
     "# plugin = \"half.so\"\n"},
    {"reduce", "# What all items come to, exactly.\n"
               "[input]\n"
               "range = [1, 1_000_001]\n"
               "\n"
               "[kernel]\n"
               "expr = \"1.0 / x\"\n"
               "\n"
               "[reduce]\n"
               "op = [\"sum\", \"mean\", \"min\", \"max\", \"count\"]\n"},
};

#define COUNT (sizeof examples / sizeof *examples)

const char *pe_example_find(const char *form)
{
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(examples[i].form, form) == 0)
            return examples[i].job;
    return NULL;
}

const char *pe_example_forms(void)
{
    return "name, expr, source, plugin, python, command, reduce";
}
