/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* arguments.c - the argument columns of one worker, read for one or several batches at once.
 *
 * Design:  a batch may be a single item (chunk_size = 1), which costs far less to compute than to read by itself. So as
 *          many items are read as fit the first-level cache, and batch after batch is a piece of them. An item that
 *          cannot be read is an error of its own batch alone: then no more than the batch is read.
 * Threads: one worker's.
 * Not here: what is computed from them (worker.c).
 */
#include "worker/arguments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "profile/lane.h"

static int count_columns(const pe_arguments *self)
{
    return self->spec->kernel.signature.arg_count + self->spec->input.hidden_count;
}

/* An argument that is kept is needed as a column. */
static bool is_kept(const pe_work_spec *spec, int column)
{
    for (int k = 0; k < spec->output.kept_count; k++)
        if (spec->output.kept[k].column == column)
            return true;
    return false;
}

pe_status pe_arguments_open(pe_arguments *self, const pe_work_spec *spec, pe_error *err)
{
    const pe_signature *signature = &spec->kernel.signature;
    self->spec = spec;
    pe_status status = pe_inputs_reader_open(spec->input.inputs, &self->reader, err);
    for (int a = 0; a < count_columns(self) && status == PE_OK; a++) {
        self->item_bytes[a] =
            pe_type_bytes(a < signature->arg_count ? signature->args[a] : spec->input.hidden[a - signature->arg_count]);
        status = pe_make_array(&self->columns[a], spec->plan->read_items, self->item_bytes[a], err);
    }
    return status;
}

void pe_arguments_close(pe_arguments *self)
{
    for (int a = 0; a < PE_MAX_COLUMNS; a++)
        free(self->columns[a]);
    pe_inputs_reader_close(self->reader);
}

void pe_arguments_forget(pe_arguments *self)
{
    self->read.count = 0;
}

/* Which columns these items leave to the kernel as ramps. Returns whether there are others, in `columns`. */
static bool choose_ramps(pe_arguments *self, pe_block items, void *columns[PE_MAX_COLUMNS])
{
    const pe_work_spec *spec = self->spec;
    bool has_columns = false;
    for (int a = 0; a < spec->kernel.signature.arg_count; a++) {
        pe_ramp *ramp = &self->read_ramps[a];
        self->is_ramp[a] = spec->kernel.descriptor->takes_ramps != 0 && !is_kept(spec, a) &&
                           pe_inputs_ramp(spec->input.inputs, a, items, &ramp->first, &ramp->step);
        columns[a] = self->is_ramp[a] ? NULL : self->columns[a];
        has_columns = has_columns || !self->is_ramp[a];
    }
    for (int h = spec->kernel.signature.arg_count; h < count_columns(self); h++)
        columns[h] = self->columns[h];
    return has_columns || spec->input.hidden_count > 0;
}

static pe_status read(pe_arguments *self, pe_block items, const pe_buffer *payload, pe_error *err)
{
    void *columns[PE_MAX_COLUMNS];
    pe_status status = PE_OK;
    self->read.count = 0;
    pe_inputs_reader_rewind(self->reader);
    if (choose_ramps(self, items, columns)) {
        const uint64_t began = pe_pause_begin(PE_PHASE_READ);
        status = pe_inputs_reader_read(self->reader, items, payload->size > 0 ? payload->data : NULL, payload->size,
                                       columns, err);
        pe_pause_end(PE_PHASE_READ, PE_PHASE_COMPUTE, began);
    }
    if (status == PE_OK)
        self->read = items;
    return status;
}

/* Reads ahead. An error after the current batch is left for the batch of that item to report. */
static bool read_ahead(pe_arguments *self, pe_block ahead, const pe_buffer *payload)
{
    pe_error later = PE_ERROR_INIT;
    return read(self, ahead, payload, &later) == PE_OK;
}

static pe_status read_batch(pe_arguments *self, pe_block batch, uint64_t end, const pe_buffer *payload, pe_error *err)
{
    const uint64_t most = self->spec->plan->read_items, left = end - batch.first;
    const pe_block ahead = {.first = batch.first, .count = left < most ? left : most};
    if (ahead.count > batch.count && read_ahead(self, ahead, payload))
        return PE_OK;
    return read(self, batch, payload, err);
}

