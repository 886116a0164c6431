/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* keys_input.c - the keys of [input], or of each [[input]].
 *
 * Not here: how a key is added (schema.c).
 */
#include "job/schema/schema_internal.h"

#define RANGE (1u << PE_SOURCE_RANGE)
#define LINSPACE (1u << PE_SOURCE_LINSPACE)
#define LOGSPACE (1u << PE_SOURCE_LOGSPACE)
#define VALUES (1u << PE_SOURCE_VALUES)
#define PATH (1u << PE_SOURCE_FILE)
#define GLOB (1u << PE_SOURCE_GLOB)
#define VALUE (1u << PE_SOURCE_VALUE)
#define NPZ (1u << PE_FORMAT_NPZ | 1u << PE_FORMAT_HDF5)
#define NPY (1u << PE_FORMAT_NPY | NPZ)
#define CSV (1u << PE_FORMAT_CSV | 1u << PE_FORMAT_TSV)

static const pe_word input_formats[] = {
    PE_FORMATS_BOTH(PE_FORMAT_WORD) PE_FORMATS_IN(PE_FORMAT_WORD){NULL, 0},
};

static const pe_word delimiter_words[] = {{"whitespace", PE_CHAR_BLANKS}, {NULL, 0}};
static const pe_word no_quote[] = {{"none", PE_CHAR_NONE}, {NULL, 0}};
static const pe_word eachs[] = {{"row", PE_EACH_ROW}, {"element", PE_EACH_ELEMENT}, {NULL, 0}};
static const pe_word verifications[] = {
    {"auto", PE_VERIFY_AUTO}, {"content", PE_VERIFY_CONTENT}, {"size", PE_VERIFY_SIZE}, {NULL, 0}};

