/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* bind_columns.c - assigns a file's columns to a kernel's arguments.
 *
 * Design:   columns go to the arguments in order. A column left over is an error, because it is usually a mistake in
 *           the job.
 * Threads:  no state.
 * Not here: the reading (text_reader.c, binary_rows.c).
 */
#include "source/bind_columns.h"

#include <inttypes.h>

static pe_status refuse_cast(const pe_source *source, pe_dtype want, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s: %s is %s here and could lose value as %s", source->spec->where,
                   source->info.name, pe_dtype_name(source->info.types[0].dtype), pe_dtype_name(want));
}

pe_status pe_bind_columns(const pe_source *source, const pe_type *want, uint64_t columns, pe_error *err)
{
    uint64_t taken = 0;
    for (int c = 0; c < source->want_count; c++)
        taken += pe_type_elements(want[c]);
    if (taken != columns)
        return pe_fail(err, PE_ECONFIG,
                       "%s: %s gives %" PRIu64 " columns, but the arguments take %" PRIu64
                       ": select them with columns = [...]",
                       source->spec->where, source->info.name, columns, taken);
    for (int c = 0; c < source->want_count && !source->info.is_untyped; c++)
        if (pe_dtype_cast(source->info.types[0].dtype, want[c].dtype) == PE_CAST_REFUSED)
            return refuse_cast(source, want[c].dtype, err);
    return PE_OK;
}
