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

static pe_status refuse_cast(const pe_source *source, pe_dtype have, pe_dtype want, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s: %s is %s here and could lose value as %s", source->spec->where,
                   source->info.name, pe_dtype_name(have), pe_dtype_name(want));
}

int pe_bound_argument(const pe_source *source, uint64_t column)
{
    return (int)(column / pe_type_elements(source->info.types[0])); /* several elements only where all have as many */
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
    uint64_t column = 0;
    for (int c = 0; c < source->want_count; c++)
        for (uint32_t e = 0; e < pe_type_elements(want[c]); e++, column++) {
            const int own = pe_bound_argument(source, column);
            const pe_dtype have = source->info.types[own].dtype;
            if (!source->info.untyped[own] && pe_dtype_cast(have, want[c].dtype) == PE_CAST_REFUSED)
                return refuse_cast(source, have, want[c].dtype, err);
        }
    return PE_OK;
}
