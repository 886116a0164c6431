/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reduction.c - the reduction of a run: one fold per worker, merged per rank, then on rank 0.
 *
 * Threads:  mutex guards fold and items while there are workers; before and after that only the main thread uses it.
 * Not here: the contents of a fold (reduce/fold.h); parts as bytes (reduction_saved.c); writing the lines
 *           (run/output/output.c).
 */
#include "reduce/reduction_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "reduce/bins/bins.h"

#define FILL_ITEMS ((size_t)1024)
#define PIECE_COUNTS ((size_t)1 << 17) /* 1 MiB of counts of quantiles */

pe_fold_spec pe_reduction_spec(const pe_job *job, const pe_signature *signature)
{
    pe_fold_spec spec = {.results = signature->results, .result_count = signature->result_count};
    for (int i = 0; i < job->op_count; i++) {
        const pe_reduce_op op = job->ops[i];
        spec.has_squares = spec.has_squares || op == PE_REDUCE_VAR || op == PE_REDUCE_STD;
        spec.has_places = spec.has_places || op == PE_REDUCE_ARGMIN || op == PE_REDUCE_ARGMAX;
        spec.has_sums = spec.has_sums || spec.has_squares || op == PE_REDUCE_SUM || op == PE_REDUCE_MEAN;
        spec.has_bounds = spec.has_bounds || job->ops[i] == PE_REDUCE_MIN || job->ops[i] == PE_REDUCE_MAX;
    }
    spec.args = signature->args;
    spec.arg_count = signature->arg_count;
    spec.has_quantiles = job->reduce.quantile_count > 0;
    spec.bins = job->reduce.histogram.bins;
    spec.first = job->reduce.histogram.first;
    spec.last = job->reduce.histogram.last;
    spec.ddof = job->reduce.ddof;
    return spec;
}

static size_t other_bytes(const pe_fold_spec *spec)
{
    const size_t state = pe_fold_state_bytes(spec), piece = PIECE_COUNTS * sizeof(uint64_t);
    return spec->has_quantiles && piece > state ? piece : state;
}

size_t pe_reduction_part_bytes(const pe_fold_spec *spec)
{
    pe_fold_spec part = *spec;
    part.is_part = true;
    return pe_fold_bytes(&part);
}

size_t pe_reduction_bytes(const pe_fold_spec *spec)
{
    return pe_fold_bytes(spec) + other_bytes(spec);
}

