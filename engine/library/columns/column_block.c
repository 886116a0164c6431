/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_block.c - columns of consecutive items as one run of bytes: arguments on their way to workers and ranks, results
 * on their way back.
 *
 * Threads: column_block.h.
 */
#include "library/columns/column_block.h"

#include <string.h>

/* What the block begins with. */
typedef struct block_head {
    uint64_t first, count;
    uint64_t room;     /* items that the columns have room for */
    uint64_t bytes;    /* of the whole block */
    uint64_t outcomes; /* where they are, from the head; 0: none */
} block_head;

_Static_assert(sizeof(block_head) <= PE_BLOCK_ALIGN, "the first column begins one aligned unit after the head");

static size_t aligned(size_t bytes)
{
    return (bytes + PE_BLOCK_ALIGN - 1) / PE_BLOCK_ALIGN * PE_BLOCK_ALIGN;
}

/* Where column `number` begins; number = types.count: the end of the columns. */
static size_t column_at(pe_column_types types, int number, uint64_t room)
{
    size_t at = PE_BLOCK_ALIGN;
    for (int c = 0; c < number; c++)
        at += aligned(room * pe_type_bytes(types.list[c]));
    return at;
}

static void set_columns(pe_column_types types, uint64_t room, pe_column_block *block)
{
    for (int c = 0; c < types.count; c++)
        block->columns[c] = block->base + column_at(types, c, room);
}

size_t pe_column_block_item_bytes(pe_column_types types)
{
    size_t bytes = 0;
    for (int c = 0; c < types.count; c++)
        bytes += pe_type_bytes(types.list[c]);
    return bytes;
}

pe_status pe_column_block_begin(pe_buffer *out, pe_column_types types, uint64_t first, uint64_t count,
                                pe_column_block *block, pe_error *err)
{
    const size_t bytes = column_at(types, types.count, count);
    const pe_status status = pe_buffer_reserve(out, bytes, err);
    if (status != PE_OK)
        return status;
    const block_head head = {.first = first, .count = count, .room = count, .bytes = bytes};
    *block = (pe_column_block){.first = first, .count = count, .base = out->data + out->size};
    memcpy(block->base, &head, sizeof head);
    set_columns(types, count, block);
    out->size += bytes;
    block->end = out->size;
    return PE_OK;
}

/* The bytes of a column's texts go after all else; each text then holds its place. */
static pe_status take_texts(pe_buffer *out, size_t begin, size_t column, uint64_t count, pe_error *err)
{
    pe_status status = PE_OK;
    for (uint64_t i = 0; i < count && status == PE_OK; i++) {
        pe_text text;
        const size_t at = begin + column + i * sizeof text;
        memcpy(&text, out->data + at, sizeof text);
        const size_t place = out->size - begin;
        status = pe_buffer_append(out, text.data, text.size, err);
        text.data = (const char *)(uintptr_t)place;
        memcpy(out->data + at, &text, sizeof text);
    }
    return status;
}

pe_status pe_column_block_end(pe_buffer *out, pe_column_types types, const pe_column_block *block,
                              const unsigned char *outcomes, pe_error *err)
{
    const size_t begin = (size_t)(block->base - out->data); /* the buffer moves */
    block_head head;
    pe_status status = PE_OK;
    memcpy(&head, block->base, sizeof head);
    head.count = block->count;
    if (outcomes != NULL) {
        head.outcomes = out->size - begin;
        status = pe_buffer_append(out, outcomes, block->count, err);
    }
    for (int c = 0; c < types.count && status == PE_OK; c++)
        if (types.list[c].dtype == PE_TEXT)
            status = take_texts(out, begin, column_at(types, c, head.room), head.count, err);
    head.bytes = aligned(out->size - begin);
    if (status == PE_OK)
        status = pe_buffer_reserve(out, begin + head.bytes - out->size, err);
    if (status != PE_OK)
        return status;
    memset(out->data + out->size, 0, begin + head.bytes - out->size); /* it may be sent */
    out->size = begin + head.bytes;
    memcpy(out->data + begin, &head, sizeof head);
    return PE_OK;
}

void pe_column_block_read(unsigned char *data, size_t at, pe_column_types types, pe_column_block *block)
{
    block_head head;
    memcpy(&head, data + at, sizeof head);
    *block =
        (pe_column_block){.first = head.first, .count = head.count, .base = data + at, .end = at + (size_t)head.bytes};
    block->outcomes = head.outcomes == 0 ? NULL : block->base + head.outcomes;
    set_columns(types, head.room, block);
}
