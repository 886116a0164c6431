/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_to_specs.h - the job's sections with what is known when inputs and kernel are open.
 */
#ifndef PE_JOB_TO_SPECS_H
#define PE_JOB_TO_SPECS_H

#include "inputs/inputs.h"
#include "job/job.h"
#include "kernel/form.h"
#include "kernel/signature.h"
#include "sink/sink.h"

/* What the sink is opened from; sink borrows written and axes, so it stays where it was made. */
typedef struct pe_output_spec {
    pe_sink_spec sink;
    pe_format format;                /* the one meant, once pe_sink_check has said which */
    bool has_item_files;             /* one per item, which workers write; the sink then writes nothing */
    pe_type written[PE_MAX_COLUMNS]; /* the results' types after [output] dtype */
    uint64_t *axes;                  /* a product's shape */
    pe_buffer kernel_text;           /* what the job file says of the function */
} pe_output_spec;

/* pe_specs_kernel - make the spec that the kernel is opened from; columns and untyped are those of the open inputs.
 * Owns: the result borrows from the job, from columns and from untyped: all outlive the form. */
pe_form_spec pe_specs_kernel(const pe_job *job, const pe_type *columns, const bool *untyped, int column_count);

/* pe_specs_has_item_files - is output.path a name for each item? */
bool pe_specs_has_item_files(const pe_job *job);

/* pe_specs_item_format - the format of such files where neither the job nor their suffix says one: bytes for a text. */
void pe_specs_item_format(pe_sink_spec *sink);

/* pe_specs_output - make the sink's spec for this many items, with the results' types after [output] dtype.
 * Returns: PE_OK; PE_ECONFIG for a dtype asked of a text result, for a reduction that texts have not or whose format is
 *          none, for an npy of a product of which items are left out */
pe_status pe_specs_output(const pe_job *job, const pe_inputs *inputs, uint64_t items, const pe_signature *signature,
                          pe_output_spec *out, pe_error *err);
void pe_output_spec_fini(pe_output_spec *spec);

#endif
