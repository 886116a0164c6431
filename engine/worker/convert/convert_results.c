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
        if (pe_dtype_rounds(from.dtype,
                            to.dtype)) /* which [output] dtype asks for; all else is exact or fails the item */
            pe_round_floats(from.dtype, items->results[r], to.dtype, items->written[r],
                            items->block.count * pe_type_elements(from));
        else if (!pe_type_equal(from, to))
            status = pe_convert_column(from, items->results[r], to, items->written[r], items->block.first,
                                       items->block.count, items->seconds, &worker->failures, err);
    }
    return status;
}
