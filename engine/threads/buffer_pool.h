/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* buffer_pool.h - a fixed pool of chunks, each with a result buffer: the memory bound of one rank.
 *
 * Invariant: the chunks in flight never hold more than spec.items items. A chunk is in flight from its claim until its
 *         bytes are delivered.
 * Design: costly items come in small chunks. The pool has more chunks than the window has full chunks, so that workers
 *         can compute many small chunks while one slow item is still running.
 *         A few chunks and their items are reserved for stealing. When all other chunks wait to be delivered after a
 *         running chunk, a worker can still steal a part of that chunk.
 *         Results of unknown size (texts) are also counted in bytes: a running chunk counts the bytes that the plan
 *         expects, a computed chunk the bytes that it holds. Workers wait while has_room is false; the chunk that is
 *         delivered next never waits, so delivery always proceeds.
 *         Free chunks are a stack, because the buffer that was used last is most likely still in the cache.
 * Threads: the caller holds the work queue's mutex, except for pe_buffer_pool_trim.
 */
#ifndef PE_BUFFER_POOL_H
#define PE_BUFFER_POOL_H

#include "threads/chunk.h"

typedef struct pe_buffer_pool_spec {
    int chunks;           /* most chunks in flight */
    uint64_t items;       /* most items in the chunks in flight */
    size_t bytes;         /* the memory for that many items */
    uint64_t chunk_items; /* the size of the largest chunk */
    bool has_parts;       /* results have unknown size: chunks are delivered in parts, and bytes are counted */
    bool counts_bytes;    /* bytes are counted, also where chunks are delivered as a whole */
    int workers;
} pe_buffer_pool_spec;

typedef struct pe_buffer_pool {
    pe_buffer_pool_spec spec;
    int reserved_chunks; /* reserved for stealing, as are reserved_items */
    uint64_t reserved_items;
    pe_chunk *chunks; /* array of all chunks */
    pe_chunk *free;
    size_t free_bytes;    /* capacity of the free chunks' buffers */
    int taken;            /* chunks in flight */
    uint64_t taken_items; /* items in the chunks in flight */
    size_t taken_bytes;   /* counts_bytes: bytes that the chunks in flight hold or are expected to hold */
} pe_buffer_pool;

pe_status pe_buffer_pool_init(pe_buffer_pool *pool, const pe_buffer_pool_spec *spec, pe_error *err);
void pe_buffer_pool_fini(pe_buffer_pool *pool);

/* pe_buffer_pool_has_room - can a chunk of this many items be claimed without using the reserve for stealing? */
bool pe_buffer_pool_has_room(const pe_buffer_pool *pool, uint64_t items);
/* pe_buffer_pool_has_room_to_steal - is there room for a stolen chunk of the largest size? */
bool pe_buffer_pool_has_room_to_steal(const pe_buffer_pool *pool);

/* pe_buffer_pool_take - take an empty chunk from the pool; the caller has checked that one is free.
 * pe_buffer_pool_count - count the chunk's items, once its range is set.
 * pe_buffer_pool_give_back - return the chunk to the pool, once its bytes are no longer needed. */
pe_chunk *pe_buffer_pool_take(pe_buffer_pool *pool);
void pe_buffer_pool_count(pe_buffer_pool *pool, pe_chunk *chunk);
void pe_buffer_pool_give_back(pe_buffer_pool *pool, pe_chunk *chunk);

/* pe_buffer_pool_has_bytes - has the window room for this many more bytes? The only test of the bound in bytes. */
bool pe_buffer_pool_has_bytes(const pe_buffer_pool *pool, size_t bytes);
/* pe_buffer_pool_count_bytes - set the bytes that the chunk holds or is expected to hold. */
void pe_buffer_pool_count_bytes(pe_buffer_pool *pool, pe_chunk *chunk, size_t bytes);
/* pe_buffer_pool_detach - move the results that `from` has so far into a free chunk, and return that chunk. NULL when
 * none is free. Without may_take_last one chunk stays free, for the chunk that is delivered next. */
pe_chunk *pe_buffer_pool_detach(pe_buffer_pool *pool, pe_chunk *from, bool may_take_last);

/* pe_buffer_pool_trim - free a buffer that an unusually large item made larger than `most`. Any thread, no mutex. */
void pe_buffer_pool_trim(pe_buffer *buffer, size_t most);

#endif
