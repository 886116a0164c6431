/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* keys_output.c - the keys of [output], and of [reduce] in its place.
 *
 * Not here: how a key is added (schema.c).
 */
#include "job/schema/schema_internal.h"

#define TEXTS (1u << PE_FORMAT_CSV | 1u << PE_FORMAT_TSV | 1u << PE_FORMAT_TXT)
#define CSV (1u << PE_FORMAT_CSV | 1u << PE_FORMAT_TSV)

static const pe_word output_formats[] = {
    PE_FORMATS_BOTH(PE_FORMAT_WORD) PE_FORMATS_OUT(PE_FORMAT_WORD){NULL, 0},
};
static const pe_word gathers[] = {{"auto", false}, {"root", true}, {NULL, 0}};
static const pe_word syncs[] = {
    {"auto", PE_SYNC_AUTO}, {"always", PE_SYNC_ALWAYS}, {"never", PE_SYNC_NEVER}, {NULL, 0}};
static const pe_word reductions[] = {{"sum", PE_REDUCE_SUM},       {"min", PE_REDUCE_MIN},
                                     {"max", PE_REDUCE_MAX},       {"mean", PE_REDUCE_MEAN},
                                     {"count", PE_REDUCE_COUNT},   {"var", PE_REDUCE_VAR},
                                     {"std", PE_REDUCE_STD},       {"argmin", PE_REDUCE_ARGMIN},
                                     {"argmax", PE_REDUCE_ARGMAX}, {NULL, 0}};
static const pe_word reduce_formats[] = {
    {"csv", PE_FORMAT_CSV}, {"tsv", PE_FORMAT_TSV}, {"txt", PE_FORMAT_TXT}, {NULL, 0}};

/* In [output] and in [reduce]. */
#define OUTPUT_PATH                                                                                                    \
    {                                                                                                                  \
        .name = "path", .type = PE_KEY_STRING, .path = PE_PATH_OUTPUT, JOB(output.path), .may_change = true,           \
        .fallback = "\"-\"", .help = "a file, found from the current directory; \"-\" is stdout"                       \
    }
#define OUTPUT_NAMES                                                                                                   \
    {                                                                                                                  \
        .name = "names", .type = PE_KEY_NAMES, JOB(output.names), COUNT_JOB(output.name_count), .least = 1,            \
        .unset = "result, or f0, f1 and so on", .help = "names of the result columns, each once"                       \
    }

static const pe_key output_rows[] = {
    OUTPUT_PATH,
    {.name = "format",
     .type = PE_KEY_WORD,
     JOB(output.format),
     .words = output_formats,
     .unset = "by suffix, txt for \"-\"",
     .help = "digest prints count, bytes and XXH3-128 of what raw would hold; bytes are the texts as they are, with "
             "nothing "
             "between them"},
    {.name = "dtype",
     .type = PE_KEY_DTYPE,
     JOB(output.dtype),
     GIVEN_JOB(output.has_dtype),
     .unset = "the kernel's",
     .help = "element type of the results as written"},
    {.name = "index",
     .type = PE_KEY_BOOL,
     JOB(output.has_index),
     .fallback = "false",
     .help = "the item's index as the first column"},
    OUTPUT_NAMES,
    {.name = "dataset",
     .type = PE_KEY_STRING,
     JOB(output.dataset),
     .formats = 1u << PE_FORMAT_HDF5,
     .unset = "/result",
     .help = "hdf5: the dataset that is written, such as \"/group/name\""},
    {.name = "delimiter",
     .type = PE_KEY_CHAR,
     JOB(output.delimiter),
     .formats = CSV,
     .unset = "a comma, of tsv a tab",
     .help = "csv and tsv: the separator between two fields"},
    {.name = "quote",
     .type = PE_KEY_CHAR,
     JOB(output.quote),
     .formats = CSV,
     .unset = "a double quote",
     .help = "csv and tsv: the quotation mark around a field that holds delimiters, quotes or newlines"},
    {.name = "decimal",
     .type = PE_KEY_CHAR,
     JOB(output.decimal),
     .formats = CSV,
     .unset = "a point",
     .help = "csv and tsv: the decimal point of floats"},
    {.name = "missing",
     .type = PE_KEY_TEXT,
     JOB(output.missing),
     .formats = CSV,
     .unset = "nan",
     .help = "csv and tsv: what is written for nan, such as \"\" or \"NA\""},
    {.name = "keep",
     .type = PE_KEY_KEEP,
     JOB(output.keep),
     .least = 1,
     .most = PE_MAX_COLUMNS,
     .unset = "none",
     .help = "columns of the input in front of the results: of a csv, tsv, txt or jsonl any of the file, in its own "
             "bytes where "
             "the output has the same format; of everything else the arguments"},
    {.name = "float_format",
     .type = PE_KEY_FLOAT_FORMAT,
     JOB(output.float_format),
     .formats = TEXTS,
     .unset = "as Python's repr",
     .help = "how floats are printed: a printf format of one number, such as \"%.6g\""},
    {.name = "gather",
     .type = PE_KEY_EITHER,
     JOB(output.is_gathered),
     .may_change = true,
     .words = gathers,
     .fallback = "\"auto\"",
     .help =
         "auto: every rank writes its rows of npy and raw to their places in a file that all ranks see, and hashes its "
         "rows of a digest; root: rank 0 gathers all rows"},
    {.name = "sync",
     .type = PE_KEY_WORD,
     JOB(output.sync),
     .may_change = true,
     .words = syncs,
     .fallback = "\"auto\"",
     .help = "whether the end of a run waits until the output is on stable storage: auto after more than "
             "checkpoint.interval, "
             "always, never"},
};

static const pe_key reduce_rows[] = {
    {.name = "op",
     .type = PE_KEY_WORDS,
     JOB(ops),
     COUNT_JOB(op_count),
     .words = reductions,
     .unset = "count, beside quantiles or a histogram",
     .help = "numbers over all items, a line for each: sum, mean, var and std are exact and rounded once; argmin and "
             "argmax "
             "say which item it is"},
    {.name = "ddof",
     .type = PE_KEY_INTEGER,
     JOB(reduce.ddof),
     .most = INT64_MAX,
     .unset = "0",
     .help = "var and std divide by the count minus ddof"},
    {.name = "quantiles",
     .type = PE_KEY_SHARES,
     JOB(reduce.quantiles),
     COUNT_JOB(reduce.quantile_count),
     .least = 1,
     .most = 1000,
     .unset = "none",
     .help =
         "a line for each quantile, such as [0.5, 0.99], within 0.05 %; takes up to 32 MiB per rank for each result"},
    {.name = "histogram",
     .type = PE_KEY_HISTOGRAM,
     JOB(reduce.histogram),
     .most = INT64_C(1) << 20,
     .unset = "none",
     .help = "[first, last, bins]: a line for each bin with its count, as numpy.histogram, and the rest as below and "
             "above"},
    OUTPUT_PATH,
    {.name = "format",
     .type = PE_KEY_WORD,
     JOB(output.format),
     .words = reduce_formats,
     .unset = "by suffix, txt for \"-\"",
     .help = "csv and tsv open with a line of names; txt is tsv without it"},
    OUTPUT_NAMES,
};

const pe_key_table pe_keys_output = {
    .name = "output", .keys = output_rows, .count = sizeof output_rows / sizeof *output_rows};

static const char *const reduce_needed[] = {"op", "quantiles", "histogram", NULL};

const pe_key_table pe_keys_reduce = {
    .name = "reduce", .keys = reduce_rows, .count = sizeof reduce_rows / sizeof *reduce_rows, .needed = reduce_needed};
