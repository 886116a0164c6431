/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* buffer_pool.c - the chunks that a rank may have under way, each with the buffer that its results go to.
 *
 * Design:   buffer_pool.h.
 * Threads:  buffer_pool.h.
 * Not here: which items a chunk gets (work_queue.c, steal.c).
 */
#include "threads/buffer_pool.h"

#include <stdlib.h>

#include "base/alloc.h"

#define TRIM_LEAST ((size_t)1 << 20) /* smaller buffers are worth keeping */
#define RESERVED_SHARE 4             /* the largest part that is reserved */

/* Of `all` there are, `each` for every worker to steal. A single worker has nobody to steal from. */
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
    pool->reserved_chunks = (int)reserved_of(spec->workers, (uint64_t)spec->chunks, 1);
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

bool pe_buffer_pool_has_room(const pe_buffer_pool *pool, uint64_t items)
{
    const pe_buffer_pool_spec *spec = &pool->spec;
    return spec->chunks - pool->taken > pool->reserved_chunks &&
           pool->taken_items + items <= spec->items - pool->reserved_items;
}

bool pe_buffer_pool_has_room_to_steal(const pe_buffer_pool *pool)
{
    return pool->free != NULL && pool->taken_items + pool->spec.chunk_items <= pool->spec.items;
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
    chunk->counted_items = 0;
    return chunk;
}

/* What so many items may take. */
static size_t bytes_of(const pe_buffer_pool *pool, uint64_t items)
{
    return (size_t)((double)pool->spec.bytes * ((double)items / (double)pool->spec.items));
}

/* A small chunk does not keep the buffer of a full one: there may be more small ones than full ones. */
void pe_buffer_pool_count(pe_buffer_pool *pool, pe_chunk *chunk)
{
    const uint64_t items = chunk->range.block.count;
    const size_t bytes = bytes_of(pool, items);
    chunk->counted_items = items;
    pool->taken_items += items;
    if (items < pool->spec.chunk_items && chunk->out.bytes.capacity > bytes + bytes / 4)
        pe_buffer_fini(&chunk->out.bytes);
}

/* The free buffer that was not used for the longest time gives up its memory. */
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

void pe_buffer_pool_give_back(pe_buffer_pool *pool, pe_chunk *chunk)
{
    pool->free_bytes += chunk->out.bytes.capacity;
    chunk->next = pool->free;
    pool->free = chunk;
    pool->taken--;
    pool->taken_items -= chunk->counted_items;
    while (pool->free_bytes > 0 && pool->free_bytes + bytes_of(pool, pool->taken_items) > pool->spec.bytes)
        free_coldest(pool);
}

void pe_buffer_pool_trim(pe_buffer *buffer, size_t most)
{
    if (buffer->capacity > most && buffer->capacity > TRIM_LEAST)
        pe_buffer_fini(buffer);
}