pe_status pe_reduction_make(const pe_fold_spec *spec, pe_reduction **out, pe_error *err)
{
    pe_reduction *reduction = NULL;
    pe_status status = pe_make_array(&reduction, 1, sizeof *reduction, err);
    if (status != PE_OK)
        return status;
    reduction->spec = *spec;
    reduction->failure = (pe_error)PE_ERROR_INIT;
    pe_lock_init(&reduction->mutex);
    status = pe_fold_make(spec, &reduction->fold, err);
    if (status == PE_OK)
        status = pe_make_array(&reduction->other, 1, other_bytes(spec),
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
    pe_item_set_fini(&reduction->items);
    free(reduction->other);
    free(reduction);
}

void pe_reduction_merge_after(pe_reduction *reduction, uint64_t ns)
{
    reduction->merge_after_ns = ns;
}

bool pe_reduction_lists_items(const pe_reduction *reduction)
{
    return reduction->merge_after_ns > 0;
}

pe_status pe_reduction_open(const pe_reduction *reduction, pe_reduction_part *out, pe_error *err)
{
    pe_fold_spec spec = reduction->spec;
    spec.is_part = true;
    *out = (pe_reduction_part){.since_ns = pe_clock_ns()};
    return pe_fold_make(&spec, &out->fold, err);
}

/* Afterwards the part is empty. */
static pe_status merge_part(pe_reduction *reduction, pe_reduction_part *part, pe_error *err)
{
    (void)pthread_mutex_lock(&reduction->mutex);
    const pe_status status = pe_item_set_add_all(&reduction->items, &part->items, err);
    if (status == PE_OK)
        pe_fold_take(reduction->fold, part->fold);
    (void)pthread_mutex_unlock(&reduction->mutex);
    pe_item_set_fini(&part->items);
    part->since_ns = pe_clock_ns();
    return status;
}

pe_status pe_reduction_make_room(pe_reduction *reduction, pe_reduction_part *part, pe_error *err)
{
    return pe_fold_has_room(part->fold) ? PE_OK : merge_part(reduction, part, err);
}

pe_status pe_reduction_settle(pe_reduction *reduction, pe_reduction_part *part, pe_error *err)
{
    if (reduction->merge_after_ns == 0 || pe_clock_ns() - part->since_ns < reduction->merge_after_ns)
        return PE_OK;
    return merge_part(reduction, part, err);
}

void pe_reduction_close(pe_reduction *reduction, pe_reduction_part *part)
{
    if (part->fold == NULL)
        return;
    pe_error failure = PE_ERROR_INIT;
    if (merge_part(reduction, part, &failure) != PE_OK) {
        (void)pthread_mutex_lock(&reduction->mutex);
        pe_error_merge(&reduction->failure, &failure);
        (void)pthread_mutex_unlock(&reduction->mutex);
    }
    pe_fold_free(part->fold);
    *part = (pe_reduction_part){0};
}

/* ---- the end ---- */

static void merge(void *context, void *other)
{
    pe_fold_merge(context, other);
}

/* A piece of the counts of quantiles of this rank. */
typedef struct piece {
    uint64_t *counts;
    size_t count;
} piece;

static void merge_piece(void *context, void *other)
{
    const piece *const mine = context;
    pe_bins_merge(mine->counts, other, mine->count);
}

/* Piece by piece, so that the buffer for another rank's is small. */
static pe_status collect_counts(pe_reduction *reduction, pe_comm *comm, pe_error *err)
{
    size_t count = 0;
    pe_status status = PE_OK;
    uint64_t *const counts = pe_fold_counts(reduction->fold, &count);
    for (size_t at = 0; at < count && status == PE_OK && pe_comm_size(comm) > 1; at += PIECE_COUNTS) {
        piece mine = {.counts = counts + at, .count = count - at < PIECE_COUNTS ? count - at : PIECE_COUNTS};
        status =
            pe_comm_merge(comm, mine.counts, reduction->other, mine.count * sizeof *counts, merge_piece, &mine, err);
    }
    return status;
}

pe_status pe_reduction_collect(pe_reduction *reduction, pe_comm *comm, pe_error *err)
{
    size_t size = 0;
    pe_error_merge(err, &reduction->failure);
    void *const mine = pe_fold_state(reduction->fold, &size); /* remains settled: a merge settles too */
    const pe_status status = pe_comm_merge(comm, mine, reduction->other, size, merge, reduction->fold, err);
    return status == PE_OK ? collect_counts(reduction, comm, err) : status;
}

bool pe_reduction_keeps_fill_out(const pe_job *job)
{
    bool has_places = false;
    for (int i = 0; i < job->op_count; i++)
        has_places = has_places || job->ops[i] == PE_REDUCE_ARGMIN || job->ops[i] == PE_REDUCE_ARGMAX;
    return job->op_count > 0 && job->errors.policy == PE_ON_ERROR_FILL && !has_places;
}

/* A column of FILL_ITEMS items that all have the fill value of a result. */
static pe_status make_column(pe_type type, const void *value, void **out, pe_error *err)
{
    const size_t bytes = pe_dtype_bytes(type.dtype), elements = FILL_ITEMS * pe_type_elements(type);
    const pe_status status = pe_make_array(out, elements, bytes, err);
    for (size_t e = 0; e < elements && status == PE_OK; e++)
        memcpy((unsigned char *)*out + e * bytes, value, bytes);
    return status;
}

static pe_status add_fill(const pe_fold_spec *spec, const pe_reduction_fill *fill, pe_fold *fold, pe_error *err)
{
    void *columns[PE_MAX_COLUMNS] = {NULL};
    const void *all[PE_MAX_COLUMNS] = {NULL};
    pe_status status = PE_OK;
    for (int r = 0; r < spec->result_count && status == PE_OK; r++) {
        status = make_column(spec->results[r], fill->values[r], &columns[r], err);
        all[r] = columns[r];
    }
    for (uint64_t left = fill->count; left > 0 && status == PE_OK;) {
        const size_t count = left < FILL_ITEMS ? (size_t)left : FILL_ITEMS;
        (void)pe_fold_add(fold, 0, all, count);
        left -= count;
    }
    for (int r = 0; r < spec->result_count; r++)
        free(columns[r]);
    return status;
}

static pe_status print(pe_fold *fold, const pe_job *job, const char *const *arg_names, pe_format format, pe_buffer *out,
                       pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    pe_status status = PE_OK;
    const char separator = format == PE_FORMAT_CSV ? ',' : '\t';
    for (int i = 0; i < job->op_count && status == PE_OK; i++)
        status = pe_fold_print(fold, job->ops[i], separator, arg_names, out, &reason);
    for (int q = 0; q < job->reduce.quantile_count && status == PE_OK; q++)
        status = pe_fold_print_quantile(fold, job->reduce.quantiles[q], separator, out, &reason);
    if (status == PE_OK && job->reduce.histogram.bins > 0)
        status = pe_fold_print_histogram(fold, separator, out, &reason);
    return status == PE_OK ? PE_OK : pe_fail(err, status, "%s.op: %s", job->output.where, reason.text);
}

pe_status pe_reduction_print(const pe_reduction *reduction, const pe_job *job, const pe_reduction_fill *fill,
                             const char *const *arg_names, pe_format format, pe_buffer *out, pe_error *err)
{
    pe_fold *with_fill = NULL;
    size_t size = 0;
    if (fill == NULL || fill->count == 0)
        return print(reduction->fold, job, arg_names, format, out, err);
    pe_fold_spec spec = reduction->spec;
    spec.bins_of = reduction->fold; /* a second table would take as much memory again */
    pe_status status = pe_fold_make(&spec, &with_fill, err);
    if (status == PE_OK) {
        pe_fold_merge(with_fill, pe_fold_state(reduction->fold, &size));
        status = add_fill(&reduction->spec, fill, with_fill, err);
    }
    if (status == PE_OK)
        status = print(with_fill, job, arg_names, format, out, err);
    if (status == PE_OK && spec.has_quantiles) {
        pe_fold_count_down(with_fill);
        status = add_fill(&spec, fill, with_fill, err);
    }
    pe_fold_free(with_fill);
    return status;
}
