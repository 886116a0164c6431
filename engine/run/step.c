/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* step.c - what one worker does with one chunk: read, compute, encode.
 *
 * Design: a chunk is done in batches small enough for the first-level cache: the source fills argument columns, the
 *         kernel fills result columns, the encoder appends bytes. Where the result's column is the bytes (one result,
 *         binary format, no conversion) the kernel writes straight into the chunk's buffer.
 * Threads: a step belongs to one worker; the recipe is constant.
 * Not here: which chunk (exec), what is done with the bytes (sink).
 */
#include "run/step.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/call.h"
#include "run/describe.h"

struct pe_step {
    const pe_recipe *recipe;
    pe_inputs_reader *reader;
    pe_call *call;
    void *args[PE_MAX_COLUMNS];
    void *results[PE_MAX_COLUMNS]; /* NULL for a plain result: the chunk's buffer takes its place */
    void *written[PE_MAX_COLUMNS]; /* converted results, or the same pointer as results */
};

static pe_status make_columns(pe_step *step, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const pe_signature *signature = &recipe->signature;
    const size_t items = recipe->plan->batch_items;
    pe_status status = PE_OK;
    for (int a = 0; a < signature->arg_count && status == PE_OK; a++)
        status = pe_make_array(&step->args[a], items, pe_type_bytes(signature->args[a]), err);
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
    status = pe_inputs_reader_open(recipe->inputs, &step->reader, err);
    if (status == PE_OK)
        status = pe_call_make(recipe->kernel, &recipe->signature, NULL, &step->call, err);
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
        free(step->args[c]);
        if (step->written[c] != step->results[c])
            free(step->written[c]);
        free(step->results[c]);
    }
    pe_inputs_reader_close(step->reader);
    pe_call_free(step->call);
    free(step);
}

static pe_status fail_item(const pe_step *step, pe_block batch, uint64_t item, const char *reason, pe_error *err)
{
    char text[PE_DESCRIBE_ROOM];
    const pe_recipe *recipe = step->recipe;
    pe_describe_call(recipe->kernel->name, &recipe->signature, (const void *const *)step->args, item - batch.first,
                     text);
    return pe_fail_item(err, PE_EITEM, item, "item %llu: %s: %s", (unsigned long long)item, text, reason);
}

/* Rounding to float32 is what [output] dtype asks for; everything else is exact or fails the item. */
static void round_to_float32(const double *in, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (float)in[i];
}

static pe_status convert(pe_step *step, pe_block batch, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    for (int r = 0; r < recipe->signature.result_count; r++) {
        const pe_type from = recipe->signature.results[r], to = recipe->written[r];
        if (pe_type_equal(from, to))
            continue;
        const size_t elements = pe_type_elements(from);
        size_t bad = 0;
        pe_error inner = PE_ERROR_INIT;
        if (from.dtype == PE_FLOAT64 && to.dtype == PE_FLOAT32)
            round_to_float32(step->results[r], step->written[r], batch.count * elements);
        else if (pe_convert(from.dtype, step->results[r], to.dtype, step->written[r], batch.count * elements, &bad,
                            &inner) != PE_OK)
            return fail_item(step, batch, batch.first + bad / elements, inner.text, err);
    }
    return PE_OK;
}

static pe_status run_batch(pe_step *step, pe_block batch, const pe_buffer *payload, pe_buffer *out, pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const bool is_plain = recipe->encoder.is_plain;
    void *plain = out->data + out->size;
    pe_status status = pe_inputs_reader_read(step->reader, batch, payload->size > 0 ? payload->data : NULL,
                                             payload->size, step->args, err);
    if (status == PE_OK)
        status = pe_call_run(step->call, batch.first, batch.count, (const void *const *)step->args,
                             is_plain ? &plain : step->results, err);
    if (status != PE_OK)
        return status;
    size_t failed = 0;
    const pe_failure *failures = pe_call_failures(step->call, &failed);
    if (failed > 0)
        return fail_item(step, batch, failures[0].item, failures[0].reason, err);
    if (is_plain) {
        out->size += batch.count * recipe->encoder.row_bytes;
    } else {
        status = convert(step, batch, err);
        if (status == PE_OK)
            status =
                pe_encode(&recipe->encoder, batch.first, batch.count, (const void *const *)step->written, out, err);
    }
    pe_inputs_reader_rewind(step->reader);
    return status;
}

pe_status pe_step_run(pe_step *step, pe_block chunk, const pe_buffer *payload, pe_buffer *out, const atomic_bool *stop,
                      pe_error *err)
{
    const pe_recipe *recipe = step->recipe;
    const uint64_t most = recipe->plan->batch_items;
    pe_status status = pe_buffer_reserve(out, recipe->encoder.row_bytes * chunk.count, err);
    for (uint64_t done = 0; done < chunk.count && status == PE_OK;) {
        if (atomic_load_explicit(stop, memory_order_relaxed)) /* only saves time: the chunk is dropped by its worker */
            return PE_OK;
        const uint64_t left = chunk.count - done;
        const pe_block batch = {.first = chunk.first + done, .count = left < most ? left : most};
        status = run_batch(step, batch, payload, out, err);
        done += batch.count;
    }
    if (status == PE_OK)
        pe_inputs_release(recipe->inputs, chunk);
    return status;
}
