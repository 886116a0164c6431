/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* schema.h - every key of a job file: one table with type, default, valid values and help.
 */
#ifndef PE_SCHEMA_H
#define PE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "job/toml/toml.h"

typedef enum pe_key_type {
    PE_KEY_WORD,         /* one of a few words */
    PE_KEY_EITHER,       /* one of two words: false, true */
    PE_KEY_WORDS,        /* one of a few words, or an array of several, each once */
    PE_KEY_STRING,       /* any string that is not empty */
    PE_KEY_TEXT,         /* any string */
    PE_KEY_INTEGER,      /* least to most */
    PE_KEY_AUTO_INTEGER, /* "auto", or least to most */
    PE_KEY_BOOL,
    PE_KEY_BYTES,       /* an integer or "256 MiB" */
    PE_KEY_TYPE,        /* "float64[3]" */
    PE_KEY_TYPES,       /* "float64[3]", or a table of dtypes by the columns' names; [input] dtype */
    PE_KEY_DTYPE,       /* "float64" */
    PE_KEY_NAMES,       /* an array of strings, each once */
    PE_KEY_IDENTIFIERS, /* an array of C identifiers, each once */
    PE_KEY_STRINGS,     /* an array of strings */
    PE_KEY_TEXTS,       /* an array of strings, which may be empty */
    PE_KEY_CHAR,        /* a string of one ASCII character, or one of the words; the field is an int */
    PE_KEY_COMMAND,     /* an array of strings: a program and its arguments */
    PE_KEY_COLUMNS,     /* an array of strings or of integers from 0 */
    PE_KEY_RANGE,       /* [start, stop] or [start, stop, step] */
    PE_KEY_LINSPACE,    /* [first, last, count] */
    PE_KEY_VALUES,      /* an array of scalars of one sort */
    PE_KEY_INTEGERS,    /* an array of integers, none below 0, each from least to most */
    PE_KEY_SCALAR,      /* a number, a bool or a string */
    PE_KEY_PARAMS,      /* a table of scalars, whose names are C identifiers */
    PE_KEY_FUNCTION,    /* "f.py:f" */
    PE_KEY_TIME,        /* "5 s", or a number of seconds */
    PE_KEY_LIMIT,       /* "auto", "none" or a time */
    PE_KEY_PORTION,     /* a count or "1 %" */
    PE_KEY_PART,        /* "3/16" */
    PE_KEY_EXPRESSIONS, /* a string or an array of strings */
    PE_KEY_FILL,        /* a scalar or an array of scalars, of any sorts */
    PE_KEY_KEEP,        /* "all", or an array of names or numbers */
    PE_KEY_SHARES,      /* an array of numbers from 0 to 1 */
    PE_KEY_HISTOGRAM,   /* [first, last, bins] */
    PE_KEY_FLOAT_FORMAT /* "%.6g" */
} pe_key_type;

typedef struct pe_word {
    const char *name;
    unsigned value; /* of the field's enum or bool */
} pe_word;

/* Does the key name a file, and is that file read or written? Used by messages and by checks before the run. */
typedef enum pe_key_path {
    PE_PATH_NONE,
    PE_PATH_INPUT,  /* read; relative to the current directory */
    PE_PATH_OUTPUT, /* written; relative to the current directory */
    PE_PATH_KERNEL  /* read; relative to the job file's directory */
} pe_key_path;

typedef struct pe_key {
    const char *name;
    pe_key_type type;
    const char *fallback; /* TOML text of the default; NULL: see `unset` */
    const char *unset;    /* for help: the meaning of an absent key that has no default; NULL: none */
    int64_t least,
        most; /* bounds of integers, bytes and nanoseconds, or of an array's size; most 0: no upper bound of the size */
    const pe_word *words; /* for PE_KEY_WORD, PE_KEY_EITHER and PE_KEY_WORDS; the last name is NULL */
    unsigned kinds;       /* bits of the valid kinds: [input] 1 << pe_source_kind, [kernel] 1 << pe_form_kind; 0: all */
    unsigned formats;     /* bits of the valid formats: 1 << pe_format; 0: all */
    size_t at;            /* offset of the field in pe_job, or for [input] in pe_source_spec */
    size_t count_at;      /* for an array: offset of the int with its size */
    size_t given_at;      /* offset of the bool that is set when the key is given; 0: there is none */
    pe_key_path path;
    bool may_change; /* between a run and its --resume: the key does not determine the bytes of the output */
    const char *help;
} pe_key;

typedef struct pe_key_table {
    const char *name; /* "" is the top level */
    const pe_key *keys;
    size_t count;
    const char *const *kinds; /* the keys of which the table has exactly one, in the order of their enum; NULL: none */
    size_t kind_count;
    const char *const *needed; /* keys of which the table has at least one, with a NULL after them; NULL: none */
} pe_key_table;

/* pe_schema_find - the row of table.name, or NULL. */
const pe_key *pe_schema_find(const char *table, const char *name);
/* pe_schema_find_path - the row of a path as in --set: "params.sigma" in kernel gives the row of params, as does
 * "dtype.id" in input. */
const pe_key *pe_schema_find_path(const char *table, const char *path);
/* All tables, the top level first. */
const pe_key_table *const *pe_schema_tables(size_t *count);
/* pe_schema_table - the table of that name, or NULL. */
const pe_key_table *pe_schema_table(const char *name);

/* pe_schema_beside - bits of the kinds beside which alone the key is valid; 0: valid beside all, or a kind itself. */
unsigned pe_schema_beside(const pe_key_table *table, const pe_key *key);

/* pe_schema_fallbacks - append all defaults as one TOML text, in which [input] is a single table. */
pe_status pe_schema_fallbacks(pe_buffer *out, pe_error *err);

#define PE_VALID_ROOM 160

/* pe_schema_valid - the valid values of a key as text, such as: "auto" or 1 to 2^40. Returns out. */
const char *pe_schema_valid(const pe_key *key, char out[PE_VALID_ROOM]);

/* pe_schema_check - check that every table and key of the tree is known, and that a known table is a table.
 * Values are checked when they are read (section.h).
 * Returns: PE_OK; PE_ECONFIG for the first unknown key in the file's order, or PE_EUSAGE for one of --set; the message
 *          has the most similar key, or the valid keys */
pe_status pe_schema_check(pe_toml *root, pe_error *err);

/* pe_schema_check_path - check that a dotted path of --set ("pool.threads", "input.1.range", "kernel.params.x") names a
 * known key.
 * Returns: PE_OK, or PE_EUSAGE with a message that begins with origin */
pe_status pe_schema_check_path(const char *path, const char *origin, pe_error *err);

/* pe_schema_place - print "job.toml:12:5", or only the origin for a value of --set; returns out. */
#define PE_PLACE_ROOM 320
const char *pe_schema_place(const char *origin, uint32_t line, uint32_t column, char out[PE_PLACE_ROOM]);

#endif
