/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* schema.c - every key of a job file: one table with type, default, valid values and help.
 *
 * Design:   the table is the only place where a key is written down: reading takes its type and bounds, missing keys
 *           take its default, --help prints its text. A new key is one row here and one line where it is kept (job.c).
 * Threads:  no state.
 * Not here: unknown keys (schema_check.c); how a value is read (section.c); what is valid, in words (schema_valid.c).
 */
#include "job/schema/schema.h"

#include <string.h>

#include "job/job.h"

#define RANGE (1u << PE_INPUT_RANGE)
#define LINSPACE (1u << PE_INPUT_LINSPACE)
#define PATH (1u << PE_INPUT_PATH)
#define GLOB (1u << PE_INPUT_GLOB)
#define VALUE (1u << PE_INPUT_VALUE)

#define BUILT_IN (1u << PE_JOB_KERNEL_NAME)
#define EXPR (1u << PE_JOB_KERNEL_EXPR)
#define SOURCE (1u << PE_JOB_KERNEL_SOURCE)
#define PLUGIN (1u << PE_JOB_KERNEL_PLUGIN)
#define PYTHON (1u << PE_JOB_KERNEL_PYTHON)
#define COMMAND (1u << PE_JOB_KERNEL_COMMAND)
#define EVERY_FORM (BUILT_IN | EXPR | SOURCE | PLUGIN | PYTHON | COMMAND)

#define MOST_TIME INT64_C(8640000000000000) /* 100 days: every nanosecond is exact as a double */

/* Each list is in the order of what it stands for: job.c turns the position into the enum. */
static const char *const modes[] = {"map", "imap", "imap_unordered", "starmap", "istarmap", "istarmap_unordered", NULL};
static const char *const combines[] = {"zip", "product", NULL};
static const char *const input_formats[] = {"npy", "csv", "tsv", "txt", "raw", NULL};
static const char *const output_formats[] = {"npy", "csv", "tsv", "txt", "raw", "digest", "null", NULL};
static const char *const gathers[] = {"auto", "root", NULL};
static const char *const reductions[] = {"sum", "min", "max", "mean", "count", NULL};
static const char *const reduce_formats[] = {"csv", "tsv", "txt", NULL};
static const char *const schedules[] = {"auto", "static", "dynamic", NULL};
static const char *const overflows[] = {"error", "wrap", NULL};
static const char *const policies[] = {"stop", "skip", "fill", NULL};

