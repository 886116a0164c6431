/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reduction_saved.c - a rank's part of the reduction as bytes, for a checkpoint or rank 0.
 *
 * Design:   the size of the fold and, with quantiles, of their counts; then the fold, the counts and the list of items.
 * Threads:  as reduction.c.
 */
#include <string.h>

#include "base/saturate.h"
#include "reduce/bins/bins.h"
#include "reduce/reduction_internal.h"

typedef struct saved_head {
    uint64_t fold_bytes, counts_bytes;
} saved_head;

static size_t head_bytes(const pe_reduction *reduction)
{
    return reduction->spec.has_quantiles ? sizeof(saved_head) : sizeof(uint64_t);
}

size_t pe_reduction_saved_most(const pe_fold_spec *spec, uint64_t items)
{
    const size_t bytes = sizeof(saved_head) + pe_fold_state_bytes(spec);
    return pe_add_most(bytes, spec->has_quantiles ? pe_mul_most(pe_fold_elements(spec), pe_bins_saved_most(items)) : 0);
}

static pe_status save(pe_reduction *reduction, pe_buffer *out, pe_error *err)
{
    size_t size = 0, count = 0;
    const size_t at = out->size;
    const void *const state = pe_fold_state(reduction->fold, &size);
    const uint64_t *const counts = pe_fold_counts(reduction->fold, &count);
    saved_head head = {.fold_bytes = size};
    /* at once, since growing would need the memory twice; what is not used takes none */
    pe_status status = pe_buffer_reserve(out, pe_reduction_saved_most(&reduction->spec, UINT64_MAX), err);
    if (status == PE_OK)
        status = pe_buffer_append(out, &head, head_bytes(reduction), err);
    if (status == PE_OK)
        status = pe_buffer_append(out, state, size, err);
    if (status == PE_OK)
        status = pe_bins_save(counts, count, out, err);
    if (status == PE_OK) {
        head.counts_bytes = out->size - at - head_bytes(reduction) - size;
        memcpy(out->data + at, &head, head_bytes(reduction));
    }
    return status == PE_OK ? pe_item_set_save(&reduction->items, out, err) : status;
}

pe_status pe_reduction_save(pe_reduction *reduction, bool removes, pe_buffer *out, pe_item_set *items, pe_error *err)
{
    (void)pthread_mutex_lock(&reduction->mutex);
    pe_status status = save(reduction, out, err);
    if (status == PE_OK && items != NULL)
        status = pe_item_set_add_all(items, &reduction->items, err);
    if (status == PE_OK && removes) {
        pe_fold_clear(reduction->fold);
        pe_item_set_fini(&reduction->items);
    }
    (void)pthread_mutex_unlock(&reduction->mutex);
    return status;
}

/* Whether the bytes can be of this reduction; *out: their head. */
static bool read_head(const pe_reduction *reduction, const void *data, size_t size, saved_head *out)
{
    const size_t head = head_bytes(reduction);
    if (size < head)
        return false;
    memcpy(out, data, head);
    return out->fold_bytes == pe_fold_state_bytes(&reduction->spec) && out->fold_bytes <= size - head &&
           out->counts_bytes <= size - head - out->fold_bytes;
}

/* The caller holds the lock. Nothing is added when the counts or the items are damaged. */
static pe_status add_saved(pe_reduction *reduction, const saved_head *head, const unsigned char *fold,
                           const pe_item_set *items, pe_error *err)
{
    size_t count = 0;
    uint64_t *const counts = pe_fold_counts(reduction->fold, &count);
    const unsigned char *const saved = fold + head->fold_bytes;
    pe_status status = pe_bins_check(count, saved, (size_t)head->counts_bytes, err);
    if (status == PE_OK)
        status = pe_item_set_add_all(&reduction->items, items, err);
    if (status != PE_OK)
        return status;
    pe_bins_load(counts, count, saved, (size_t)head->counts_bytes);
    memcpy(reduction->other, fold, (size_t)head->fold_bytes); /* aligned there */
    pe_fold_merge(reduction->fold, reduction->other);
    return PE_OK;
}

pe_status pe_reduction_add(pe_reduction *reduction, const void *data, size_t size, pe_error *err)
{
    saved_head head = {0};
    pe_item_set items = {0};
    if (!read_head(reduction, data, size, &head))
        return pe_fail(err, PE_EDATA, "the state of the reduction is of another job, or damaged");
    const unsigned char *const fold = (const unsigned char *)data + head_bytes(reduction);
    const size_t bytes = (size_t)(head.fold_bytes + head.counts_bytes);
    pe_status status = pe_item_set_load(&items, fold + bytes, size - head_bytes(reduction) - bytes, err);
    (void)pthread_mutex_lock(&reduction->mutex);
    if (status == PE_OK)
        status = add_saved(reduction, &head, fold, &items, err);
    (void)pthread_mutex_unlock(&reduction->mutex);
    pe_item_set_fini(&items);
    return status;
}
