/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* axis_values.c - reads the inputs of a product, whose values stand beside an hdf5 output's dimensions.
 *
 * Threads:  the main thread.
 * Not here: how they are written (format/hdf5).
 */
#include "run/output/axis_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define MOST_VALUES ((uint64_t)1 << 20)

static bool is_wanted(const pe_job *job, const pe_sink_spec *spec)
{
    return job->output.format == PE_FORMAT_HDF5 && spec->axes != NULL && job->combine == PE_COMBINE_PRODUCT;
}

static bool is_number(const pe_source_info *info)
{
    const pe_dtype dtype = info->untyped[0] ? PE_FLOAT64 : info->types[0].dtype;
    return info->columns == 1 && info->types[0].width == 0 && dtype != PE_TEXT && dtype != PE_INT128;
}

size_t pe_axis_values_bytes(const pe_job *job, const pe_sink_spec *spec)
{
    size_t bytes = 0;
    for (int a = 0; a < spec->axis_count && is_wanted(job, spec); a++)
        bytes += spec->axes[a] <= MOST_VALUES ? (size_t)spec->axes[a] * sizeof(pe_int128) : 0;
    return bytes;
}

static pe_status read_axis(const pe_inputs *inputs, int source, pe_sink_axis *axis, pe_error *err)
{
    void *values = NULL;
    const pe_type type = pe_inputs_bound_type(inputs, source);
    if (!is_number(pe_inputs_info(inputs, source)) || type.width > 0 || type.dtype == PE_TEXT ||
        type.dtype == PE_INT128 || axis->count == 0 || axis->count > MOST_VALUES)
        return PE_OK;
    pe_status status = pe_make_array(&values, (size_t)axis->count, pe_type_bytes(type), err);
    if (status == PE_OK)
        status = pe_inputs_read_source(inputs, source, axis->count, values, err);
    if (status == PE_OK) {
        axis->dtype = type.dtype;
        axis->values = values;
    } else {
        free(values);
    }
    return status;
}

pe_status pe_axis_values_take(const pe_job *job, const pe_inputs *inputs, const pe_sink_spec *spec, int arg_count,
                              pe_axis_values *out, pe_error *err)
{
    int argument = 0;
    pe_status status = PE_OK;
    memset(out, 0, sizeof *out);
    if (!is_wanted(job, spec))
        return PE_OK;
    pe_argument_names_find(job, inputs, arg_count, &out->names);
    out->count = spec->axis_count;
    for (int a = 0; a < out->count && status == PE_OK; a++) {
        out->axes[a].name = argument < arg_count ? out->names.names[argument] : "x";
        out->axes[a].count = spec->axes[a];
        status = read_axis(inputs, a, out->axes + a, err);
        argument += pe_inputs_info(inputs, a)->columns;
    }
    return status;
}

void pe_axis_values_free(pe_axis_values *values)
{
    for (int a = 0; a < values->count; a++) {
        void *owned = NULL;
        memcpy(&owned, &values->axes[a].values, sizeof owned);
        free(owned);
    }
    values->count = 0;
}
