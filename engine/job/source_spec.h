/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* source_spec.h - one [input] table: what a source opens.
 *
 * Design: the job reads each key straight into its field here (job/schema/schema.c), and sources take the struct as it
 *         is, so that a key is written down once.
 * Owns:   a job owns what its inputs point to; a source only borrows, and the spec outlives it.
 */
#ifndef PE_SOURCE_SPEC_H
#define PE_SOURCE_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/enum_names.h"
#include "types/dtype.h"

typedef enum pe_source_kind {
    PE_SOURCE_RANGE,
    PE_SOURCE_LINSPACE,
    PE_SOURCE_LOGSPACE,
    PE_SOURCE_VALUES,
    PE_SOURCE_FILE,
    PE_SOURCE_GLOB,
    PE_SOURCE_VALUE
} pe_source_kind;

/* A number or text as the job file gave it. */
typedef struct pe_scalar {
    pe_dtype dtype; /* PE_BOOL, PE_INT64 (or PE_INT128 beyond 64 bits), PE_FLOAT64 or PE_TEXT */
    pe_int128 integer;
    double real;
    pe_text text;
} pe_scalar;

/* Do job files write numbers of this dtype as texts? TOML has no complex numbers, and no integers beyond int64. */
static inline bool pe_scalar_may_be_text(pe_dtype dtype)
{
    return dtype == PE_UINT64 || dtype == PE_INT128 || pe_dtype_is_complex(dtype);
}

/* Such a text, for messages. */
static inline const char *pe_scalar_example(pe_dtype dtype)
{
    return dtype == PE_UINT64 ? "18446744073709551615" : dtype == PE_INT128 ? "18446744073709551616" : "1+2j";
}

/* One selected column: by name when name is set, else by number from 0. */
typedef struct pe_column_choice {
    const char *name;
    uint64_t number;
} pe_column_choice;

/* The dtype of the column of this name. */
typedef struct pe_column_dtype {
    const char *name;
    pe_dtype dtype;
} pe_column_dtype;

typedef enum pe_text_demand {
    PE_DEMAND_UNKNOWN, /* what the columns are decides */
    PE_DEMAND_NUMBERS, /* numbers only: empty lines at the end are no items */
    PE_DEMAND_TEXTS    /* texts only: every line is an item */
} pe_text_demand;

/* What the items of an array are. */
typedef enum pe_each {
    PE_EACH_ROW, /* along the first axis: an item is the rest */
    PE_EACH_ELEMENT
} pe_each;

typedef struct pe_source_spec {
    const char *where; /* "squares.toml:7:1: input", of several "...: input 2": opens messages about the spec itself */
    pe_source_kind kind;
    pe_scalar start, stop, step;    /* range: all integers or all floats; step is 1 by default */
    double first_value, last_value; /* linspace; logspace: the exponents of 10 */
    uint64_t points;
    const pe_scalar *values; /* at least one; all integers, all floats, all bools or all texts */
    int value_count;
    pe_scalar value;
    const char *path;    /* file; "-" is stdin */
    const char *pattern; /* glob */
    pe_format format;    /* PE_FORMAT_AUTO: neither given nor known by the suffix */
    bool has_dtype;      /* one for all columns */
    pe_type dtype;
    const pe_column_dtype *dtypes; /* of some columns, by name; only where has_dtype is false */
    int dtype_count;
    bool header;                   /* csv, tsv: the first record names the columns */
    int delimiter, quote, comment; /* csv, tsv: a byte, PE_CHAR_NONE or PE_CHAR_BLANKS (base/dialect.h); 0: not given */
    int decimal, thousands;        /* csv, tsv: a byte; 0: not given */
    uint64_t skip_lines;           /* csv, tsv: lines before the header */
    const char *const *missing;    /* csv, tsv: fields that mean "no value"; NULL: none */
    int missing_count;
    const pe_column_choice *columns; /* csv, tsv, two-dimensional npy; NULL is all */
    int column_count;
    const char *dataset;      /* npz, hdf5: the array; NULL: the only one */
    pe_each each;             /* npy, npz, hdf5 */
    const char *const *names; /* of the arguments, one per column: C identifiers; NULL: not given */
    int name_count;
    bool has_first, has_count;
    uint64_t first, count; /* only those items; reaching beyond the end is an error that names both (PE_EDATA) */

    /* What the run sets. */
    const char *const *written; /* files that the job writes, which a glob leaves out */
    size_t written_count;
    /* of csv, tsv and txt: */
    pe_verify verify;
    int threads;             /* that may scan a file at once; 0: as many as there are cores */
    size_t record_max_bytes; /* a longer record of a stream is refused; 0: 1 GiB */
    bool infers_types;       /* without dtype: find the types of the columns in the first records */
    bool infers_fields;      /* of the other fields too: they are kept as numbers */
    /* of jsonl, the fields written beside the results: */
    const pe_column_choice *kept; /* values by their paths */
    int kept_count;
    const char *kept_where; /* of [output], for messages */
    bool keeps_keys;        /* or the values of all keys that the first line has */
    bool keeps_own;         /* in the line's own bytes, as members of an object */
    bool keeps_line;        /* all of them: the line is one piece */
    /* Without columns: is a column of this name an argument? Where none is, all are. NULL: all are. */
    bool (*is_mentioned)(const void *context, const char *name);
    const void *mention_context;
    pe_text_demand demand; /* what the kernel is known to take */
} pe_source_spec;

#endif
