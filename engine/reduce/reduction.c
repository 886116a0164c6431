/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* total.c - [reduce]: what all items of a run come to.
 *
 * Threads:  mutex guards fold while there are workers; before and after them it is the main thread's.
 * Not here: what a fold holds (reduce/fold.h); where the lines go (results.c).
 */
#include "reduce/reduction.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"

struct pe_total {
    pe_fold_spec spec;
    pthread_mutex_t mutex;
    pe_fold *fold;
    void *other; /* room for another rank's */
};

pe_fold_spec pe_total_spec(const pe_job *job, const pe_signature *signature)
{
    pe_fold_spec spec = {.results = signature->results, .result_count = signature->result_count};
    for (int i = 0; i < job->op_count; i++) {
        spec.has_sums = spec.has_sums || job->ops[i] == PE_REDUCE_SUM || job->ops[i] == PE_REDUCE_MEAN;
        spec.has_bounds = spec.has_bounds || job->ops[i] == PE_REDUCE_MIN || job->ops[i] == PE_REDUCE_MAX;
    }
    return spec;
}

pe_status pe_total_make(const pe_fold_spec *spec, pe_total **out, pe_error *err)
{
    pe_total *total = NULL;
    pe_status status = pe_make_array(&total, 1, sizeof *total, err);
    if (status != PE_OK)
        return status;
    total->spec = *spec;
    pe_lock_init(&total->mutex);
    status = pe_fold_make(spec, &total->fold, err);
    if (status == PE_OK)
        status =
            pe_make_array(&total->other, 1, pe_fold_bytes(spec), err); /* now: a rank may not fail between others */
    if (status != PE_OK) {
        pe_total_free(total);
        return status;
    }
    *out = total;
    return PE_OK;
}

void pe_total_free(pe_total *total)
{
    if (total == NULL)
        return;
    (void)pthread_mutex_destroy(&total->mutex);
    pe_fold_free(total->fold);
    free(total->other);
    free(total);
}

pe_status pe_total_open(const pe_total *total, pe_fold **out, pe_error *err)
{
    return pe_fold_make(&total->spec, out, err);
}

void pe_total_close(pe_total *total, pe_fold *fold)
{
    size_t size = 0;
    if (fold == NULL)
        return;
    void *const state = pe_fold_state(fold, &size);
    (void)pthread_mutex_lock(&total->mutex);
    pe_fold_merge(total->fold, state);
    (void)pthread_mutex_unlock(&total->mutex);
    pe_fold_free(fold);
}

static void take_in(void *context, void *other)
{
    pe_fold_merge(context, other);
}

pe_status pe_total_collect(pe_total *total, pe_comm *comm, pe_error *err)
{
    size_t size = 0;
    void *const mine = pe_fold_state(total->fold, &size); /* and it stays settled: merging settles */
    return pe_comm_merge(comm, mine, total->other, size, take_in, total->fold, err);
}

pe_status pe_total_print(pe_total *total, const pe_job *job, pe_format format, pe_buffer *out, pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    pe_status status = PE_OK;
    for (int i = 0; i < job->op_count && status == PE_OK; i++)
        status = pe_fold_print(total->fold, job->ops[i], format == PE_FORMAT_CSV ? ',' : '\t', out, &reason);
    return status == PE_OK ? PE_OK : pe_fail(err, status, "%s.op: %s", job->output.where, reason.text);
}
