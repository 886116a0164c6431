/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reduction.c - the reduction of a run: one fold per worker, merged per rank, then on rank 0.
 *
 * Threads:  mutex guards fold while there are workers; before and after that only the main thread uses it.
 * Not here: the contents of a fold (reduce/fold.h); writing the lines (run/output/output.c).
 */
#include "reduce/reduction.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"

struct pe_reduction {
    pe_fold_spec spec;
    pthread_mutex_t mutex;
    pe_fold *fold;
    void *other; /* a buffer for the state of another rank */
};

pe_fold_spec pe_reduction_spec(const pe_job *job, const pe_signature *signature)
{
    pe_fold_spec spec = {.results = signature->results, .result_count = signature->result_count};
    for (int i = 0; i < job->op_count; i++) {
        spec.has_sums = spec.has_sums || job->ops[i] == PE_REDUCE_SUM || job->ops[i] == PE_REDUCE_MEAN;
        spec.has_bounds = spec.has_bounds || job->ops[i] == PE_REDUCE_MIN || job->ops[i] == PE_REDUCE_MAX;
    }
    return spec;
}

pe_status pe_reduction_make(const pe_fold_spec *spec, pe_reduction **out, pe_error *err)
{
    pe_reduction *reduction = NULL;
    pe_status status = pe_make_array(&reduction, 1, sizeof *reduction, err);
    if (status != PE_OK)
        return status;
    reduction->spec = *spec;
    pe_lock_init(&reduction->mutex);
    status = pe_fold_make(spec, &reduction->fold, err);
    if (status == PE_OK)
        status = pe_make_array(&reduction->other, 1, pe_fold_bytes(spec),
                               err); /* allocated here, since a rank must not fail during the merge */
    if (status != PE_OK) {
        pe_reduction_free(reduction);
        return status;
    }
    *out = reduction;
    return PE_OK;
}

void pe_reduction_free(pe_reduction *reduction)
{
    if (reduction == NULL)
        return;
    (void)pthread_mutex_destroy(&reduction->mutex);
    pe_fold_free(reduction->fold);
    free(reduction->other);
    free(reduction);
}

pe_status pe_reduction_open(const pe_reduction *reduction, pe_fold **out, pe_error *err)
{
    return pe_fold_make(&reduction->spec, out, err);
}

void pe_reduction_close(pe_reduction *reduction, pe_fold *fold)
{
    size_t size = 0;
    if (fold == NULL)
        return;
    void *const state = pe_fold_state(fold, &size);
    (void)pthread_mutex_lock(&reduction->mutex);
    pe_fold_merge(reduction->fold, state);
    (void)pthread_mutex_unlock(&reduction->mutex);
    pe_fold_free(fold);
}

static void merge(void *context, void *other)
{
    pe_fold_merge(context, other);
}

pe_status pe_reduction_collect(pe_reduction *reduction, pe_comm *comm, pe_error *err)
{
    size_t size = 0;
    void *const mine = pe_fold_state(reduction->fold, &size); /* remains settled: a merge settles too */
    return pe_comm_merge(comm, mine, reduction->other, size, merge, reduction->fold, err);
}

pe_status pe_reduction_print(pe_reduction *reduction, const pe_job *job, pe_format format, pe_buffer *out,
                             pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    pe_status status = PE_OK;
    for (int i = 0; i < job->op_count && status == PE_OK; i++)
        status = pe_fold_print(reduction->fold, job->ops[i], format == PE_FORMAT_CSV ? ',' : '\t', out, &reason);
    return status == PE_OK ? PE_OK : pe_fail(err, status, "%s.op: %s", job->output.where, reason.text);
}
