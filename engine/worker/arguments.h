/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* arguments.h - the argument columns of one worker, read for one or several batches at once.
 */
#ifndef PE_ARGUMENTS_H
#define PE_ARGUMENTS_H

#include "worker/worker.h"

typedef struct pe_arguments {
    /* The columns of the batch that was taken last, valid until the next is taken. */
    const void *given[PE_MAX_COLUMNS];  /* where a column's values begin; NULL: it is ramps[a]; hidden ones after */
    const void *values[PE_MAX_COLUMNS]; /* after pe_arguments_values: the same, without ramps */
    pe_ramp ramps[PE_MAX_COLUMNS];

    pe_block taken; /* the batch itself */

    const pe_work_spec *spec;
    pe_inputs_reader *reader;
    void *columns[PE_MAX_COLUMNS]; /* room for plan->read_items each */
    size_t item_bytes[PE_MAX_COLUMNS];
    pe_block read; /* what the columns hold, or read_ramps stand for */
    bool is_ramp[PE_MAX_COLUMNS];
    pe_ramp read_ramps[PE_MAX_COLUMNS];
} pe_arguments;

/* pe_arguments_open - open a reader and columns, on the worker's own thread. Close it also after a failure. */
pe_status pe_arguments_open(pe_arguments *self, const pe_work_spec *spec, pe_error *err);
void pe_arguments_close(pe_arguments *self);

/* pe_arguments_forget - forget what was read ahead, since another chunk begins. */
void pe_arguments_forget(pe_arguments *self);

/* pe_arguments_take - get the columns of a batch of plan->batch_items at most.
 *
 * Params:  end is where the items of the chunk end: up to there may be read ahead. payload holds the input bytes, or is
 *          empty.
 * Returns: errors of the input, of this batch alone
 */
pe_status pe_arguments_take(pe_arguments *self, pe_block batch, uint64_t end, const pe_buffer *payload, pe_error *err);

/* pe_arguments_room - how many items from the batch's first on were read: their columns follow one another. */
static inline size_t pe_arguments_room(const pe_arguments *self)
{
    return (size_t)(self->read.first + self->read.count - self->taken.first);
}

/* pe_arguments_values - get the values of the batch, for messages and further attempts. */
pe_status pe_arguments_values(pe_arguments *self, pe_block batch, pe_error *err);

/* pe_arguments_take_some - take the wanted arguments of one item; the others are left as they are. Returns whether
 * they could be read. */
bool pe_arguments_take_some(pe_arguments *self, uint64_t item, const bool *wanted, const pe_buffer *payload);

/* pe_arguments_take_kept - take the kept columns of an item whose arguments cannot be read: what can be read of them,
 * else nothing: empty fields, nan, 0. */
void pe_arguments_take_kept(pe_arguments *self, uint64_t item, const pe_buffer *payload);

#endif
