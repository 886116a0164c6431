/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_to_specs.h - the job's words turned into what sources, kernel forms and sinks take.
 */
#ifndef PE_JOB_TO_SPECS_H
#define PE_JOB_TO_SPECS_H

#include "inputs/inputs.h"
#include "job/job.h"
#include "kernel/form.h"
#include "kernel/signature.h"
#include "sink/sink.h"

typedef struct pe_specs {
    pe_source_spec *inputs; /* job->input_count of them */
    pe_column_choice *columns;
    uint64_t *axes; /* a product's shape, when the inputs are open */
    pe_sink_spec output;
    pe_type written[PE_MAX_COLUMNS];
    pe_param *params; /* the kernel's constants */
} pe_specs;

/* pe_specs_inputs - one source spec an input; everything in it is borrowed from the job. */
pe_status pe_specs_inputs(pe_specs *specs, const pe_job *job, pe_error *err);

/* pe_specs_kernel - the kernel's form; columns and untyped are those of the open inputs. Called once.
 * Owns: *out borrows from the job, from columns and untyped, and from specs: all outlive the form. */
pe_status pe_specs_kernel(pe_specs *specs, const pe_job *job, const pe_type *columns, const bool *untyped,
                          int column_count, pe_form_spec *out, pe_error *err);

/* pe_specs_output - the sink's spec for so many items, with the results' types after [output] dtype.
 * Returns: PE_OK; PE_ECONFIG for a dtype asked of a text result, for a reduction that texts have not or whose format is
 *          none, for an npy of a product of which items are left out */
pe_status pe_specs_output(pe_specs *specs, const pe_job *job, const pe_inputs *inputs, uint64_t items,
                          const pe_signature *signature, pe_error *err);

/* pe_specs_check_paths - refuse to write over a file that is being read (PE_ECONFIG naming it); rank 0, whose files
 * they are. */
pe_status pe_specs_check_paths(const pe_specs *specs, const pe_job *job, pe_error *err);

void pe_specs_fini(pe_specs *specs);

#endif
