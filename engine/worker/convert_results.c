/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* convert_results.c - the results of a batch in the types in which they are written ([output] dtype).
 *
 * Threads:  one worker's own.
 * Not here: what becomes of the items whose results do not fit (failed_items.c).
 */
#include "worker/worker_internal.h"

/* Elements that cannot be converted fail their items; the others go on behind them. */
static pe_status convert_column(pe_worker *worker, const pe_worker_batch *at, int result, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    const pe_type from = spec->signature.results[result], to = spec->written[result];
    const size_t elements = pe_type_elements(from), all = at->block.count * elements;
    const unsigned char *in = at->results[result];
    unsigned char *out = at->written[result];
    pe_status status = PE_OK;
    for (size_t done = 0; done < all && status == PE_OK;) {
        size_t bad = 0;
        pe_error reason = PE_ERROR_INIT;
        if (pe_convert(from.dtype, in + done * pe_dtype_bytes(from.dtype), to.dtype,
                       out + done * pe_dtype_bytes(to.dtype), all - done, &bad, &reason) == PE_OK)
            break;
        done += bad + 1;
        status =
            pe_failures_add(&worker->failures, at->block.first + (done - 1) / elements, at->seconds, reason.text, err);
    }
    return status;
}

pe_status pe_worker_convert(pe_worker *worker, const pe_worker_batch *at, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    pe_status status = PE_OK;
    for (int r = 0; r < spec->signature.result_count && status == PE_OK; r++) {
        const pe_type from = spec->signature.results[r], to = spec->written[r];
        if (pe_dtype_rounds(from.dtype,
                            to.dtype)) /* which [output] dtype asks for; all else is exact or fails the item */
            pe_round_floats(from.dtype, at->results[r], to.dtype, at->written[r],
                            at->block.count * pe_type_elements(from));
        else if (!pe_type_equal(from, to))
            status = convert_column(worker, at, r, err);
    }
    return status;
}
