/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* axis_values.h - reads the inputs of a product for an hdf5 output.
 */
#ifndef PE_AXIS_VALUES_H
#define PE_AXIS_VALUES_H

#include "inputs/inputs.h"
#include "job/job.h"
#include "run/expression/argument_names.h"

typedef struct pe_axis_values {
    int count; /* 0: none are wanted */
    pe_sink_axis axes[PE_MAX_COLUMNS];
    pe_argument_names names;
} pe_axis_values;

/* pe_axis_values_take - read the axes, on rank 0 and after bind. Each axis gets a name; its values too where they are single
 * numbers and at most 2^20. Call pe_axis_values_free whatever this returns. */
pe_status pe_axis_values_take(const pe_job *job, const pe_inputs *inputs, const pe_sink_spec *spec, int arg_count,
                              pe_axis_values *out, pe_error *err);
void pe_axis_values_free(pe_axis_values *values);

/* pe_axis_values_bytes - the memory that they take, at most. */
size_t pe_axis_values_bytes(const pe_job *job, const pe_sink_spec *spec);

#endif