static const pe_key input_rows[] = {
    {.name = "range",
     .type = PE_KEY_RANGE,
     .kinds = RANGE,
     .help = "integers or floats from start up to, not including, stop; an integer beyond 64 bits is written as a "
             "string"},
    {.name = "linspace",
     .type = PE_KEY_LINSPACE,
     .kinds = LINSPACE,
     .help = "count floats from first to last, both included"},
    {.name = "logspace",
     .type = PE_KEY_LINSPACE,
     .kinds = LOGSPACE,
     .help = "count floats from 10 to the power of first to 10 to the power of last, as numpy.logspace"},
    {.name = "values",
     .type = PE_KEY_VALUES,
     INPUT(values),
     COUNT_INPUT(value_count),
     .least = 1,
     .kinds = VALUES,
     .help = "the items themselves: numbers or texts; integers beside floats become floats"},
    {.name = "path",
     .type = PE_KEY_STRING,
     .path = PE_PATH_INPUT,
     INPUT(path),
     .kinds = PATH,
     .may_change = true,
     .help = "a file, found from the current directory; \"-\" is stdin"},
    {.name = "glob",
     .type = PE_KEY_STRING,
     INPUT(pattern),
     .kinds = GLOB,
     .help = "a pattern such as \"frames/*.dat\": the sorted paths as text items"},
    {.name = "value",
     .type = PE_KEY_SCALAR,
     INPUT(value),
     .kinds = VALUE,
     .help = "the same for every item; as many as the other inputs have"},
    {.name = "format",
     .type = PE_KEY_WORD,
     INPUT(format),
     .words = input_formats,
     .unset = "by suffix",
     .kinds = PATH,
     .help = "txt is one text item per line"},
    {.name = "dtype",
     .type = PE_KEY_TYPES,
     INPUT(dtype),
     .unset = "the input's own",
     .kinds = RANGE | LINSPACE | LOGSPACE | VALUES | PATH | VALUE,
     .help = "element type of raw; a conversion for the others, refused where it could lose value; of several "
             "columns some, by their names"},
    {.name = "columns",
     .type = PE_KEY_COLUMNS,
     INPUT(columns),
     COUNT_INPUT(column_count),
     .least = 1,
     .most = PE_MAX_COLUMNS,
     .formats = NPY | CSV | 1u << PE_FORMAT_JSONL,
     .unset = "all",
     .kinds = PATH,
     .help = "columns of csv, tsv or two-dimensional npy, or fields of a structured npy; each becomes an argument"},
    {.name = "dataset",
     .type = PE_KEY_STRING,
     INPUT(dataset),
     .formats = NPZ,
     .unset = "the only one",
     .kinds = PATH,
     .help = "npz, hdf5: the name of the array, such as \"a\" or \"/group/name\""},
    {.name = "each",
     .type = PE_KEY_WORD,
     INPUT(each),
     .words = eachs,
     .formats = NPY,
     .fallback = "\"row\"",
     .kinds = PATH,
     .help =
         "what an item of an array is: a row along its first axis, a vector where it has more axes; or each element, "
         "and then an npy output has the input's shape"},
    {.name = "header",
     .type = PE_KEY_BOOL,
     INPUT(header),
     .formats = CSV,
     .fallback = "true",
     .kinds = PATH,
     .help = "csv and tsv: the first record names the columns"},
    {.name = "delimiter",
     .type = PE_KEY_CHAR,
     INPUT(delimiter),
     .words = delimiter_words,
     .formats = CSV,
     .unset = "a comma, of tsv a tab",
     .kinds = PATH,
     .help = "csv and tsv: the separator between two fields; \"whitespace\" is any number of spaces and tabs"},
    {.name = "quote",
     .type = PE_KEY_CHAR,
     INPUT(quote),
     .words = no_quote,
     .formats = CSV,
     .unset = "a double quote",
     .kinds = PATH,
     .help =
         "csv and tsv: the quotation mark around a field that holds delimiters or newlines; \"none\": quotes are data"},
    {.name = "comment",
     .type = PE_KEY_CHAR,
     INPUT(comment),
     .formats = CSV,
     .unset = "none",
     .kinds = PATH,
     .help = "csv and tsv: this character and what follows it in its line is left out"},
    {.name = "decimal",
     .type = PE_KEY_CHAR,
     INPUT(decimal),
     .formats = CSV,
     .unset = "a point",
     .kinds = PATH,
     .help = "csv and tsv: the decimal point of numbers"},
    {.name = "thousands",
     .type = PE_KEY_CHAR,
     INPUT(thousands),
     .formats = CSV,
     .unset = "none",
     .kinds = PATH,
     .help = "csv and tsv: the thousands separator of numbers, which is left out of them"},
    {.name = "skip_lines",
     .type = PE_KEY_INTEGER,
     INPUT(skip_lines),
     .most = INT64_MAX,
     .formats = CSV,
     .unset = "0",
     .kinds = PATH,
     .help = "csv and tsv: lines to leave out before the header"},
    {.name = "missing",
     .type = PE_KEY_TEXTS,
     INPUT(missing),
     COUNT_INPUT(missing_count),
     .least = 1,
     .formats = CSV,
     .unset = "none",
     .kinds = PATH,
     .help =
         "csv and tsv: fields that hold no value, such as [\"\", \"NA\"]: nan where a float is wanted; elsewhere the "
         "item fails"},
    {.name = "names",
     .type = PE_KEY_IDENTIFIERS,
     INPUT(names),
     COUNT_INPUT(name_count),
     .least = 1,
     .most = PE_MAX_COLUMNS,
     .unset = "the names in columns, or x, y, z",
     .kinds = RANGE | LINSPACE | LOGSPACE | VALUES | PATH | GLOB | VALUE,
     .help = "the arguments' names, one per column: in an expression, and as the columns of errors.log"},
    {.name = "first",
     .type = PE_KEY_INTEGER,
     INPUT(first),
     GIVEN_INPUT(has_first),
     .most = INT64_MAX,
     .unset = "0",
     .kinds = RANGE | LINSPACE | LOGSPACE | VALUES | PATH | GLOB,
     .help = "items to leave out at the start"},
    {.name = "count",
     .type = PE_KEY_INTEGER,
     INPUT(count),
     GIVEN_INPUT(has_count),
     .most = INT64_MAX,
     .unset = "all that follow",
     .kinds = RANGE | LINSPACE | LOGSPACE | VALUES | PATH | GLOB,
     .help = "items to take"},
    {.name = "verify",
     .type = PE_KEY_WORD,
     INPUT(verify),
     .words = verifications,
     .fallback = "\"auto\"",
     .kinds = PATH,
     .may_change = true,
     .help =
         "how --resume recognises a changed file: auto by its size and a sample of its content, content by all of it, "
         "size by its size alone"},
};

/* In the order of pe_source_kind. */
static const char *const input_kinds[] = {"range", "linspace", "logspace", "values", "path", "glob", "value"};

const pe_key_table pe_keys_input = {.name = "input",
                                    .keys = input_rows,
                                    .count = sizeof input_rows / sizeof *input_rows,
                                    .kinds = input_kinds,
                                    .kind_count = sizeof input_kinds / sizeof *input_kinds};
