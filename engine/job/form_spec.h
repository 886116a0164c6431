/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form_spec.h - the [kernel] table: what a kernel form opens.
 *
 * Design: the job reads each key straight into its field here (job/schema/schema.c), and forms take the struct as it is.
 *         What is known only when the inputs are open is set by the run, in a copy.
 * Owns:   a job owns what its kernel points to; a form only borrows, and the spec outlives it.
 */
#ifndef PE_FORM_SPEC_H
#define PE_FORM_SPEC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "types/dtype.h"
#include <pengine/kernel.h>

typedef enum pe_form_kind {
    PE_FORM_NAME,
    PE_FORM_EXPR,
    PE_FORM_SOURCE,
    PE_FORM_PLUGIN,
    PE_FORM_PYTHON,
    PE_FORM_COMMAND
} pe_form_kind;

/* What becomes of what a program writes to stderr. */
typedef enum pe_stderr_use {
    PE_STDERR_PASS, /* to our stderr, in whole lines */
    PE_STDERR_LOG,  /* only the reason of an item that fails */
    PE_STDERR_DROP
} pe_stderr_use;

/* Texts and arrays that were not given are NULL, and their counts 0. */
typedef struct pe_form_spec {
    const char *where; /* "job.toml:9:8: kernel.expr": messages begin with it */
    pe_form_kind kind;
    const char *name;         /* the kernel; of a plugin: the one in it */
    const char *expr;         /* the first of exprs */
    const char *const *exprs; /* one per result; NULL: expr alone */
    int expr_count;
    const char *signature_where; /* "job.toml:9:8: kernel.signature"; NULL: none is given, or not by a file */
    const char *condition_where; /* "job.toml:9:8: kernel.where" */
    const char *condition;       /* [kernel] where, an expression of the same names; NULL: all items are computed */
    const char *const *args;     /* expr: the arguments' names, C identifiers; NULL: x, y, z */
    int arg_count;
    const char *source, *function; /* both or none */
    const char *const *cflags, *const *libs;
    int cflag_count, lib_count;
    const char *plugin;
    const char *python; /* "f.py:do_something" */
    const char *initializer;
    const char *interpreter;       /* python: NULL: PENGINE_PYTHON, else python3 */
    uint64_t max_items_per_worker; /* 0: no limit */
    const char *const *command;
    int command_count;
    const int64_t *ok; /* command: exit codes that are no failure; NULL: 0 alone */
    int ok_count;
    pe_stderr_use stderr_use;
    const char *signature; /* NULL: by the inputs */
    pe_setup setup;        /* params and seed */
    bool has_seed;         /* python seeds its generators only then */
    bool may_wrap;         /* overflow = "wrap" */
    bool is_isolated;
    bool is_condition; /* this is the expression of a job's where: params may be meant for the kernel alone */

    /* What the run sets. */
    const char *directory;   /* of the job file: paths of kernel files are relative to it */
    uint64_t timeout_ns;     /* [errors] timeout of one item; 0: none (python, command, isolated) */
    const pe_type *columns;  /* the inputs' columns */
    const bool *untyped;     /* column c can be parsed as any type; columns[c] is what its first records are */
    const pe_dtype *numbers; /* where it can: the number type of those first records that are numbers; NULL: float64 */
    const bool *is_path;     /* column c holds names of files; NULL: none does */
    const pe_item_shape *shapes; /* of the columns' items, for python; NULL: none is an array of several dimensions */
    int column_count;
    /* The names that the inputs' files have for columns, arguments or not, for messages; NULL after the last. NULL: none. */
    const char *(*column_name)(const void *inputs, uint64_t number);
    const void *column_names_of; /* the inputs */
    int rank;
    bool names_items;      /* command: lines of stderr open with their item */
    bool passes_failed;    /* command: what a failed item's program says is passed on too */
    bool keeps_newline;    /* command: the last newline of an answer belongs to the result */
    bool is_dry_run;       /* command: an item's result is the text of its command, and nothing runs */
    bool gives_json;       /* python without signature: the result is JSON (an output of jsonl) */
    bool has_output_dtype; /* [output] dtype */
    pe_dtype output_dtype;
    /* NULL, or true once the run is stopping: python and command then kill their processes, and the results of the
     * batches in progress are not used. */
    const atomic_bool *stop;
} pe_form_spec;

/* The expressions of an expr, one per result. */
static inline int pe_form_spec_exprs(const pe_form_spec *spec)
{
    return spec->exprs == NULL ? 1 : spec->expr_count;
}

static inline const char *pe_form_spec_expr(const pe_form_spec *spec, int number)
{
    return spec->exprs == NULL ? spec->expr : spec->exprs[number];
}

/* Is [kernel] source the text of C, and not the name of a file? */
static inline bool pe_form_source_is_text(const pe_form_spec *spec)
{
    return spec->source != NULL && strchr(spec->source, '\n') != NULL;
}

#endif
