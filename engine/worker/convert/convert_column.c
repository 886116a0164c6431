/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* convert_column.c - converts a column of a batch, and notes the items that do not fit.
 *
 * Threads:  any; no state.
 * Not here: one element (types/convert.c).
 */
#include "worker/convert/convert_column.h"

#include <string.h>

pe_status pe_convert_column(const pe_column_conversion *column, pe_failures *failures, pe_error *err)
{
    const pe_dtype from = column->from.dtype, to = column->to.dtype;
    const size_t elements = pe_type_elements(column->from), all = column->count * elements;
    const size_t in_bytes = pe_dtype_bytes(from), out_bytes = pe_dtype_bytes(to);
    const unsigned char *const in = column->in;
    unsigned char *const out = column->out;
    pe_status status = PE_OK;
    for (size_t done = 0; done < all && status == PE_OK;) {
        size_t bad = 0;
        pe_error reason = PE_ERROR_INIT;
        if (pe_convert(from, in + done * in_bytes, to, out + done * out_bytes, all - done, &bad, &reason) == PE_OK)
            break;
        memset(out + (done + bad) * out_bytes, 0, out_bytes);
        done += bad + 1;
        status = pe_failures_add(failures, column->first + (done - 1) / elements, column->seconds, reason.text, err);
    }
    return status;
}
