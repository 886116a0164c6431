/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* step.c - what one worker does with one chunk: read, compute, deal with failed items, encode.
 *
 * Design:   a chunk is done in batches small enough for the first-level cache: the source fills argument columns, the
 *           kernel fills result columns, the encoder appends bytes. Where the result's column is the bytes (one result,
 *           binary format, no conversion) the kernel writes straight into the chunk's buffer. Of a digest's rows the
 *           sums go there, while they are in the cache. Failed items cost something only in the batches that have them:
 *           they are tried again one by one, then logged, and their rows are filled or left out.
 * Threads:  a step belongs to one worker; the recipe is constant.
 * Not here: which chunk (exec), what is done with the bytes (sink), the list of failed items (losses.c), trying again
 *           (retry.c).
 */
#include "worker/worker.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "worker/worker_internal.h"

#define SUMMED_BYTES ((size_t)16 << 10) /* of rows at once, where batches are smaller: still in the first cache */
#define RELEASE_BYTES ((size_t)1 << 20) /* of mapped input at once: each release costs a call and a TLB flush */

static pe_status make_columns(pe_step *step, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const pe_signature *signature = &recipe->signature;
    const size_t items = recipe->plan->batch_items;
    pe_status status = PE_OK;
    for (int r = 0; r < signature->result_count && status == PE_OK && !recipe->encoder.is_plain; r++)
        status = pe_make_array(&step->results[r], items, pe_type_bytes(signature->results[r]), err);
    for (int r = 0; r < signature->result_count && status == PE_OK; r++) {
        if (pe_type_equal(recipe->written[r], signature->results[r]))
            step->written[r] = step->results[r];
        else
            status = pe_make_array(&step->written[r], items, pe_type_bytes(recipe->written[r]), err);
    }
    return status;
}

pe_status pe_step_open(const pe_recipe *recipe, pe_step **out, pe_error *err)
{
    pe_step *step = NULL;
    pe_status status = pe_make_array(&step, 1, sizeof *step, err);
    if (status != PE_OK)
        return status;
    step->recipe = recipe;
    status = pe_arguments_open(&step->args, recipe, err);
    if (status == PE_OK)
        status = pe_call_make(recipe->kernel, &recipe->signature, recipe->setup, &step->call, err);
    if (status == PE_OK && recipe->total != NULL)
        status = pe_total_open(recipe->total, &step->fold, err);
    if (status == PE_OK)
        pe_call_set_ramps(step->call, step->args.ramps);
    if (status == PE_OK)
        status = make_columns(step, err);
    if (status != PE_OK) {
        pe_step_close(step);
        return status;
    }
    *out = step;
    return PE_OK;
}

void pe_step_close(pe_step *step)
{
    if (step == NULL)
        return;
    for (int c = 0; c < PE_MAX_COLUMNS; c++) {
        if (step->written[c] != step->results[c])
            free(step->written[c]);
        free(step->results[c]);
    }
    pe_total_close(step->recipe->total, step->fold);
    pe_arguments_close(&step->args);
    pe_call_free(step->call);
    pe_losses_fini(&step->losses);
    pe_buffer_fini(&step->kept[0]);
    pe_buffer_fini(&step->kept[1]);
    pe_buffer_fini(&step->unsummed);
    free(step);
}

static const void *const *constant(void *const *columns)
{
    return (const void *const *)columns;
}

/* ---- compute ---- */

static pe_status note_failures(pe_step *step, const pe_step_batch *at, pe_error *err)
{
    size_t failed = 0;
    const pe_failure *failures = pe_call_failures(step->call, &failed);
    pe_status status = PE_OK;
    for (size_t i = 0; i < failed && status == PE_OK; i++)
        status =
            pe_losses_add(&step->losses, failures[i].item - at->block.first, 1, at->seconds, failures[i].reason, err);
    return status;
}

static pe_status compute(pe_step *step, pe_step_batch *at, pe_error *err)
{
    const uint64_t began = step->recipe->policy == PE_POLICY_STOP ? 0 : pe_clock_ns();
    const pe_status status =
        pe_call_run(step->call, at->block.first, at->block.count, step->args.given, at->results, err);
    if (status != PE_OK)
        return status;
    size_t failed = 0;
    (void)pe_call_failures(step->call, &failed);
    if (failed == 0)
        return PE_OK;
    at->seconds = began == 0 ? 0 : (double)(pe_clock_ns() - began) * 1e-9;
    return note_failures(step, at, err);
}

/* ---- convert ---- */

/* Rounding to float32 is what [output] dtype asks for; everything else is exact or fails the item. */
static void round_to_float32(const double *in, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)in[i];
}

/* Elements that cannot be converted fail their items; the others go on behind them. */
static pe_status convert_column(pe_step *step, const pe_step_batch *at, int result, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const pe_type from = recipe->signature.results[result], to = recipe->written[result];
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
        status = pe_losses_add(&step->losses, (done - 1) / elements, 1, at->seconds, reason.text, err);
    }
    return status;
}