static const pe_key keys[] = {
    {.table = "",
     .name = "mode",
     .type = PE_KEY_WORD,
     .words = modes,
     .fallback = "\"map\"",
     .help = "map: in input order, all at once when complete; imap: in input order, as it grows; imap_unordered: as "
             "finished; the star modes: the same for kernels of several arguments"},
    {.table = "",
     .name = "name",
     .type = PE_KEY_STRING,
     .unset = "the file's name without its suffix",
     .help = "what the job is called in messages"},
    {.table = "",
     .name = "combine",
     .type = PE_KEY_WORD,
     .words = combines,
     .fallback = "\"zip\"",
     .help = "several inputs: item by item, or every combination, the last input fastest"},
    {.table = "",
     .name = "part",
     .type = PE_KEY_PART,
     .unset = "all items",
     .help =
         "\"3/16\" runs the third of 16 parts of the items, numbered as in the whole: joined in order, the outputs of "
         "all parts are that of the whole"},

    {.table = "",
     .name = "skip",
     .type = PE_KEY_INTEGER,
     .most = INT64_MAX,
     .fallback = "0",
     .help = "go on after so many items, of the job or of its part, that an interrupted run has done; the others are "
             "numbered as in the whole"},

    {.table = "input",
     .name = "range",
     .type = PE_KEY_RANGE,
     .kinds = RANGE,
     .help = "integers or floats from start up to, not including, stop; an integer beyond 64 bits is written as a "
             "string"},
    {.table = "input",
     .name = "linspace",
     .type = PE_KEY_LINSPACE,
     .kinds = LINSPACE,
     .help = "count floats from first to last, both included"},
    {.table = "input",
     .name = "path",
     .type = PE_KEY_STRING,
     .kinds = PATH,
     .help = "a file, found from the current directory; \"-\" is stdin"},
    {.table = "input",
     .name = "glob",
     .type = PE_KEY_STRING,
     .kinds = GLOB,
     .help = "a pattern such as \"frames/*.dat\": the sorted paths as text items"},
    {.table = "input",
     .name = "value",
     .type = PE_KEY_SCALAR,
     .kinds = VALUE,
     .help = "the same for every item; as many as the other inputs have"},
    {.table = "input",
     .name = "format",
     .type = PE_KEY_WORD,
     .words = input_formats,
     .unset = "by suffix",
     .kinds = PATH,
     .help = "txt is one text item a line"},
    {.table = "input",
     .name = "dtype",
     .type = PE_KEY_TYPE,
     .unset = "the input's own",
     .kinds = RANGE | LINSPACE | PATH | VALUE,
     .help = "element type of raw; a conversion for the others, refused where it could lose value"},
    {.table = "input",
     .name = "columns",
     .type = PE_KEY_COLUMNS,
     .unset = "all",
     .kinds = PATH,
     .help = "columns of csv, tsv or two-dimensional npy; each becomes an argument"},
    {.table = "input",
     .name = "header",
     .type = PE_KEY_BOOL,
     .fallback = "true",
     .kinds = PATH,
     .help = "csv and tsv: the first record names the columns"},
    {.table = "input",
     .name = "first",
     .type = PE_KEY_INTEGER,
     .most = INT64_MAX,
     .unset = "0",
     .kinds = RANGE | LINSPACE | PATH | GLOB,
     .help = "items to leave out at the start"},
    {.table = "input",
     .name = "count",
     .type = PE_KEY_INTEGER,
     .most = INT64_MAX,
     .unset = "all that follow",
     .kinds = RANGE | LINSPACE | PATH | GLOB,
     .help = "items to take"},

    {.table = "kernel",
     .name = "name",
     .type = PE_KEY_STRING,
     .kinds = BUILT_IN | PLUGIN,
     .help = "a built-in kernel, pengine --kernels lists them; or the kernel in a plugin, which may be left out where "
             "it has only one"},
    {.table = "kernel",
     .name = "expr",
     .type = PE_KEY_STRING,
     .kinds = EXPR,
     .help = "a C expression such as \"x*x + 1\" of the arguments, of params and of i, the item's index"},
    {.table = "kernel",
     .name = "source",
     .type = PE_KEY_STRING,
     .kinds = SOURCE,
     .help = "a C file, found from the job file; needs function and signature"},
    {.table = "kernel",
     .name = "plugin",
     .type = PE_KEY_STRING,
     .kinds = PLUGIN,
     .help = "a shared library that exports kernels (pengine/kernel.h), found from the job file"},
    {.table = "kernel",
     .name = "python",
     .type = PE_KEY_FUNCTION,
     .kinds = PYTHON,
     .help = "a Python file, found from the job file, and a function in it; it runs in worker processes"},
    {.table = "kernel",
     .name = "command",
     .type = PE_KEY_COMMAND,
     .least = 1,
     .kinds = COMMAND,
     .help = "a program: one line in, one line out an item; or one run an item where an argument holds {}"},
    {.table = "kernel",
     .name = "args",
     .type = PE_KEY_IDENTIFIERS,
     .least = 1,
     .unset = "x, y, z",
     .kinds = EXPR,
     .help = "the arguments' names in the expression"},
    {.table = "kernel",
     .name = "function",
     .type = PE_KEY_STRING,
     .kinds = SOURCE,
     .help = "the C function in source, of the type that signature says"},
    {.table = "kernel",
     .name = "cflags",
     .type = PE_KEY_STRINGS,
     .unset = "none",
     .kinds = EXPR | SOURCE,
     .help = "more options for the C compiler"},
    {.table = "kernel",
     .name = "libs",
     .type = PE_KEY_STRINGS,
     .unset = "none",
     .kinds = EXPR | SOURCE,
     .help = "libraries to link, such as [\"-lgsl\"]"},
    {.table = "kernel",
     .name = "initializer",
     .type = PE_KEY_FUNCTION,
     .unset = "none",
     .kinds = PYTHON,
     .help = "called once in each worker process before its first item"},
    {.table = "kernel",
     .name = "max_items_per_worker",
     .type = PE_KEY_INTEGER,
     .least = 1,
     .most = INT64_MAX,
     .unset = "no limit",
     .kinds = PYTHON,
     .help = "a worker process is replaced after so many items"},
    {.table = "kernel",
     .name = "signature",
     .type = PE_KEY_STRING,
     .unset = "what fits the inputs",
     .kinds = EVERY_FORM,
     .help = "the types of arguments and results, such as \"(float64) -> float64\"; picks one where a kernel has "
             "several"},
    {.table = "kernel",
     .name = "params",
     .type = PE_KEY_PARAMS,
     .unset = "none",
     .kinds = EVERY_FORM & ~COMMAND,
     .help = "constants that the kernel can read by name"},
    {.table = "kernel",
     .name = "seed",
     .type = PE_KEY_INTEGER,
     .most = INT64_MAX,
     .fallback = "0",
     .kinds = BUILT_IN | EXPR | SOURCE | PLUGIN,
     .help = "of the random numbers that a kernel draws by item"},
    {.table = "kernel",
     .name = "overflow",
     .type = PE_KEY_WORD,
     .words = overflows,
     .fallback = "\"error\"",
     .kinds = BUILT_IN | EXPR | SOURCE,
     .help = "an integer result that does not fit its dtype fails the item, or wraps around"},
    {.table = "kernel",
     .name = "isolate",
     .type = PE_KEY_BOOL,
     .fallback = "false",
     .kinds = EVERY_FORM,
     .help = "workers are processes, so that an item that crashes or hangs costs that item alone"},

    {.table = "output",
     .name = "path",
     .type = PE_KEY_STRING,
     .fallback = "\"-\"",
     .help = "a file, found from the current directory; \"-\" is stdout"},
    {.table = "output",
     .name = "format",
     .type = PE_KEY_WORD,
     .words = output_formats,
     .unset = "by suffix, txt for \"-\"",
     .help = "digest prints count, bytes and XXH3-128 of what raw would hold"},
    {.table = "output",
     .name = "dtype",
     .type = PE_KEY_DTYPE,
     .unset = "the kernel's",
     .help = "element type of the results as written"},
    {.table = "output",
     .name = "index",
     .type = PE_KEY_BOOL,
     .fallback = "false",
     .help = "the item's index as the first column"},
    {.table = "output",
     .name = "names",
     .type = PE_KEY_NAMES,
     .least = 1,
     .unset = "result, or f0, f1 and so on",
     .help = "names of the result columns, each once"},
    {.table = "output",
     .name = "gather",
     .type = PE_KEY_WORD,
     .words = gathers,
     .fallback = "\"auto\"",
     .help =
         "auto: every rank writes its rows of npy and raw to their places in a file that all ranks see, and hashes its "
         "rows of a digest; root: rank 0 gathers all rows"},

    {.table = "reduce",
     .name = "op",
     .type = PE_KEY_WORDS,
     .words = reductions,
     .help = "what all items come to, one line each: exact sums and means, the least, the greatest, how many"},
    {.table = "reduce",
     .name = "path",
     .type = PE_KEY_STRING,
     .fallback = "\"-\"",
     .help = "a file, found from the current directory; \"-\" is stdout"},
    {.table = "reduce",
     .name = "format",
     .type = PE_KEY_WORD,
     .words = reduce_formats,
     .unset = "by suffix, txt for \"-\"",
     .help = "csv and tsv open with a line of names; txt is tsv without it"},
    {.table = "reduce",
     .name = "names",
     .type = PE_KEY_NAMES,
     .least = 1,
     .unset = "result, or f0, f1 and so on",
     .help = "names of the result columns, each once"},

    {.table = "pool",
     .name = "threads",
     .type = PE_KEY_INTEGER,
     .least = 1,
     .most = 4096,
     .unset = "OMP_NUM_THREADS, or the cores this rank may use",
     .help = "workers of each rank"},
    {.table = "pool",
     .name = "chunk_size",
     .type = PE_KEY_AUTO_INTEGER,
     .least = 1,
     .most = INT64_C(1) << 40,
     .fallback = "\"auto\"",
     .help = "items handed to a worker at once"},
    {.table = "pool",
     .name = "schedule",
     .type = PE_KEY_WORD,
     .words = schedules,
     .fallback = "\"auto\"",
     .help = "static: slices as planned; dynamic: slices claimed as ranks get free"},
    {.table = "pool",
     .name = "memory",
     .type = PE_KEY_BYTES,
     .least = 1,
     .most = INT64_C(1) << 50,
     .fallback = "\"256 MiB\"",
     .help = "all buffers of one rank together"},

    {.table = "errors",
     .name = "on_error",
     .type = PE_KEY_WORD,
     .words = policies,
     .fallback = "\"stop\"",
     .help = "when an item fails: stop ends the run; skip leaves the item out; fill puts a value in its place"},
    {.table = "errors",
     .name = "fill",
     .type = PE_KEY_SCALAR,
     .unset = "nan for floats; else it must be given",
     .help = "the value for on_error = \"fill\""},
    {.table = "errors",
     .name = "retries",
     .type = PE_KEY_INTEGER,
     .most = 1000,
     .fallback = "0",
     .help = "how often a failed item is tried again"},
    {.table = "errors",
     .name = "timeout",
     .type = PE_KEY_TIME,
     .least = 1,
     .most = MOST_TIME,
     .unset = "none",
     .help = "longest time of one item; for python and command kernels, or with kernel.isolate = true"},
    {.table = "errors",
     .name = "max_failures",
     .type = PE_KEY_PORTION,
     .unset = "no limit",
     .help = "more failed items than that end the run; with on_error = \"skip\" or \"fill\""},
    {.table = "errors",
     .name = "log",
     .type = PE_KEY_STRING,
     .unset = "none",
     .help = "a csv of the failed items, found from the current directory"},
};

const pe_key *pe_schema_all(size_t *count)
{
    *count = sizeof keys / sizeof *keys;
    return keys;
}

const pe_key *pe_schema_find(const char *table, const char *name)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(keys[i].table, table) == 0 && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

const pe_key *pe_schema_find_path(const char *table, const char *path)
{
    char name[32];
    const size_t size = strcspn(path, ".");
    const pe_key *key = pe_schema_find(table, path);
    if (key != NULL || path[size] == '\0' || path[size + 1] == '\0' || size >= sizeof name)
        return key;
    memcpy(name, path, size);
    name[size] = '\0';
    key = pe_schema_find(table, name);
    return key != NULL && key->type == PE_KEY_PARAMS ? key : NULL;
}

pe_status pe_schema_fallbacks(pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && status == PE_OK; i++) {
        const pe_key *const key = &keys[i];
        if (key->fallback != NULL)
            status = pe_buffer_printf(out, err, "%s%s%s = %s\n", key->table, *key->table == '\0' ? "" : ".", key->name,
                                      key->fallback);
    }
    return status;
}
