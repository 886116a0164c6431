/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* keys_kernel.c - the keys of [kernel].
 *
 * Not here: how a key is added (schema.c).
 */
#include "job/schema/schema_internal.h"

#define BUILT_IN (1u << PE_FORM_NAME)
#define EXPR (1u << PE_FORM_EXPR)
#define SOURCE (1u << PE_FORM_SOURCE)
#define PLUGIN (1u << PE_FORM_PLUGIN)
#define PYTHON (1u << PE_FORM_PYTHON)
#define COMMAND (1u << PE_FORM_COMMAND)
#define EVERY_FORM (BUILT_IN | EXPR | SOURCE | PLUGIN | PYTHON | COMMAND)

static const pe_word overflows[] = {{"error", false}, {"wrap", true}, {NULL, 0}};

static const pe_word stderr_uses[] = {
    {"pass", PE_STDERR_PASS}, {"log", PE_STDERR_LOG}, {"drop", PE_STDERR_DROP}, {NULL, 0}};

static const pe_key kernel_rows[] = {
    {.name = "name",
     .type = PE_KEY_STRING,
     JOB(kernel.name),
     .kinds = BUILT_IN | PLUGIN,
     .help = "a built-in kernel, pengine --kernels lists them; or the kernel in a plugin, which may be left out where "
             "it has only one"},
    {.name = "expr",
     .type = PE_KEY_EXPRESSIONS,
     JOB(kernel.exprs),
     COUNT_JOB(kernel.expr_count),
     .least = 1,
     .most = PE_MAX_COLUMNS,
     .kinds = EXPR,
     .help = "a C expression such as \"x*x + 1\" of the arguments, of params and of i, the item's index; or an array "
             "of them, one per result"},
    {.name = "source",
     .type = PE_KEY_STRING,
     .path = PE_PATH_KERNEL,
     JOB(kernel.source),
     .may_change = true,
     .kinds = SOURCE,
     .help = "a C file, found from the job file, or C itself, in several lines; needs function and signature"},
    {.name = "plugin",
     .type = PE_KEY_STRING,
     .path = PE_PATH_KERNEL,
     JOB(kernel.plugin),
     .may_change = true,
     .kinds = PLUGIN,
     .help = "a shared library that exports kernels (pengine/kernel.h), found from the job file"},
    {.name = "python",
     .type = PE_KEY_FUNCTION,
     .path = PE_PATH_KERNEL,
     JOB(kernel.python),
     .kinds = PYTHON,
     .help = "a Python file, found from the job file, or a module, and a function in it, such as \"f.py:f\" or "
             "\"numpy:sqrt\"; it runs in worker processes"},
    {.name = "command",
     .type = PE_KEY_COMMAND,
     .path = PE_PATH_KERNEL,
     JOB(kernel.command),
     COUNT_JOB(kernel.command_count),
     .least = 1,
     .kinds = COMMAND,
     .help = "a program: one line in, one line out per item; or one run per item where an argument holds {} or another "
             "placeholder"},
    {.name = "ok",
     .type = PE_KEY_INTEGERS,
     JOB(kernel.ok),
     COUNT_JOB(kernel.ok_count),
     .most = 255,
     .unset = "[0]",
     .kinds = COMMAND,
     .help = "exit codes of the program that are no failure, such as [0, 1] for grep"},
    {.name = "stderr",
     .type = PE_KEY_WORD,
     JOB(kernel.stderr_use),
     .words = stderr_uses,
     .fallback = "\"pass\"",
     .kinds = COMMAND,
     .help =
         "what the program says on stderr. pass: to stderr, in whole lines, with the item's number under -v; of an "
         "item that ends the run its last line alone. log: only the last line of an item that fails, in its reason. "
         "drop: nothing"},
    {.name = "args",
     .type = PE_KEY_IDENTIFIERS,
     JOB(kernel.args),
     COUNT_JOB(kernel.arg_count),
     .most = PE_MAX_COLUMNS,
     .least = 1,
     .unset = "the input's names, or x, y, z",
     .kinds = EXPR,
     .help = "the arguments' names in the expression"},
    {.name = "where",
     .type = PE_KEY_STRING,
     JOB(kernel.condition),
     .unset = "all items",
     .kinds = EVERY_FORM,
     .help = "an expression of the arguments such as \"price > 0\": an item for which it is false is no item of the "
             "output"},
    {.name = "function",
     .type = PE_KEY_STRING,
     JOB(kernel.function),
     .kinds = SOURCE,
     .help = "the C function in source, of the type that signature says"},
    {.name = "cflags",
     .type = PE_KEY_STRINGS,
     JOB(kernel.cflags),
     COUNT_JOB(kernel.cflag_count),
     .unset = "none",
     .kinds = EXPR | SOURCE,
     .help = "more options for the C compiler"},
    {.name = "libs",
     .type = PE_KEY_STRINGS,
     JOB(kernel.libs),
     COUNT_JOB(kernel.lib_count),
     .unset = "none",
     .kinds = EXPR | SOURCE,
     .help = "libraries to link, such as [\"-lgsl\"]"},
    {.name = "initializer",
     .type = PE_KEY_FUNCTION,
     .path = PE_PATH_KERNEL,
     JOB(kernel.initializer),
     .unset = "none",
     .kinds = PYTHON | SOURCE,
     .help =
         "a function that is called once in each process before its first item: \"f.py:setup\", or \"setup\" of the C "
         "file"},
    {.name = "interpreter",
     .type = PE_KEY_STRING,
     JOB(kernel.interpreter),
     .unset = "PENGINE_PYTHON, else python3",
     .kinds = PYTHON,
     .help =
         "the Python that runs the function, such as \"venv/bin/python\": a name in PATH, or a path from the job file"},
    {.name = "max_items_per_worker",
     .type = PE_KEY_INTEGER,
     JOB(kernel.max_items_per_worker),
     .may_change = true,
     .least = 1,
     .most = INT64_MAX,
     .unset = "no limit",
     .kinds = PYTHON,
     .help = "a worker process is replaced after this many items"},
    {.name = "signature",
     .type = PE_KEY_STRING,
     JOB(kernel.signature),
     .unset = "what fits the inputs",
     .kinds = EVERY_FORM,
     .help = "the types of arguments and results, such as \"(float64) -> float64\"; picks one where a kernel has "
             "several"},
    {.name = "params",
     .type = PE_KEY_PARAMS,
     JOB(kernel.setup),
     .unset = "none",
     .kinds = EVERY_FORM & ~COMMAND,
     .help = "constants that the kernel can read by name"},
    {.name = "seed",
     .type = PE_KEY_INTEGER,
     JOB(kernel.setup.seed),
     GIVEN_JOB(kernel.has_seed),
     .most = INT64_MAX,
     .fallback = "0",
     .kinds = EVERY_FORM & ~COMMAND,
     .help = "the seed of the random numbers that a kernel draws by item; python: random and numpy.random are seeded "
             "by seed "
             "and item where it is given"},
    {.name = "overflow",
     .type = PE_KEY_EITHER,
     JOB(kernel.may_wrap),
     .words = overflows,
     .fallback = "\"error\"",
     .kinds = BUILT_IN | EXPR | SOURCE,
     .help = "an integer result that does not fit its dtype fails the item, or wraps around"},
    {.name = "isolate",
     .type = PE_KEY_BOOL,
     JOB(kernel.is_isolated),
     .may_change = true,
     .fallback = "false",
     .kinds = EVERY_FORM,
     .help = "workers are processes, so that an item that crashes or hangs costs that item alone"},
};

/* In the order of pe_form_kind. `name` beside `plugin` is no kind: it picks one of the plugin's kernels. */
static const char *const kernel_kinds[] = {"name", "expr", "source", "plugin", "python", "command"};

const pe_key_table pe_keys_kernel = {.name = "kernel",
                                     .keys = kernel_rows,
                                     .count = sizeof kernel_rows / sizeof *kernel_rows,
                                     .kinds = kernel_kinds,
                                     .kind_count = sizeof kernel_kinds / sizeof *kernel_kinds};
