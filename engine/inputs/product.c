/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* product.c - fills the columns of one block of a product from the sources' items; the product itself is never stored.
 *
 * Design:   source s changes its item every `stride` items of the product, and its sequence of items repeats after
 *           stride * count items. A column is therefore one period, written once and then copied. A source with stride
 *           1 is read straight into the column; at its last item the read wraps to item 0. Items of another source are
 *           read into a small cache, and each is written `stride` times. The cache stays from block to block, because
 *           one item of a slow axis often covers many blocks. Texts in the cache point into the reader's arena, so a
 *           rewind empties the cache.
 * Threads:  everything belongs to one worker's reader.
 * Not here: whether the inputs may form a product, and how many items it has (inputs.c).
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "inputs/inputs_internal.h"
#include "source/fill.h"
#include "source/source_vtable.h"

#define TABLE_ITEMS ((size_t)256)
#define TABLE_BYTES ((size_t)16 << 10) /* of one column: half a first-level cache */

static size_t item_bytes(const pe_inputs *inputs, int s, int column)
{
    return pe_type_bytes(inputs->sources[s]->want[column]);
}

static size_t table_items(const pe_inputs *inputs, int s)
{
    size_t items = TABLE_ITEMS;
    for (int c = 0; c < pe_inputs_width(inputs, s); c++) {
        const size_t fit = TABLE_BYTES / item_bytes(inputs, s, c);
        items = fit < items ? fit : items;
    }
    return items > 0 ? items : 1;
}

static pe_status open_axis(const pe_inputs *inputs, int s, pe_axis *axis, pe_error *err)
{
    axis->room = table_items(inputs, s);
    pe_status status = PE_OK;
    for (int c = 0; c < pe_inputs_width(inputs, s) && status == PE_OK; c++) {
        axis->has_text = axis->has_text || inputs->sources[s]->want[c].dtype == PE_TEXT;
        status = pe_make_array(&axis->columns[c], (size_t)axis->room, item_bytes(inputs, s, c), err);
    }
    return status;
}

pe_status pe_product_open(pe_inputs_reader *reader, pe_error *err)
{
    const pe_inputs *const inputs = reader->inputs;
    pe_status status = pe_make_array(&reader->axes, (size_t)inputs->count, sizeof *reader->axes, err);
    for (int s = 0; s < inputs->count && status == PE_OK; s++)
        if (inputs->strides[s] > 1)
            status = open_axis(inputs, s, reader->axes + s, err);
    return status;
}

void pe_product_close(pe_inputs_reader *reader)
{
    for (int s = 0; s < reader->inputs->count && reader->axes != NULL; s++)
        for (int c = 0; c < pe_inputs_width(reader->inputs, s); c++)
            free(reader->axes[s].columns[c]);
    free(reader->axes);
}

void pe_product_rewind(pe_inputs_reader *reader)
{
    for (int s = 0; s < reader->inputs->count; s++) {
        if (reader->axes[s].has_text)
            reader->axes[s].cached.count = 0;
        pe_reader_rewind(reader->readers[s]);
    }
}

size_t pe_product_reader_bytes(const pe_inputs *inputs)
{
    const size_t tables = PE_MAX_COLUMNS * sizeof(pe_axis);
    size_t columns = 0;
    for (int s = 0; s < inputs->count; s++)
        columns += (size_t)pe_inputs_width(inputs, s);
    return tables + columns * TABLE_BYTES;
}

static pe_status read_axis(pe_inputs_reader *reader, int s, pe_block block, void *const *columns, pe_error *err)
{
    const pe_received_file *const received = reader->inputs->received + s;
    if (received->is_here)
        return pe_reader_read(reader->readers[s], block, &received->byte_range, received->bytes.data, columns, err);
    return pe_reader_read(reader->readers[s], block, NULL, NULL, columns, err);
}

static void *column_at(void *column, uint64_t items, size_t bytes)
{
    return (unsigned char *)column + (size_t)items * bytes;
}

