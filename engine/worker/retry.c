/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retry.c - the failed items of a batch are tried once more, one by one.
 *
 * Threads:  step.h.
 * Not here: what becomes of those that fail again (step.c).
 */
#include <string.h>

#include "base/clock.h"
#include "worker/worker_internal.h"

/* The next run of the kernel takes back the texts of this one: so they move to memory of the step. */
static pe_status keep_texts(pe_step *step, const pe_step_batch *at, pe_error *err)
{
    const pe_signature *signature = &step->recipe->signature;
    size_t bytes = 0;
    for (int r = 0; r < signature->result_count; r++) {
        const pe_text *texts = signature->results[r].dtype == PE_TEXT ? at->results[r] : NULL;
        for (size_t i = 0; i < at->block.count && texts != NULL; i++)
            bytes += texts[i].size;
    }
    step->kept_turn = 1 - step->kept_turn;
    pe_buffer *const kept = &step->kept[step->kept_turn];
    kept->size = 0;
    const pe_status status = pe_buffer_reserve(kept, bytes, err); /* at once: appending may not move it */
    for (int r = 0; r < signature->result_count && status == PE_OK; r++) {
        pe_text *texts = signature->results[r].dtype == PE_TEXT ? at->results[r] : NULL;
        for (size_t i = 0; i < at->block.count && texts != NULL; i++) {
            unsigned char *to = kept->data + kept->size;
            if (texts[i].size > 0)
                memcpy(to, texts[i].data, texts[i].size);
            texts[i].data = (const char *)to;
            kept->size += texts[i].size;
        }
    }
    return status;
}

static pe_status try_once(pe_step *step, const pe_step_batch *at, pe_loss *loss, bool *is_mended, pe_error *err)
{
    const pe_signature *signature = &step->recipe->signature;
    const void *args[PE_MAX_COLUMNS];
    void *results[PE_MAX_COLUMNS];
    for (int a = 0; a < signature->arg_count; a++)
        args[a] = (const unsigned char *)step->args.values[a] + loss->item * pe_type_bytes(signature->args[a]);
    for (int r = 0; r < signature->result_count; r++)
        results[r] = (unsigned char *)at->results[r] + loss->item * pe_type_bytes(signature->results[r]);
    const uint64_t began = pe_clock_ns();
    const pe_status status = pe_call_run(step->call, at->block.first + loss->item, 1, args, results, err);
    size_t failed = 0;
    const pe_failure *failures = pe_call_failures(step->call, &failed);
    loss->attempts++;
    loss->seconds = (double)(pe_clock_ns() - began) * 1e-9;
    *is_mended = failed == 0;
    if (failed > 0)
        memcpy(loss->reason, failures[0].reason, sizeof loss->reason);
    return status;
}

pe_status pe_step_try_again(pe_step *step, const pe_step_batch *at, pe_error *err)
{
    pe_status status = pe_arguments_values(&step->args, at->block, err);
    if (status == PE_OK)
        status = keep_texts(step, at, err);
    for (size_t i = 0; i < step->losses.count && status == PE_OK;) {
        bool is_mended = false;
        for (uint32_t retry = 0; retry < step->recipe->retries && !is_mended && status == PE_OK; retry++)
            status = try_once(step, at, &step->losses.losses[i], &is_mended, err);
        if (status == PE_OK && is_mended && step->recipe->encoder.has_text)
            status = keep_texts(step, at, err);
        if (is_mended)
            pe_losses_remove(&step->losses, i);
        else
            i++;
    }
    return status;
}
