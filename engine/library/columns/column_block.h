/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_block.h - columns of consecutive items as one run of bytes: arguments on their way to workers and ranks, results
 * on their way back.
 *
 * Design:  [head][columns, each aligned][outcomes][bytes of texts]. In a block a pe_text holds the place of its bytes as a
 *          number of bytes from the head, so that blocks can be appended to buffers and sent. A block begins at a multiple
 *          of PE_BLOCK_ALIGN and has such a size.
 * Threads: a block belongs to one thread while it is made; afterwards any thread may read it.
 */
#ifndef PE_COLUMN_BLOCK_H
#define PE_COLUMN_BLOCK_H

#include "base/buffer.h"
#include "types/dtype.h"

#define PE_BLOCK_ALIGN 64u

/* The types of the columns; borrowed. */
typedef struct pe_column_types {
    const pe_type *list;
    int count;
} pe_column_types;

/* A block in a buffer, as it is made or read. */
typedef struct pe_column_block {
    uint64_t first, count;
    void *columns[PE_MAX_COLUMNS];
    unsigned char *outcomes; /* NULL: every item is fine */
    unsigned char *base;     /* of the head: pe_text.data counts from here */
    size_t end;              /* of the block, in the buffer */
} pe_column_block;

/* pe_column_block_begin - begin a block with room for `count` items at the end of a buffer, whose columns are to be filled.
 * PE_ENOMEM. */
pe_status pe_column_block_begin(pe_buffer *out, pe_column_types types, uint64_t first, uint64_t count,
                                pe_column_block *block, pe_error *err);

/* pe_column_block_end - end a block that is filled: it has block->count items, perhaps fewer than there was room for; texts are
 * copied into it. outcomes (block->count bytes) may be NULL. PE_ENOMEM. */
pe_status pe_column_block_end(pe_buffer *out, pe_column_types types, const pe_column_block *block,
                              const unsigned char *outcomes, pe_error *err);

/* pe_column_block_read - read the block at an offset of some bytes; *block borrows from them. */
void pe_column_block_read(unsigned char *data, size_t at, pe_column_types types, pe_column_block *block);

/* pe_column_block_text - get a text of a block as a pointer. */
static inline pe_text pe_column_block_text(const pe_column_block *block, pe_text text)
{
    return (pe_text){.data = (const char *)block->base + (uintptr_t)text.data, .size = text.size};
}

/* pe_column_block_item_bytes - bytes of one item in a block, without its texts. */
size_t pe_column_block_item_bytes(pe_column_types types);

#endif