pe_status pe_arguments_take(pe_arguments *self, pe_block batch, uint64_t end, const pe_buffer *payload, pe_error *err)
{
    const bool is_read = batch.first >= self->read.first && batch.first - self->read.first < self->read.count &&
                         batch.count <= self->read.count - (batch.first - self->read.first);
    const pe_status status = is_read ? PE_OK : read_batch(self, batch, end, payload, err);
    if (status != PE_OK)
        return status;
    const uint64_t skip = batch.first - self->read.first;
    self->taken = batch;
    for (int a = 0; a < count_columns(self); a++) {
        const pe_ramp ramp = self->read_ramps[a];
        self->ramps[a] =
            (pe_ramp){.first = (int64_t)((uint64_t)ramp.first + skip * (uint64_t)ramp.step), .step = ramp.step};
        self->given[a] = self->is_ramp[a] ? NULL : (const unsigned char *)self->columns[a] + skip * self->item_bytes[a];
    }
    return PE_OK;
}

pe_status pe_arguments_values(pe_arguments *self, pe_block batch, pe_error *err)
{
    void *left[PE_MAX_COLUMNS] = {NULL};
    bool has_ramps = false;
    for (int a = 0; a < self->spec->kernel.signature.arg_count; a++) {
        left[a] = self->is_ramp[a] ? self->columns[a] : NULL;
        self->values[a] = self->is_ramp[a] ? self->columns[a] : self->given[a];
        has_ramps = has_ramps || self->is_ramp[a];
    }
    return !has_ramps ? PE_OK : pe_inputs_reader_read(self->reader, batch, NULL, 0, left, err);
}

/* Nothing can be read of a kept column: its blank, nan or 0. */
static void clear_kept(pe_arguments *self, const pe_work_kept *kept)
{
    const double nothing = NAN;
    unsigned char *const at = self->columns[kept->column];
    const size_t bytes = pe_dtype_bytes(kept->type.dtype);
    memset(at, 0, self->item_bytes[kept->column]);
    if (kept->type.dtype == PE_TEXT)
        memcpy(at, &kept->blank, sizeof kept->blank);
    for (uint32_t e = 0; e < pe_type_elements(kept->type) && pe_dtype_is_float(kept->type.dtype); e++) {
        size_t bad = 0;
        pe_error none = PE_ERROR_INIT; /* each float has a nan */
        (void)pe_convert(PE_FLOAT64, &nothing, kept->type.dtype, at + e * bytes, 1, &bad, &none);
    }
}

/* Makes the columns themselves those of one item, which is not read yet. */
static void begin_one(pe_arguments *self, uint64_t item)
{
    self->taken = (pe_block){.first = item, .count = 1};
    self->read.count = 0;
    for (int c = 0; c < count_columns(self); c++)
        self->given[c] = self->columns[c];
    for (int c = 0; c < count_columns(self); c++)
        memset(self->columns[c], 0, self->item_bytes[c]); /* of what cannot be read nothing is left of other items */
    pe_inputs_reader_rewind(self->reader);
}

bool pe_arguments_take_some(pe_arguments *self, uint64_t item, const bool *wanted, const pe_buffer *payload)
{
    void *columns[PE_MAX_COLUMNS] = {NULL};
    pe_error ignored = PE_ERROR_INIT; /* the item has failed already */
    bool has_any = false;
    begin_one(self, item);
    for (int a = 0; a < self->spec->kernel.signature.arg_count; a++) {
        columns[a] = wanted[a] ? self->columns[a] : NULL;
        has_any = has_any || wanted[a];
    }
    return self->spec->input.reads_alone &&
           (!has_any || pe_inputs_reader_read(self->reader, self->taken, payload->size > 0 ? payload->data : NULL,
                                              payload->size, columns, &ignored) == PE_OK);
}

void pe_arguments_take_kept(pe_arguments *self, uint64_t item, const pe_buffer *payload)
{
    const pe_work_spec *spec = self->spec;
    void *columns[PE_MAX_COLUMNS] = {NULL};
    pe_error ignored = PE_ERROR_INIT; /* the item has failed already */
    begin_one(self, item);
    for (int k = 0; k < spec->output.kept_count; k++)
        clear_kept(self, &spec->output.kept[k]);
    for (int h = spec->kernel.signature.arg_count; h < count_columns(self); h++)
        columns[h] = self->columns[h];
    if (spec->input.hidden_count > 0 && spec->input.reads_alone &&
        pe_inputs_reader_read(self->reader, self->taken, payload->size > 0 ? payload->data : NULL, payload->size,
                              columns, &ignored) != PE_OK)
        for (int k = 0; k < spec->output.kept_count; k++)
            clear_kept(self, &spec->output.kept[k]);
}