static pe_status convert(pe_step *step, const pe_step_batch *at, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    pe_status status = PE_OK;
    for (int r = 0; r < recipe->signature.result_count && status == PE_OK; r++) {
        const pe_type from = recipe->signature.results[r], to = recipe->written[r];
        if (from.dtype == PE_FLOAT64 && to.dtype == PE_FLOAT32)
            round_to_float32(at->results[r], at->written[r], at->block.count * pe_type_elements(from));
        else if (!pe_type_equal(from, to))
            status = convert_column(step, at, r, err);
    }
    return status;
}

/* ---- encode ---- */

/* The rows that are left, moved together where they are. */
static void close_gaps(const pe_step *step, const pe_step_batch *at)
{
    const size_t row = step->recipe->encoder.row_bytes;
    unsigned char *const rows = at->results[0];
    size_t kept = 0;
    size_t begin = 0;
    for (size_t run = 0; (run = pe_losses_next_run(&step->losses, at->block.count, &begin)) > 0; begin += run) {
        memmove(rows + kept * row, rows + begin * row, run * row);
        kept += run;
    }
    step->rows->size += kept * row;
}

/* Rows go behind those that are there, or into this worker's part of a reduction. */
static pe_status encode_rows(const pe_step *step, uint64_t first, size_t count, const void *const *columns,
                             pe_error *err)
{
    if (step->fold == NULL)
        return pe_encode(&step->recipe->encoder, first, count, columns, step->rows, err);
    pe_fold_add(step->fold, columns, count);
    return PE_OK;
}

static pe_status encode_runs(const pe_step *step, const pe_step_batch *at, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const void *columns[PE_MAX_COLUMNS];
    pe_status status = PE_OK;
    size_t begin = 0;
    for (size_t run = 0; status == PE_OK && (run = pe_losses_next_run(&step->losses, at->block.count, &begin)) > 0;
         begin += run) {
        for (int r = 0; r < recipe->signature.result_count; r++)
            columns[r] = (const unsigned char *)at->written[r] + begin * pe_type_bytes(recipe->written[r]);
        status = encode_rows(step, at->block.first + begin, run, columns, err);
    }
    return status;
}

static pe_status encode(const pe_step *step, const pe_step_batch *at, pe_outcome *out, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const bool has_gaps = step->losses.count > 0 && recipe->policy == PE_POLICY_SKIP;
    out->items += at->block.count;
    out->rows += at->block.count - (has_gaps ? step->losses.count : 0);
    if (has_gaps) {
        if (!recipe->encoder.is_plain)
            return encode_runs(step, at, err);
        close_gaps(step, at);
        return PE_OK;
    }
    if (!recipe->encoder.is_plain)
        return encode_rows(step, at->block.first, at->block.count, constant(at->written), err);
    step->rows->size += at->block.count * recipe->encoder.row_bytes;
    return PE_OK;
}

/* ---- a batch, a chunk ---- */

/* The run ends at the first failed item; the rows before it are the last ones. */
static pe_status stop_at_loss(const pe_step *step, const pe_step_batch *at, pe_outcome *out, pe_error *err)
{
    pe_step_batch before = *at;
    before.block.count = step->losses.losses[0].item;
    const pe_status status = before.block.count > 0 ? encode(step, &before, out, err) : PE_OK;
    if (status != PE_OK)
        return status;
    return pe_losses_stop(&step->losses, step->recipe, at->block.first, step->args.values, err);
}

/* After this the losses are dealt with, but for rows that encode leaves out. */
static pe_status settle(pe_step *step, const pe_step_batch *at, pe_outcome *out, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    if (step->losses.count == 0)
        return PE_OK;
    const pe_status status = pe_arguments_values(&step->args, at->block, err);
    if (status != PE_OK)
        return status;
    if (recipe->policy == PE_POLICY_STOP)
        return stop_at_loss(step, at, out, err);
    if (recipe->policy == PE_POLICY_FILL)
        pe_losses_fill(&step->losses, recipe, at->written);
    return pe_losses_log(&step->losses, recipe, at->block.first, step->args.values, &out->log, err);
}

static pe_step_batch place(pe_step *step, pe_block block)
{
    const bool is_plain = step->recipe->encoder.is_plain;
    step->plain = step->rows->data + step->rows->size;
    return (pe_step_batch){.block = block,
                           .results = is_plain ? &step->plain : step->results,
                           .written = is_plain ? &step->plain : step->written};
}

/* The items whose arguments were taken. */
static pe_status run_taken(pe_step *step, pe_block block, pe_outcome *out, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    pe_step_batch at = place(step, block);
    step->losses.count = 0;
    pe_status status = compute(step, &at, err);
    if (status == PE_OK && step->losses.count > 0 && recipe->retries > 0)
        status = pe_step_try_again(step, &at, err);
    if (status == PE_OK && recipe->has_conversion)
        status = convert(step, &at, err);
    if (status == PE_OK)
        status = settle(step, &at, out, err);
    if (status == PE_OK)
        status = encode(step, &at, out, err);
    return status;
}

