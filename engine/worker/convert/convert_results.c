/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* convert_results.c - the results of a batch in the types in which they are written ([output] dtype).
 *
 * Threads:  one worker's own.
 * Not here: what becomes of the items whose results do not fit (failed_items.c).
 */
#include "worker/convert/convert_column.h"
#include "worker/worker_internal.h"

pe_status pe_worker_convert(pe_worker *worker, const pe_worker_items *items, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    pe_status status = PE_OK;
    for (int r = 0; r < spec->kernel.signature.result_count && status == PE_OK; r++) {
        const pe_type from = spec->kernel.signature.results[r], to = spec->output.written[r];
        const pe_column_conversion column = {.from = from,
                                             .to = to,
                                             .in = items->results[r],
                                             .out = items->written[r],
                                             .first = items->block.first,
                                             .count = items->block.count,
                                             .seconds = items->seconds};
        /* only a narrower float that [output] dtype asks for is rounded; all else is exact or fails the item */
        if (pe_dtype_rounds(from.dtype, to.dtype))
            pe_round_floats(from.dtype, column.in, to.dtype, column.out, column.count * pe_type_elements(from));
        else if (!pe_type_equal(from, to))
            status = pe_convert_column(&column, &worker->failures, err);
    }
    return status;
}
