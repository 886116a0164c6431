/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* buffer_pool.c - a fixed pool of chunks, each with a result buffer: the memory bound of one rank.
 *
 * Design:   buffer_pool.h.
 * Threads:  buffer_pool.h.
 * Not here: which items a chunk gets (work_queue.c, steal.c).
 */
#include "threads/buffer_pool.h"

#include <stdlib.h>

#include "base/alloc.h"

#define LOG_KEPT_BYTES ((size_t)4 << 10)
#define TRIM_LEAST ((size_t)1 << 20) /* bytes; a smaller buffer is kept */
#define FREE_SHARE 8                 /* free buffers hold at most 1/8 of the window */
#define RESERVED_SHARE 4             /* at most 1/4 of the window is reserved for stealing */

/* The amount reserved for stealing: `each` per worker, at most all / RESERVED_SHARE. A single worker cannot steal. */
static uint64_t reserved_of(int workers, uint64_t all, uint64_t each)
{
    const uint64_t wanted = (uint64_t)workers * each, most = all / RESERVED_SHARE;
    return workers == 1 ? 0 : wanted < most ? wanted : most;
}

pe_status pe_buffer_pool_init(pe_buffer_pool *pool, const pe_buffer_pool_spec *spec, pe_error *err)
{
    *pool = (pe_buffer_pool){.spec = *spec};
    const pe_status status = pe_make_array(&pool->chunks, (size_t)spec->chunks, sizeof *pool->chunks, err);
    if (status != PE_OK)
        return status;
    pool->reserved_chunks = (int)reserved_of(spec->workers, (uint64_t)spec->chunks, 1) + (spec->has_parts ? 1 : 0);
    pool->reserved_items = reserved_of(spec->workers, spec->items, spec->chunk_items);
    for (int i = spec->chunks - 1; i >= 0; i--) {
        pool->chunks[i].next = pool->free;
        pool->free = &pool->chunks[i];
    }
    return PE_OK;
}

void pe_buffer_pool_fini(pe_buffer_pool *pool)
{
    for (int i = 0; i < pool->spec.chunks && pool->chunks != NULL; i++) {
        pe_buffer_fini(&pool->chunks[i].out.bytes);
        pe_buffer_fini(&pool->chunks[i].out.log);
    }
    free(pool->chunks);
}

/* The share of the window's bytes that belongs to this many items. */
static size_t bytes_of(const pe_buffer_pool *pool, uint64_t items)
{
    return (size_t)((double)pool->spec.bytes * ((double)items / (double)pool->spec.items));
}

bool pe_buffer_pool_has_bytes(const pe_buffer_pool *pool, size_t bytes)
{
    return !pool->spec.counts_bytes || (bytes <= pool->spec.bytes && pool->taken_bytes <= pool->spec.bytes - bytes);
}

bool pe_buffer_pool_has_room(const pe_buffer_pool *pool, uint64_t items)
{
    const pe_buffer_pool_spec *spec = &pool->spec;
    return spec->chunks - pool->taken > pool->reserved_chunks &&
           pool->taken_items + items <= spec->items - pool->reserved_items &&
           pe_buffer_pool_has_bytes(pool, bytes_of(pool, items + pool->reserved_items));
}

bool pe_buffer_pool_has_room_to_steal(const pe_buffer_pool *pool)
{
    return pool->spec.chunks - pool->taken > (pool->spec.has_parts ? 1 : 0) &&
           pool->taken_items + pool->spec.chunk_items <= pool->spec.items &&
           pe_buffer_pool_has_bytes(pool, bytes_of(pool, pool->spec.chunk_items));
}

pe_chunk *pe_buffer_pool_take(pe_buffer_pool *pool)
{
    pe_chunk *chunk = pool->free;
    pe_chunk_result *out = &chunk->out;
    pool->free = chunk->next;
    pool->free_bytes -= out->bytes.capacity;
    pool->taken++;
    out->bytes.size = out->log.size = out->placed = 0;
    out->items = out->rows = 0;
    chunk->work_ns = 0;
    chunk->counted_items = chunk->counted_bytes = 0;
    return chunk;
}

/* A small chunk that got a full chunk's buffer frees it: small chunks may outnumber full ones, and each keeping such a
 * buffer would exceed the window. */
void pe_buffer_pool_count(pe_buffer_pool *pool, pe_chunk *chunk)
{
    const uint64_t items = chunk->range.block.count;
    const size_t bytes = bytes_of(pool, items);
    chunk->counted_items = items;
    pool->taken_items += items;
    pe_buffer_pool_count_bytes(pool, chunk, bytes);
    if (items < pool->spec.chunk_items && chunk->out.bytes.capacity > bytes + bytes / 4)
        pe_buffer_fini(&chunk->out.bytes);
}

void pe_buffer_pool_count_bytes(pe_buffer_pool *pool, pe_chunk *chunk, size_t bytes)
{
    pool->taken_bytes += bytes - chunk->counted_bytes; /* modulo 2^64; the sum includes counted_bytes */
    chunk->counted_bytes = bytes;
}

pe_chunk *pe_buffer_pool_detach(pe_buffer_pool *pool, pe_chunk *from, bool may_take_last)
{
    if (pool->spec.chunks - pool->taken <= (may_take_last ? 0 : 1))
        return NULL;
    pe_chunk *part = pe_buffer_pool_take(pool);
    const uint64_t items = from->out.items < from->counted_items ? from->out.items : from->counted_items;
    pe_buffer_fini(&part->out.bytes);
    pe_buffer_fini(&part->out.log);
    part->out = from->out;
    from->out = (pe_chunk_result){.items = 0};
    part->slice = from->slice;
    part->counted_items = items;
    from->counted_items -= items;
    pe_buffer_pool_count_bytes(pool, part, part->out.bytes.capacity + part->out.log.capacity);
    return part;
}

/* Frees the memory of the least recently used free buffer: the last one in the stack that has any. */
static void free_coldest(pe_buffer_pool *pool)
{
    pe_chunk *coldest = NULL;
    for (pe_chunk *at = pool->free; at != NULL; at = at->next)
        if (at->out.bytes.capacity > 0)
            coldest = at;
    if (coldest == NULL)
        return;
    pool->free_bytes -= coldest->out.bytes.capacity;
    pe_buffer_fini(&coldest->out.bytes);
}

/* The most bytes that free buffers may keep: the part of the window that the chunks in flight do not need, and with
 * results of unknown size at most 1 / FREE_SHARE of the window. */
static size_t most_free(const pe_buffer_pool *pool)
{
    const size_t taken = bytes_of(pool, pool->taken_items), all = pool->spec.bytes;
    const size_t left = taken < all ? all - taken : 0, share = all / FREE_SHARE;
    return pool->spec.has_parts && share < left ? share : left;
}

void pe_buffer_pool_give_back(pe_buffer_pool *pool, pe_chunk *chunk)
{
    if (chunk->out.log.capacity > LOG_KEPT_BYTES) /* free ones are not counted */
        pe_buffer_fini(&chunk->out.log);
    pool->free_bytes += chunk->out.bytes.capacity;
    chunk->next = pool->free;
    pool->free = chunk;
    pool->taken--;
    pool->taken_items -= chunk->counted_items;
    pool->taken_bytes -= chunk->counted_bytes;
    while (pool->free_bytes > most_free(pool))
        free_coldest(pool);
}

void pe_buffer_pool_trim(pe_buffer *buffer, size_t most)
{
    if (buffer->capacity > most && buffer->capacity > TRIM_LEAST)
        pe_buffer_fini(buffer);
}
