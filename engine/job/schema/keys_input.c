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
#define NPY (1u << PE_FORMAT_NPY)
#define CSV (1u << PE_FORMAT_CSV | 1u << PE_FORMAT_TSV)

static const pe_word input_formats[] = {{"npy", PE_FORMAT_NPY}, {"csv", PE_FORMAT_CSV}, {"tsv", PE_FORMAT_TSV},
                                        {"txt", PE_FORMAT_TXT}, {"raw", PE_FORMAT_RAW}, {NULL, 0}};

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
     .help = "txt is one text item a line"},
    {.name = "dtype",
     .type = PE_KEY_TYPE,
     INPUT(dtype),
     GIVEN_INPUT(has_dtype),
     .unset = "the input's own",
     .kinds = RANGE | LINSPACE | LOGSPACE | VALUES | PATH | VALUE,
     .help = "element type of raw; a conversion for the others, refused where it could lose value"},
    {.name = "columns",
     .type = PE_KEY_COLUMNS,
     INPUT(columns),
     COUNT_INPUT(column_count),
     .least = 1,
     .most = PE_MAX_COLUMNS,
     .formats = NPY | CSV,
     .unset = "all",
     .kinds = PATH,
     .help = "columns of csv, tsv or two-dimensional npy; each becomes an argument"},
    {.name = "header",
     .type = PE_KEY_BOOL,
     INPUT(header),
     .formats = CSV,
     .fallback = "true",
     .kinds = PATH,
     .help = "csv and tsv: the first record names the columns"},
    {.name = "names",
     .type = PE_KEY_IDENTIFIERS,
     INPUT(names),
     COUNT_INPUT(name_count),
     .least = 1,
     .most = PE_MAX_COLUMNS,
     .unset = "the names in columns, or x, y, z",
     .kinds = RANGE | LINSPACE | LOGSPACE | VALUES | PATH | GLOB | VALUE,
     .help = "the arguments' names, one a column: in an expression, and as the columns of errors.log"},
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
};

const pe_key_table pe_keys_input = {"input", input_rows, sizeof input_rows / sizeof *input_rows};
