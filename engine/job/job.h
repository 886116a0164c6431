/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job.h - one job as a validated value.
 *
 * Design: text -> toml tree -> overrides -> schema (one table: key, type, default, range, field, help) -> this. After
 *         pe_job_read every field is valid by itself; whether the parts fit one another (arity, lengths) is found when the
 *         inputs are open. The sections for inputs, kernel and output are the very specs that sources, forms and sinks
 *         take, so the run copies them and sets what is known later.
 * Owns:   everything inside is the job's and goes with pe_job_free.
 */
#ifndef PE_JOB_H
#define PE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/enum_names.h"
#include "job/form_spec.h"
#include "job/sink_spec.h"
#include "job/source_spec.h"
#include "types/dtype.h"

typedef enum pe_job_mode {
    PE_JOB_MAP,
    PE_JOB_IMAP,
    PE_JOB_IMAP_UNORDERED,
    PE_JOB_STARMAP,
    PE_JOB_ISTARMAP,
    PE_JOB_ISTARMAP_UNORDERED
} pe_job_mode;

#define PE_TIME_LIMIT_AUTO UINT64_C(0) /* that of the batch system, where there is one */
#define PE_TIME_LIMIT_NONE UINT64_MAX

/* A number of items, or a share of all. */
typedef struct pe_job_portion {
    bool is_given;
    bool is_share;
    uint64_t count;
    double share; /* 0 to 1: "1 %" is 0.01 */
} pe_job_portion;

typedef struct pe_job_part {
    const char *where;   /* "job.toml:2:1: part"; NULL: not given */
    uint64_t number, of; /* 1 to of; 0 of 0: all items */
} pe_job_part;

typedef struct pe_job_histogram {
    double first, last;
    uint64_t bins; /* 0: none */
} pe_job_histogram;

typedef struct pe_job_reduce {
    uint64_t ddof;
    const double *quantiles; /* each from 0 to 1 */
    int quantile_count;
    pe_job_histogram histogram;
} pe_job_reduce;

typedef struct pe_job_errors {
    const char *where; /* "job.toml:14:1: errors" */
    pe_on_error policy;
    const pe_scalar *fill; /* one for all results, or one per result; only with PE_ON_ERROR_FILL */
    int fill_count;        /* 0: not given. Whether they fit the results is found when those are known */
    uint64_t retries;
    uint64_t timeout_ns;         /* of one item; 0: none */
    pe_job_portion max_failures; /* not with PE_ON_ERROR_STOP */
    const char *log;             /* NULL: none */
} pe_job_errors;

/* Files of the command line that describe the run; NULL: not asked for. */
typedef struct pe_job_reports {
    const char *html, *trace, *stats, *joblog;
} pe_job_reports;

typedef struct pe_job {
    const char *file;      /* as given on the command line */
    const char *directory; /* of the job file: kernel files are found from here */
    const char *name;
    pe_job_mode mode_key; /* what mode, order and is_star say */
    const char *mode;     /* "istarmap_unordered": for messages; a constant */
    pe_order order;
    bool is_star; /* starmap: one or more arguments; else exactly one */
    pe_combine combine;
    pe_job_part part;
    uint64_t skip;     /* items at the start of those */
    const char *items; /* "17,40-60": only these, to look at; NULL: all */

    pe_source_spec *inputs;
    int input_count;
    pe_form_spec kernel;
    pe_sink_spec output; /* with a reduction: what [reduce] says of it */

    pe_reduce_op ops[PE_REDUCE_OPS]; /* [reduce] op, in the order given */
    int op_count;                    /* 0: the items themselves are the output */
    pe_job_reduce reduce;            /* beside ops */

    struct {
        uint64_t threads;    /* 0: not given */
        uint64_t chunk_size; /* 0: auto */
        pe_schedule schedule;
        uint64_t memory_bytes;  /* never 0: the default is 256 MiB */
        uint64_t time_limit_ns; /* or PE_TIME_LIMIT_AUTO, PE_TIME_LIMIT_NONE */
    } pool;

    pe_job_errors errors;
    pe_job_reports reports; /* no keys: set by the run; borrowed */

    struct {
        bool is_enabled;
        const char *path; /* NULL: beside the output */
        uint64_t interval_ns;
        bool is_kept; /* also after a complete run */
    } checkpoint;
} pe_job;

#define PE_JOB_COMMAND_LINE "command line" /* the file of a job that has none, in messages */

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

/* pe_job_make_dry - change the job to what --dry-run runs: it prints its commands and touches no file of the job. PE_EUSAGE:
 * its kernel is no program. */
pe_status pe_job_make_dry(pe_job *job, pe_error *err);

/* pe_job_print - print the effective job, defaults filled in, as TOML that reads back to the same job. */
pe_status pe_job_print(const pe_job *job, FILE *out, pe_error *err);

/* pe_job_print_decisive - append one line "table.key = value" for each key that determines the bytes of the output; several
 * inputs are input.1 and so on. PE_ENOMEM. */
pe_status pe_job_print_decisive(const pe_job *job, pe_buffer *out, pe_error *err);

#define PE_JOB_NOTE_ROOM 400

/* pe_job_note - what is valid but looks like a mistake: a range of one item that was meant as a list of
 * values, a suffix that names another format than the one written.
 * Returns: out, or NULL when there is nothing to say */
const char *pe_job_note(const pe_job *job, char out[PE_JOB_NOTE_ROOM]);

/* pe_job_print_keys - print the schema as a table of keys, types, defaults and help (for --help's long part and README). */
void pe_job_print_keys(FILE *out);

/* pe_job_print_schema - print the schema as a JSON schema (draft 7), for editors. */
void pe_job_print_schema(FILE *out);

#endif
