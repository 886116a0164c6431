/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sink_spec.h - the [output] or [reduce] table: what a sink writes.
 *
 * Design: the job reads each key straight into its field here (job/schema/schema.c), and sinks take the struct as it is.
 *         What is known only when inputs and kernel are open is set by the run, in a copy.
 * Owns:   a job owns what its output points to; a sink keeps nothing of the spec.
 */
#ifndef PE_SINK_SPEC_H
#define PE_SINK_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/enum_names.h"
#include "job/source_spec.h"
#include "types/dtype.h"

/* [output] keep: columns of the input that stand in front of the results. */
typedef struct pe_keep {
    bool is_all;
    const pe_column_choice *columns;
    int count; /* 0 without is_all: none */
} pe_keep;

/* What one kept column is called. */
typedef struct pe_kept_name {
    const char *name;
    pe_text label; /* in a csv's first line as these bytes; data NULL: the name, in quotes where it needs them */
} pe_kept_name;

/* A column in front of the results. */
typedef struct pe_kept_column {
    pe_type type;
    bool is_as_it_stands;      /* a text that is no value but bytes of the row, of several fields perhaps */
    const pe_kept_name *names; /* of the fields; one except for such bytes */
    size_t name_count;
} pe_kept_column;

/* Where the output of an unfinished run ends, for a later run that goes on after it. */
typedef struct pe_sink_mark {
    uint64_t inode;     /* of its file; 0: none, the output is a line that is written at the end */
    uint64_t bytes;     /* of the file that count, with what stood in front of them on stdout */
    uint64_t ahead_end; /* rows that wait for earlier ones end here in the file; 0: there are none */
    uint64_t items;     /* rows in them */
    const void *state;  /* of a digest; borrowed */
    size_t state_bytes;
} pe_sink_mark;

/* The values along one axis of a product, for formats that hold them. */
typedef struct pe_sink_axis {
    const char *name;
    pe_dtype dtype;
    const void *values; /* NULL: not numbers, or too many */
    uint64_t count;
} pe_sink_axis;

typedef struct pe_sink_spec {
    const char *where; /* "job.toml:14:1: output": the beginning of messages about the spec */
    const char *path;  /* "-" is stdout */
    pe_format format;  /* PE_FORMAT_AUTO: neither given nor known by the path */
    bool has_dtype;    /* the results are written as dtype */
    pe_dtype dtype;
    bool has_index;                /* the item's index (int64) as the first column */
    int delimiter, quote, decimal; /* csv, tsv: a byte; 0: not given */
    const char *missing;           /* csv, tsv: what is written for nan; NULL: nan */
    const char *const *names;      /* of results or of columns (sink/encode/columns.h); NULL: the default names */
    int name_count;
    pe_keep keep;
    const char *float_format; /* txt, csv, tsv: a printf format of one double; NULL: as Python's repr */
    bool is_gathered;         /* gather = "root": rank 0 writes everything */
    pe_sync_policy sync;

    const char *dataset; /* hdf5: its name; NULL: /result */

    /* What the run sets. */
    const char *job_name, *kernel_text, *where_text; /* hdf5: attributes of the dataset; NULL: none */
    const pe_sink_axis *axis_values;                 /* of each axis, while the sink begins; NULL: none */
    pe_order order;
    const pe_type *results; /* the types that are written (after dtype) */
    int result_count;
    const pe_kept_column *kept; /* what keep comes to */
    int kept_count;
    const char *first_column; /* the name of a first column that the caller's rows have (reductions), or NULL */
    uint64_t items;           /* PE_COUNT_UNKNOWN's value (UINT64_MAX) when not known */
    const uint64_t *axes;     /* npy: the shape of a product; NULL: (items,) */
    int axis_count;
    bool is_recorded_stdout;     /* stdout is a file that a later run may continue: its checkpoint is recorded */
    const char *marker;          /* the name of the checkpoint; NULL: beside the output */
    bool is_marker_held;         /* the run holds the lock of the marker, and empties it itself */
    const pe_sink_mark *resumed; /* go on after this; NULL: begin anew */
    bool gives_json;             /* the only result is a text of JSON */
    bool takes_partials;         /* digest: writes are partial digests (digest.h) instead of rows */
} pe_sink_spec;

#endif
