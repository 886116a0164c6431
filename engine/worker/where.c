/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* where.c - which items of a batch the job's where chooses.
 *
 * Design:   where is a compiled kernel that gives a bool for each item. The kernel then computes each run of chosen items
 *           as a batch of its own, so that it computes no others, and items keep their numbers.
 * Threads:  one worker's own.
 * Not here: running the chosen items (batch.c), compiling where (run/expression/condition.c).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "types/float_format.h"
#include "worker/worker_internal.h"

pe_status pe_worker_where_open(pe_worker *worker, pe_error *err)
{
    static const pe_signature gives_bool = {.result_count = 1, .results = {{.dtype = PE_BOOL}}};
    const pe_work_spec *spec = worker->spec;
    if (spec->where.descriptor == NULL)
        return PE_OK;
    pe_signature signature = gives_bool;
    signature.arg_count = spec->kernel.signature.arg_count;
    memcpy(signature.args, spec->kernel.signature.args, sizeof signature.args);
    pe_status status = pe_call_make(spec->where.descriptor, &signature, spec->kernel.setup, &worker->where.call, err);
    if (status == PE_OK)
        status = pe_make_array(&worker->where.choices, spec->plan->batch_items, sizeof *worker->where.choices, err);
    if (status == PE_OK)
        pe_call_set_ramps(worker->where.call, worker->args.ramps);
    return status;
}

void pe_worker_where_close(pe_worker *worker)
{
    pe_call_free(worker->where.call);
    pe_failures_fini(&worker->where.failures);
    free(worker->where.choices);
}

/* An item fails if [kernel] where reads a nan of it. */
static pe_status fail_missing(pe_worker *worker, pe_block block, pe_error *err)
{
    const pe_work_spec *spec = worker->spec;
    char reason[160];
    pe_status status = PE_OK;
    for (int a = 0; a < spec->kernel.signature.arg_count; a++) {
        const pe_dtype dtype = spec->kernel.signature.args[a].dtype;
        const unsigned char *const values = worker->args.given[a];
        for (uint64_t i = 0; i < block.count && spec->where.reads[a] && status == PE_OK; i++) {
            if (!isnan(pe_float_element(dtype, values + i * pe_dtype_bytes(dtype))))
                continue;
            (void)snprintf(reason, sizeof reason, "%.80s is missing (nan) in kernel.where", spec->where.names[a]);
            status = pe_failures_add(&worker->where.failures, block.first + i, 0, reason, err);
        }
    }
    return status;
}

pe_status pe_worker_where_choose(pe_worker *worker, pe_block block, pe_error *err)
{
    pe_worker_where *const where = &worker->where;
    void *const results[] = {where->choices};
    pe_status status =
        pe_call_run(where->call, block.first, block.count, worker->args.given, (void *const *)results, err);
    if (status != PE_OK)
        return status;
    pe_call_take_failures(where->call, &where->failures);
    status = fail_missing(worker, block, err);
    pe_failures_settle(&where->failures);
    for (size_t f = 0; f < where->failures.count && status == PE_OK; f++)
        where->choices[where->failures.list[f].item - block.first] = PE_CHOICE_FAILED;
    return status;
}

bool pe_worker_where_is_out(pe_worker *worker, uint64_t item, const pe_buffer *payload)
{
    pe_error ignored = PE_ERROR_INIT; /* then the item fails for what cannot be read */
    const pe_block one = {.first = item, .count = 1};
    return worker->where.call != NULL &&
           pe_arguments_take_some(&worker->args, item, worker->spec->where.mentions, payload) &&
           pe_worker_where_choose(worker, one, &ignored) == PE_OK && worker->where.choices[0] == PE_CHOICE_OUT;
}

/* Consecutive items from `done` on that have the same choice; failed ones come one by one. */
pe_block pe_worker_where_next(const pe_worker *worker, pe_block block, uint64_t done)
{
    const unsigned char *const choices = worker->where.choices;
    uint64_t end = done + 1;
    while (end < block.count && choices[end] == choices[done] && choices[done] != PE_CHOICE_FAILED)
        end++;
    return (pe_block){.first = block.first + done, .count = end - done};
}
