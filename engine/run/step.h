/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* step.h - what one worker does with one chunk: read, compute, encode.
 */
#ifndef PE_STEP_H
#define PE_STEP_H

#include <stdatomic.h>

#include "base/buffer.h"
#include "kernel/signature.h"
#include "plan/plan.h"
#include "sink/encode.h"
#include "source/inputs.h"
#include <pengine/kernel.h>

/* The same for all workers and chunks; constant during the run. */
typedef struct pe_recipe {
    const pe_plan *plan;
    const pe_inputs *inputs;
    const pe_kernel *kernel;
    pe_signature signature;
    pe_type written[PE_MAX_COLUMNS]; /* the results' types after [output] dtype */
    pe_encoder encoder;
} pe_recipe;

typedef struct pe_step pe_step;

/* pe_step_open - one worker's readers, kernel state and columns; call it on the worker's own thread, which touches the
 * memory first. */
pe_status pe_step_open(const pe_recipe *recipe, pe_step **out, pe_error *err);
void pe_step_close(pe_step *step); /* NULL is fine */

/* pe_step_run - append the encoded results of a chunk to out.
 *
 * Params:  payload holds the slice's input bytes, or is empty when this rank reads its own files; returns early, with
 *          part of the chunk done, when *stop becomes set.
 * Returns: PE_OK; PE_EITEM naming the first failed item, its arguments and the reason; errors of the input
 */
pe_status pe_step_run(pe_step *step, pe_block chunk, const pe_buffer *payload, pe_buffer *out, const atomic_bool *stop,
                      pe_error *err);

#endif
