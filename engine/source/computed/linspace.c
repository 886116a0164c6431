/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* linspace.c - the sources of a number of points between two floats, computed where they are needed: linspace, logspace.
 *
 * Design:   bit for bit what numpy.linspace gives: the step is (last - first) / (points - 1), item i is
 *           first + i * step, the last item is `last` itself; where the step vanishes although first and last differ,
 *           item i is i / (points - 1) * (last - first) + first.
 *           A logspace is 10 to the power of each point of a linspace, as numpy.logspace has it.
 * Threads:  constant after open.
 * Not here: spacing by a step (range.c).
 */
#include <math.h>

#include "source/fill.h"
#include "source/source_vtable.h"

#define MOST_POINTS ((uint64_t)1 << 63)

static pe_status judge(const pe_source *source, pe_type type, pe_error *err)
{
    char name[PE_TYPE_NAME_ROOM];
    if (type.dtype == PE_FLOAT64 && type.width == 0)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%s: a %s is float64 and could lose value as %s", source->spec->where,
                   source->kind->name, pe_type_print(type, name));
}

static pe_status linspace_open(pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    const double first = spec->first_value, last = spec->last_value;
    if (!isfinite(first) || !isfinite(last) || !isfinite(last - first))
        return pe_fail(err, PE_ECONFIG, "%s: %s: from %.17g to %.17g is not finite", spec->where, source->kind->name,
                       first, last);
    if (spec->points > MOST_POINTS)
        return pe_fail(err, PE_ECONFIG, "%s: %s: %llu points; at most 2^63 can be counted", spec->where,
                       source->kind->name, (unsigned long long)spec->points);
    if (source->spec->kind == PE_SOURCE_LOGSPACE && !(isfinite(pow(10, first)) && isfinite(pow(10, last))))
        return pe_fail(err, PE_ECONFIG, "%s: logspace: 10 to the power of %.17g is not finite", spec->where,
                       first > last ? first : last);
    source->total = spec->points;
    source->info.columns = 1;
    source->info.types[0].dtype = PE_FLOAT64;
    return spec->has_dtype ? judge(source, spec->dtype, err) : PE_OK;
}

static pe_status linspace_load(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    (void)data;
    (void)size;
    return linspace_open(source, err);
}

static pe_status linspace_bind(pe_source *source, const pe_type *want, pe_error *err)
{
    return judge(source, want[0], err);
}

/* The step is too small for a double: divide first, as numpy does. */
static void fill_narrow(double *out, pe_block block, double steps, double first, double width)
{
    for (uint64_t k = 0; k < block.count; k++) {
        const double share = (double)(block.first + k) / steps;
        const double shift = share * width;
        out[k] = shift + first;
    }
}

static pe_status linspace_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range,
                               const unsigned char *bytes, void *const *columns, pe_error *err)
{
    (void)byte_range;
    (void)bytes;
    (void)err;
    const pe_source *const source = reader->source;
    const double first = source->spec->first_value, last = source->spec->last_value;
    double *const out = columns[0];
    const double steps = source->total > 1 ? (double)(source->total - 1) : 1;
    const double step = (last - first) / steps;
    if (step == 0)
        fill_narrow(out, block, steps, first, last - first);
    else
        pe_fill_line(out, block.first, (size_t)block.count, first, step);
    if (source->total > 1 && block.first + block.count == source->total)
        out[block.count - 1] = last;
    return PE_OK;
}

static pe_status logspace_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range,
                               const unsigned char *bytes, void *const *columns, pe_error *err)
{
    double *const out = columns[0];
    const pe_status status = linspace_read(reader, block, byte_range, bytes, columns, err);
    for (uint64_t k = 0; k < block.count && status == PE_OK; k++)
        out[k] = pow(10, out[k]);
    return status;
}

const pe_source_vtable pe_kind_linspace = {
    .name = "linspace",
    .source_bytes = sizeof(pe_source),
    .reader_bytes = sizeof(pe_reader),
    .open = linspace_open,
    .load = linspace_load,
    .bind = linspace_bind,
    .read = linspace_read,
};

const pe_source_vtable pe_kind_logspace = {
    .name = "logspace",
    .source_bytes = sizeof(pe_source),
    .reader_bytes = sizeof(pe_reader),
    .open = linspace_open,
    .load = linspace_load,
    .bind = linspace_bind,
    .read = logspace_read,
};
