/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* buffer_pool.h - the chunks that a rank may have under way, each with the buffer that its results go to.
 *
 * Design: a chunk is under way from its claim until its bytes are delivered. The items in chunks under way never exceed
 *         spec.items, which bounds memory. Costly items come in small chunks, of which there may be more than of full
 *         ones, so that the other workers get far ahead of an item that takes long.
 *         A few chunks and their items are reserved for stealing: where all others wait to be delivered behind a chunk
 *         that is being computed, a thief shortens that chunk.
 *         Results of no known size (texts) count in bytes as well: a running chunk with what the plan says, a computed
 *         one with what it has. Where has_room says no, workers wait; the chunk that is delivered next never does.
 *         Free chunks are a stack, since the buffer that was used last is the one that is still in the cache.
 * Threads: the caller holds the work queue's mutex, but for pe_buffer_pool_trim.
 */
#ifndef PE_BUFFER_POOL_H
#define PE_BUFFER_POOL_H

#include "threads/chunk.h"

typedef struct pe_buffer_pool_spec {
    int chunks;           /* under way at once, at most */
    uint64_t items;       /* in them, at most */
    size_t bytes;         /* what that many items may take */
    uint64_t chunk_items; /* of the largest chunk */
    bool has_parts;       /* results have no known size: chunks are delivered in parts, and bytes are counted */
    int workers;
} pe_buffer_pool_spec;

typedef struct pe_buffer_pool {
    pe_buffer_pool_spec spec;
    int reserved_chunks; /* for stealing */
    uint64_t reserved_items;
    pe_chunk *chunks; /* all of them */
    pe_chunk *free;
    size_t free_bytes;    /* that the free ones' buffers hold */
    int taken;            /* chunks under way */
    uint64_t taken_items; /* in them */
    size_t taken_bytes;   /* has_parts: that they hold, or may come to hold */
} pe_buffer_pool;

pe_status pe_buffer_pool_init(pe_buffer_pool *pool, const pe_buffer_pool_spec *spec, pe_error *err);
void pe_buffer_pool_fini(pe_buffer_pool *pool);

/* pe_buffer_pool_has_room - can a chunk of so many items be claimed, without what is reserved for stealing. */
bool pe_buffer_pool_has_room(const pe_buffer_pool *pool, uint64_t items);
/* pe_buffer_pool_has_room_to_steal - can a chunk be stolen, of any size. */
bool pe_buffer_pool_has_room_to_steal(const pe_buffer_pool *pool);

/* pe_buffer_pool_take - an empty chunk, of which there is one (the caller asked). pe_buffer_pool_count - its range was
 * set: its items count from now on. pe_buffer_pool_give_back - its bytes are not needed any more. */
pe_chunk *pe_buffer_pool_take(pe_buffer_pool *pool);
void pe_buffer_pool_count(pe_buffer_pool *pool, pe_chunk *chunk);
void pe_buffer_pool_give_back(pe_buffer_pool *pool, pe_chunk *chunk);

/* pe_buffer_pool_has_bytes - is there room for so many bytes more: the one place that says when the window is full. */
bool pe_buffer_pool_has_bytes(const pe_buffer_pool *pool, size_t bytes);
/* pe_buffer_pool_count_bytes - the chunk holds so many bytes, or will. */
void pe_buffer_pool_count_bytes(pe_buffer_pool *pool, pe_chunk *chunk, size_t bytes);
/* pe_buffer_pool_detach - a chunk that is free takes over the results that `from` has so far. NULL when there is none;
 * one chunk stays free for whoever may take the last. */
pe_chunk *pe_buffer_pool_detach(pe_buffer_pool *pool, pe_chunk *from, bool may_take_last);

/* pe_buffer_pool_trim - free a buffer that one item of unusual size made larger than `most`. Any thread, unlocked. */
void pe_buffer_pool_trim(pe_buffer *buffer, size_t most);

#endif
