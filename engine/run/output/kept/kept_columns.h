/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* kept_columns.h - the columns of the input that a job keeps in front of its results ([output] keep).
 */
#ifndef PE_KEPT_COLUMNS_H
#define PE_KEPT_COLUMNS_H

#include "inputs/inputs.h"
#include "job/job.h"
#include "kernel/signature.h"
#include "run/expression/argument_names.h"
#include "sink/encode/encode.h"

/* What a kept column of the rows is: an argument, or what a text source makes of its fields. */
typedef struct pe_kept_place {
    int source;    /* of fields; -1: an argument */
    int number;    /* of the argument among all, or of the source's kept columns */
    uint64_t from; /* of fields: of the first one in `numbers` */
} pe_kept_place;

/* Zero-initialise. It stays where it was made. */
typedef struct pe_kept_columns {
    pe_kept_column columns[PE_MAX_COLUMNS];
    pe_kept_place places[PE_MAX_COLUMNS];
    int count;
    pe_argument_names arguments;
    int argument_count;             /* before bind */
    pe_kept_fields *fields;         /* of all sources, one after the other */
    uint64_t *numbers;              /* of the fields in them */
    pe_kept_name *names;            /* of all columns, in order */
    pe_text blanks[PE_MAX_COLUMNS]; /* written for the fields of an item that cannot be read: their separators */
    char *separators;               /* of the blanks */
    pe_text_style style;            /* of the output */
    char **made;                    /* names that no input has */
    size_t name_count;
} pe_kept_columns;

/* pe_kept_columns_choose - find the columns that the job keeps, and ask the sources for them. Before the inputs are bound.
 * Returns: PE_OK; PE_ECONFIG for a column that is not there (naming those that are), or that two inputs have; PE_ENOMEM
 */
pe_status pe_kept_columns_choose(pe_kept_columns *kept, const pe_job *job, pe_inputs *inputs, pe_error *err);
void pe_kept_columns_fini(pe_kept_columns *kept);

/* pe_kept_columns_bind - set the types of kept arguments, once the kernel's are known. PE_ECONFIG for columns that became a
 * vector. */
pe_status pe_kept_columns_bind(pe_kept_columns *kept, const pe_job *job, const pe_signature *signature, pe_error *err);

/* pe_kept_columns_is_binary - does the job keep columns in rows of numbers, so that the types of all fields must be known? */
bool pe_kept_columns_is_binary(const pe_job *job);

/* pe_kept_restyles - are kept numbers of this input written with another decimal point, or without its thousands' separators?
 * Then the types of all its fields must be known too. */
bool pe_kept_restyles(const pe_job *job, const pe_source_spec *input);

/* pe_kept_columns_column_of - where a reader delivers it, after bind. */
int pe_kept_columns_column_of(const pe_kept_columns *kept, const pe_inputs *inputs, int column);

#endif
