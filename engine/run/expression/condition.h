/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* condition.h - the job's kernel.where as a compiled kernel of its own.
 */
#ifndef PE_CONDITION_H
#define PE_CONDITION_H

#include "kernel/form.h"
#include "run/context.h"
#include "run/expression/mentions.h"

#define PE_CONDITION_SIGNATURE_ROOM ((size_t)PE_MAX_COLUMNS * 24)

/* Zero-initialise. It stays where it was made. */
typedef struct pe_condition {
    pe_form_spec spec;
    pe_argument_names names;
    bool untyped[PE_MAX_COLUMNS]; /* all false */
    char signature[PE_CONDITION_SIGNATURE_ROOM];
    pe_form *form;                 /* NULL: the job has none */
    bool mentions[PE_MAX_COLUMNS]; /* the arguments that it names */
    bool reads[PE_MAX_COLUMNS];    /* of these, the floats for which nan is no answer */
} pe_condition;

/* pe_condition_open - compile it on rank 0, load it on all, for the arguments of the kernel's signature. Collective.
 * Returns: PE_OK, also without a where; PE_EKERNEL */
pe_status pe_condition_open(pe_condition *condition, const pe_run_context *run, const pe_job *job,
                            const pe_inputs *inputs, const pe_signature *kernel, pe_error *err);
void pe_condition_fini(pe_condition *condition);

/* pe_job_leaves_out - may items have no row, so that their number is known at the end alone? */
bool pe_job_leaves_out(const pe_job *job);

#endif
