/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* call.h - calls a kernel for one worker: fills pe_batch, keeps failures and result texts.
 *
 * Threads: each worker has its own call.
 */
#ifndef PE_CALL_H
#define PE_CALL_H

#include "base/attr.h"
#include "kernel/failures.h"
#include "kernel/signature.h"
#include <pengine/kernel.h>

typedef struct pe_call pe_call;

/* pe_call_refuse - why the open of a form of ours returns another value than 0: ends the message of pe_call_make, in place of
 * the value; likewise why a map cannot start a worker again. Call: from open or map, on its thread. pe_call_refusal is the text; "" where none was given. */
#define PE_REFUSAL_ROOM 512
void pe_call_refuse(const char *format, ...) PE_PRINTF(1, 2);
const char *pe_call_refusal(void);
/* pe_call_refuse_for_lack - the same where memory or another resource of the system is lacking: PE_ENOMEM. */
void pe_call_refuse_for_lack(const char *reason);
/* pe_call_refuse_into - write this thread's text to room, of PE_REFUSAL_ROOM bytes: memory that outlives a child. An open
 * that crashes is called by the text that there is then, such as "kernel.initializer setup". */
void pe_call_refuse_into(char *room);

/* pe_call_make - open the kernel for one worker; setup is borrowed, NULL has no params and seed 0. PE_EKERNEL when its
 * open fails, PE_ENOMEM where that is for lack of a resource. The kernel is borrowed, the signature copied. */
pe_status pe_call_make(const pe_kernel *kernel, const pe_signature *signature, const pe_setup *setup, pe_call **out,
                       pe_error *err);
void pe_call_free(pe_call *call);

/* pe_call_set_ramps - set the ramps of those args that are NULL in later runs; borrowed. Only for a kernel with
 * takes_ramps. */
void pe_call_set_ramps(pe_call *call, const pe_ramp *ramps);

/* How result texts are bounded: their size is not known before the kernel gives them. */
typedef struct pe_call_texts {
    size_t most_bytes; /* of texts that are kept before finish_before is called */
    size_t longest;    /* a longer text ends the run */
    void *context;
    /* The items of the batch before `done` are complete: use their results and failures now (pe_call_take_failures).
     * Returns: whether that was done; their texts are freed then */
    bool (*finish_before)(void *context, size_t done);
    /* Called before more than most_bytes of a text are stored: blocks until there is room for these bytes. */
    void (*wait_for_room)(void *context, size_t bytes);
} pe_call_texts;

/* pe_call_bound_texts - bound the texts in all later runs; by default a batch keeps all its texts. */
void pe_call_bound_texts(pe_call *call, const pe_call_texts *texts);

/* pe_call_advance - called inside map by kernels of this program: all items before `done` have results or have failed,
 * and no later item has. The texts of a batch are bounded only for kernels that call this. */
void pe_call_advance(pe_batch *batch, size_t done);

/* pe_call_keep - called inside map by kernels of this program that read the answer of an item from another process, before
 * more than `size` bytes of it are in memory. Waits for room, which the answer has until pe_call_advance; by then its memory
 * is free again. False: the answer is longer than any text may be, and the run ends with PE_ENOMEM. */
bool pe_call_keep(pe_batch *batch, size_t item, size_t size);
/* pe_call_wait_for_room - do the same for an answer that may be longer than its texts are. */
void pe_call_wait_for_room(pe_batch *batch, size_t size);

/* pe_call_lacks - called inside map by kernels of this program that fail an item and give up for lack of memory or of
 * another resource of the system: the run ends with PE_ENOMEM. */
void pe_call_lacks(void);

/* How a batch grows while it is computed, where its items are handed out one by one or few at a time. */
typedef struct pe_call_growth {
    void *context;
    /* All items of the batch are done. Returns how many more belong to it now, 0: none; their arguments and results stand
     * after those of the others. */
    size_t (*claim)(void *context);
} pe_call_growth;

/* pe_call_let_grow - let all later runs grow; by default none does. */
void pe_call_let_grow(pe_call *call, const pe_call_growth *growth);

/* pe_call_grow - called inside map by kernels of this program, which have computed all items of the batch: claims more of
 * them, which batch->count then holds too. Returns whether there are more. Others are called again for such items. */
bool pe_call_grow(pe_batch *batch);

/* pe_call_run - map one batch.
 *
 * Shape:   args and results as in kernel.h, count items from index first.
 * Owns:    result texts and the failures live until the next pe_call_run. A text that the kernel did not give is empty.
 * Returns: PE_OK (failures may have been recorded), PE_EKERNEL when map returned nonzero or named an item or a text
 *          that is not in the batch, PE_ENOMEM
 */
pe_status pe_call_run(pe_call *call, uint64_t first, size_t count, const void *const *args, void *const *results,
                      pe_error *err);

/* pe_call_failures - the failed items of the last run, in item order, each once. */
const pe_failure *pe_call_failures(const pe_call *call, size_t *count);

/* pe_call_take_failures - swap the list of the last run's failures, or of those so far, with *into, whose memory is
 * used for later ones. */
void pe_call_take_failures(pe_call *call, pe_failures *into);

#endif
