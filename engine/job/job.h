/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job.h - one job as a validated value.
 *
 * Design: text -> toml tree -> overrides -> schema (one table: key, type, default, range, help) -> this. After
 * pe_job_read every field is valid by itself; whether the parts fit one another (arity, lengths) is found when the
 * inputs are open. Owns:   everything inside is the job's and goes with pe_job_free.
 */
#ifndef PE_JOB_H
#define PE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/enum_names.h"
#include "types/dtype.h"

/* A number or text as it was written; a range bound beyond 64 bits comes as a string and is read as int128. */
typedef struct pe_job_scalar {
    pe_dtype dtype; /* PE_BOOL, PE_INT64, PE_INT128, PE_FLOAT64 or PE_TEXT */
    pe_int128 integer;
    double real;
    char *text;
    size_t text_size;
} pe_job_scalar;

typedef enum pe_job_input_kind {
    PE_INPUT_RANGE,
    PE_INPUT_LINSPACE,
    PE_INPUT_PATH,
    PE_INPUT_GLOB,
    PE_INPUT_VALUE
} pe_job_input_kind;

typedef struct pe_job_column {
    char *name; /* NULL: by number */
    uint64_t number;
} pe_job_column;

typedef struct pe_job_input {
    pe_job_input_kind kind;
    char *where;            /* "job.toml:7:1: input" (several: "...: input 2"), for messages */
    pe_job_scalar range[3]; /* start, stop, step: all integers or all floats (mixed became floats) */
    bool has_step;
    double linspace[2];
    uint64_t points;
    pe_job_scalar value;
    char *path, *pattern;
    pe_format format;
    bool has_dtype;
    pe_type dtype;
    bool header;
    bool has_header;
    pe_job_column *columns;
    int column_count; /* 0: all */
    bool has_first, has_count;
    uint64_t first, count;
} pe_job_input;

typedef enum pe_job_kernel_kind {
    PE_JOB_KERNEL_NAME,
    PE_JOB_KERNEL_EXPR,
    PE_JOB_KERNEL_SOURCE,
    PE_JOB_KERNEL_PLUGIN,
    PE_JOB_KERNEL_PYTHON,
    PE_JOB_KERNEL_COMMAND
} pe_job_kernel_kind;

/* One constant of [kernel.params]: PE_INT64, PE_FLOAT64, PE_BOOL or PE_TEXT. */
typedef struct pe_job_param {
    char *name; /* a C identifier */
    pe_job_scalar value;
} pe_job_param;

/* Texts and arrays that were not given are NULL, and their counts 0. */
typedef struct pe_job_kernel {
    pe_job_kernel_kind kind;
    char *where; /* "job.toml:9:8: kernel.expr": the key that says the kind */
    char *name;  /* the kernel; of a plugin: the one in it, which may be left out */
    char *expr;
    char **args; /* expr: C identifiers, each once */
    int arg_count;
    char *source, *function; /* both or none */
    char **cflags, **libs;
    int cflag_count, lib_count;
    char *plugin;
    char *python; /* "f.py:do_something" */
    char *initializer;
    uint64_t max_items_per_worker; /* 0: not given */
    char **command;
    int command_count;
    char *signature; /* NULL: by the inputs */
    pe_job_param *params;
    size_t param_count;
    uint64_t seed;
    bool may_wrap; /* overflow = "wrap" */
    bool is_isolated;
} pe_job_kernel;

typedef struct pe_job_errors {
    char *where; /* "job.toml:14:1: errors" */
    pe_on_error policy;
    bool has_fill;      /* only with PE_ON_ERROR_FILL */
    pe_job_scalar fill; /* whether it fits the results is found when they are known */
    int retries;
    uint64_t timeout_ns;   /* of one item; 0: none */
    bool has_max_failures; /* not with PE_ON_ERROR_STOP */
    bool max_is_share;
    uint64_t max_failures;
    double max_share; /* of all items, 0 to 1: "1 %" is 0.01 */
    char *log;        /* NULL: none */
} pe_job_errors;

typedef struct pe_job {
    char *file;      /* as given on the command line */
    char *directory; /* of the job file: kernel files are found from here */
    char *name;
    const char *mode; /* "istarmap_unordered": for messages */
    pe_order order;
    bool is_star; /* starmap: one or more arguments; else exactly one */
    pe_combine combine;
    struct {
        char *where;         /* "job.toml:2:1: part"; NULL: not given */
        uint64_t number, of; /* 1 to of; 0 of 0: all items */
    } part;
    uint64_t skip; /* items at the start of those */

    pe_job_input *inputs;
    int input_count;

    pe_job_kernel kernel;

    struct {
        char *where; /* "job.toml:14:1: output" */
        char *path;
        pe_format format;
        bool has_dtype;
        pe_dtype dtype;
        bool has_index;
        bool is_gathered; /* gather = "root": rank 0 writes everything */
        char **names;
        int name_count;
    } output; /* with a reduction: what [reduce] says of these */

    pe_reduce_op ops[PE_REDUCE_OPS]; /* [reduce] op, in the order given */
    int op_count;                    /* 0: the items themselves are the output */

    struct {
        int threads;         /* 0: not given */
        uint64_t chunk_size; /* 0: auto */
        pe_schedule schedule;
        uint64_t memory_bytes; /* never 0: the default is 256 MiB */
    } pool;

    pe_job_errors errors;
} pe_job;

/* One --set KEY=VALUE, in the order given; -t and -o come as such. */
typedef struct pe_override {
    const char *key;
    const char *value;  /* TOML text */
    const char *origin; /* "--set pool.threads=8": opens messages */
} pe_override;

/* pe_job_read - text (the whole job file) into a job.
 *
 * Params:  file names the text in messages; it is not opened.
 * Returns: PE_OK with *out; PE_ECONFIG ("job.toml:12:5: pool.chunk_size: expected "auto" or 1 to 2^40, got -3", an
 *          unknown key with "did you mean"); PE_EUSAGE for an override that is not TOML, names no key or has the wrong
 *          type (the message begins with its origin)
 */
pe_status pe_job_read(const char *file, const char *text, size_t size, const pe_override *overrides,
                      size_t override_count, pe_job **out, pe_error *err);
void pe_job_free(pe_job *job);

/* pe_job_print - the effective job, defaults filled in, as TOML that reads back to the same job. */
pe_status pe_job_print(const pe_job *job, FILE *out, pe_error *err);

/* pe_job_print_keys - the schema as a table of keys, types, defaults and help (for --help's long part and README). */
void pe_job_print_keys(FILE *out);

#endif