/* An axis that changes with every item: `period` items from item `at` on, in place. */
static pe_status read_varying(pe_inputs_reader *reader, int s, uint64_t at, uint64_t period, void *const *columns,
                              pe_error *err)
{
    const pe_inputs *const inputs = reader->inputs;
    const uint64_t to_end = inputs->infos[s].count - at;
    const uint64_t head = period < to_end ? period : to_end;
    const pe_status status = read_axis(reader, s, (pe_block){at, head}, columns, err);
    if (status != PE_OK || head == period)
        return status;
    void *tails[PE_MAX_COLUMNS];
    for (int c = 0; c < pe_inputs_width(inputs, s); c++)
        tails[c] = column_at(columns[c], head, item_bytes(inputs, s, c));
    return read_axis(reader, s, (pe_block){0, period - head}, tails, err);
}

/* Makes the axis hold item `at`, and as many of the following ones as `runs` has and the table takes. */
static pe_status cache_items(pe_inputs_reader *reader, int s, uint64_t at, uint64_t runs, pe_error *err)
{
    pe_axis *const axis = reader->axes + s;
    if (at >= axis->cached.first && at - axis->cached.first < axis->cached.count)
        return PE_OK;
    const uint64_t to_end = reader->inputs->infos[s].count - at;
    uint64_t count = runs < axis->room ? runs : axis->room;
    count = to_end < count ? to_end : count;
    axis->cached.count = 0;
    const pe_status status = read_axis(reader, s, (pe_block){at, count}, axis->columns, err);
    if (status == PE_OK)
        axis->cached = (pe_block){at, count};
    return status;
}

/* An axis that rests on each item for `stride` items: the first run is of `left` items, the last is cut at `period`. */
static pe_status read_repeated(pe_inputs_reader *reader, int s, uint64_t at, uint64_t left, uint64_t period,
                               void *const *columns, pe_error *err)
{
    const pe_inputs *const inputs = reader->inputs;
    const uint64_t stride = inputs->strides[s];
    const pe_axis *const axis = reader->axes + s;
    uint64_t done = 0;
    while (done < period) {
        const uint64_t rest = period - done;
        const uint64_t runs = rest <= left ? 1 : 1 + (rest - left - 1) / stride + 1;
        const pe_status status = cache_items(reader, s, at, runs, err);
        if (status != PE_OK)
            return status;
        const uint64_t cached = axis->cached.first + axis->cached.count - at;
        const uint64_t usable = runs < cached ? runs : cached;
        const uint64_t covered = left + (usable - 1) * stride;
        const uint64_t count = covered < rest ? covered : rest;
        for (int c = 0; c < pe_inputs_width(inputs, s); c++) {
            const size_t bytes = item_bytes(inputs, s, c);
            pe_fill_runs(column_at(columns[c], done, bytes), (size_t)count, (size_t)left, (size_t)stride,
                         column_at(axis->columns[c], at - axis->cached.first, bytes), bytes);
        }
        done += count;
        left = stride;
        at = (at + usable) % inputs->infos[s].count;
    }
    return PE_OK;
}

static pe_status read_source(pe_inputs_reader *reader, int s, pe_block block, void *const *columns, pe_error *err)
{
    const pe_inputs *const inputs = reader->inputs;
    const uint64_t stride = inputs->strides[s];
    const uint64_t cycle = stride * inputs->infos[s].count;
    const uint64_t period = cycle < block.count ? cycle : block.count;
    const uint64_t at = block.first / stride % inputs->infos[s].count;
    const pe_status status = stride == 1
                                 ? read_varying(reader, s, at, period, columns, err)
                                 : read_repeated(reader, s, at, stride - block.first % stride, period, columns, err);
    for (int c = 0; c < pe_inputs_width(inputs, s) && status == PE_OK; c++) {
        const size_t bytes = item_bytes(inputs, s, c);
        pe_repeat(columns[c], (size_t)period * bytes, (size_t)block.count * bytes);
    }
    return status;
}

pe_status pe_product_read(pe_inputs_reader *reader, pe_block block, void *const *columns, pe_error *err)
{
    const pe_inputs *const inputs = reader->inputs;
    const bool was_set = err->status != PE_OK;
    pe_status status = PE_OK;
    for (int s = 0; s < inputs->count && status == PE_OK && block.count > 0; s++) {
        void *own[PE_MAX_COLUMNS];
        (void)pe_inputs_columns_of(inputs, s, columns, own);
        status = read_source(reader, s, block, own, err);
    }
    if (status != PE_OK && !was_set && err->item != PE_NO_ITEM)
        err->item = block.first; /* an axis's item belongs to many items of the product: only the block is known */
    return status;
}