/* Where an item cannot be read, those before it are computed one by one. */
static pe_status run_batch(pe_step *step, pe_block block, uint64_t end, const pe_buffer *payload, pe_outcome *out,
                           pe_error *err)
{
    pe_status status = pe_arguments_take(&step->args, block, end, payload, err);
    if (status == PE_OK)
        return run_taken(step, block, out, err);
    if (block.count == 1)
        return status;
    pe_error_clear(err);
    status = PE_OK;
    for (uint64_t i = block.first; i < block.first + block.count && status == PE_OK; i++)
        status = run_batch(step, (pe_block){.first = i, .count = 1}, i + 1, payload, out, err);
    return status;
}

/* Several chunks at once: what other workers still read of them they map again. A part of another's chunk may lie before
 * the last one. */
static void release(pe_step *step, pe_block chunk)
{
    const pe_plan *plan = step->recipe->plan;
    pe_block *all = &step->unreleased;
    const bool is_first = step->unreleased_items == 0;
    const uint64_t first = is_first || chunk.first < all->first ? chunk.first : all->first;
    const uint64_t end = is_first || chunk.first > all->first ? chunk.first + chunk.count : all->first + all->count;
    *all = (pe_block){.first = first, .count = end - first};
    step->unreleased_items += chunk.count;
    const double share = (double)step->unreleased_items / (double)plan->chunk_items;
    if (share * (double)plan->chunk_in_bytes < RELEASE_BYTES)
        return;
    pe_inputs_release(step->recipe->inputs, *all);
    step->unreleased_items = 0;
}

/* The chunk's rows go to their places in the output. */
static pe_status write_in_place(const pe_recipe *recipe, uint64_t first, pe_outcome *out, pe_error *err)
{
    out->placed = out->bytes.size;
    out->bytes.size = 0;
    return pe_places_write(&recipe->places, first, out->bytes.data, out->placed, err);
}

/* For the rows of one more batch. */
static bool lacks_room(const pe_step *step)
{
    const pe_recipe *recipe = step->recipe;
    return step->rows->room - step->rows->size < recipe->encoder.row_bytes * recipe->plan->batch_items;
}

static pe_status run_grain(pe_step *step, pe_block grain, uint64_t end, const pe_buffer *payload, pe_outcome *out,
                           const atomic_bool *stop, pe_error *err)
{
    const uint64_t most = step->recipe->plan->batch_items, first = step->recipe->first + grain.first;
    pe_status status = PE_OK;
    for (uint64_t done = 0; done < grain.count && status == PE_OK;) {
        if (atomic_load_explicit(stop, memory_order_relaxed)) /* only saves time: the chunk is dropped by its worker */
            return PE_OK;
        const uint64_t left = grain.count - done;
        const pe_block block = {.first = first + done, .count = left < most ? left : most};
        status = run_batch(step, block, end, payload, out, err);
        if (status == PE_OK && step->recipe->makes_pieces && lacks_room(step))
            status = pe_digest_piece_take(&step->piece, step->rows, &out->bytes, err);
        done += block.count;
    }
    return status;
}

/* Where the portion's rows go, with room for what the kernel writes itself. */
static pe_status begin_rows(pe_step *step, pe_block block, pe_outcome *out, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const size_t row = recipe->encoder.row_bytes;
    step->rows = recipe->makes_pieces ? &step->unsummed : &out->bytes;
    if (!recipe->makes_pieces)
        return pe_buffer_reserve(&out->bytes, row * block.count, err);
    const size_t batch = row * recipe->plan->batch_items;
    const size_t at_once = batch > SUMMED_BYTES ? batch : SUMMED_BYTES;
    step->unsummed.size = 0;
    pe_status status = pe_buffer_reserve(&step->unsummed, at_once + PE_DIGEST_UNSUMMED, err);
    if (status == PE_OK)
        status = pe_buffer_reserve(&out->bytes, pe_digest_piece_room(row * block.count), err);
    return status == PE_OK ? pe_digest_piece_begin(&step->piece, row * block.first, &out->bytes, err) : status;
}

/* They are complete, or end before the item that ends the run. */
static pe_status end_rows(pe_step *step, uint64_t first, pe_outcome *out, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    if (recipe->makes_pieces)
        return pe_digest_piece_end(&step->piece, step->rows, &out->bytes, err);
    return pe_places_is_open(&recipe->places) ? write_in_place(recipe, first, out, err) : PE_OK;
}

pe_status pe_step_run(pe_step *step, pe_portion *portion, const pe_buffer *payload, pe_outcome *out,
                      const atomic_bool *stop, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const uint64_t first = recipe->first + portion->block.first, end = first + portion->block.count;
    pe_status status = begin_rows(step, portion->block, out, err);
    pe_arguments_forget(&step->args);
    for (pe_block grain; status == PE_OK && pe_portion_next(portion, &grain);)
        status = run_grain(step, grain, end, payload, out, stop, err);
    if (status == PE_OK || err->item != PE_NO_ITEM) {
        pe_error other = PE_ERROR_INIT;
        if (end_rows(step, first, out, &other) != PE_OK) {
            *err = other; /* more than one item is lost */
            status = other.status;
        }
    }
    if (status == PE_OK)
        release(step, (pe_block){.first = first, .count = out->items});
    return status;
}
