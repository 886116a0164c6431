/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_arguments.c - the arguments of a batch: where they lie, or made from columns of other types.
 *
 * Design:  a column of the argument's own type is passed as it is. Texts of a payload get pointers, numbers of another type
 *          are converted exactly. An element that does not fit fails its item; the kernel is given zero in its place.
 * Threads: one worker's own.
 */
#include "base/alloc.h"
#include "library/columns/column_worker_internal.h"
#include "worker/convert/convert_column.h"

static bool is_converted(const pe_column_work *work, int a)
{
    return !pe_type_equal(work->columns.list[a], work->kernel->signature.args[a]);
}

static bool may_be_text_of_payload(const pe_column_work *work, int a)
{
    return (work->args == NULL || work->is_shared) && work->columns.list[a].dtype == PE_TEXT;
}

pe_status pe_column_arguments_open(pe_column_worker_state *self, pe_error *err)
{
    const pe_column_work *work = self->work;
    pe_status status = PE_OK;
    for (int a = 0; a < work->columns.count && status == PE_OK; a++)
        if (is_converted(work, a) || may_be_text_of_payload(work, a))
            status = pe_make_array(&self->scratch[a], work->plan->batch_items,
                                   pe_type_bytes(work->kernel->signature.args[a]), err);
    return status;
}

static const unsigned char *column_of(const pe_column_worker_state *self, int a, uint64_t first)
{
    const pe_column_work *work = self->work;
    const size_t bytes = pe_type_bytes(work->columns.list[a]);
    if (!self->has_payload)
        return (const unsigned char *)work->args[a] + (first - work->origin) * bytes;
    return (const unsigned char *)self->payload.columns[a] + (first - self->payload.first) * bytes;
}

static pe_status convert(pe_column_worker_state *self, int a, const pe_column_batch *batch, pe_error *err)
{
    const pe_column_conversion column = {.from = self->work->columns.list[a],
                                         .to = self->work->kernel->signature.args[a],
                                         .in = column_of(self, a, batch->first),
                                         .out = self->scratch[a],
                                         .first = batch->first,
                                         .count = batch->count};
    return pe_convert_column(&column, &self->unfit, err);
}

static void point_texts(pe_column_worker_state *self, int a, const pe_column_batch *batch)
{
    const pe_text *in = (const pe_text *)(const void *)column_of(self, a, batch->first);
    pe_text *out = self->scratch[a];
    for (uint64_t i = 0; i < batch->count; i++)
        out[i] = pe_column_block_text(&self->payload, in[i]);
}

pe_status pe_column_arguments_take(pe_column_worker_state *self, pe_column_batch *batch, pe_error *err)
{
    const pe_column_work *work = self->work;
    pe_status status = PE_OK;
    pe_failures_clear(&self->unfit);
    for (int a = 0; a < work->columns.count && status == PE_OK; a++) {
        const bool is_text = self->has_payload && may_be_text_of_payload(work, a), is_other = is_converted(work, a);
        batch->args[a] = is_text || is_other ? self->scratch[a] : column_of(self, a, batch->first);
        if (is_text)
            point_texts(self, a, batch);
        else if (is_other)
            status = convert(self, a, batch, err);
    }
    pe_failures_settle(&self->unfit);
    return status;
}

pe_status pe_column_arguments_add_unfit(pe_column_worker_state *self, pe_error *err)
{
    const pe_failures kernel = self->failures;
    pe_status status = PE_OK;
    self->failures = self->unfit;
    self->unfit = kernel;
    for (size_t f = 0; f < kernel.count && status == PE_OK; f++)
        status =
            pe_failures_add(&self->failures, kernel.list[f].item, kernel.list[f].seconds, kernel.list[f].reason, err);
    pe_failures_settle(&self->failures); /* of an item with two reasons the first stays */
    return status;
}
