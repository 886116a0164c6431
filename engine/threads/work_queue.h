/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* claims.h - what the workers of one rank take next: chunks of the slices granted to it, and buffers for their results.
 *
 * Design: a task is one granted slice, in the order granted; its chunks are claimed one by one, and workers go on into
 * the next task without a barrier. A chunk holds a buffer from its claim to its release; how many items there may be in
 * them is what bounds memory: a worker that finds no buffer sleeps. Costly items come in small chunks, of which there may
 * be more: so the others get far ahead of one that takes long. Chunks join the line in the order of their claims; the
 * oldest one not yet released therefore always has its buffer, so waiting for buffers cannot deadlock. Free buffers are a
 * stack: the one used last is the warmest.
 *         A worker that finds nothing to claim, or only buffers that wait behind a chunk under way, takes half of what is
 * left of another worker's chunk instead: no costly item keeps its neighbours waiting, at the end or before.
 */
#ifndef PE_CLAIMS_H
#define PE_CLAIMS_H

#include <stdalign.h>

#include "base/attr.h"
#include "threads/adaptive_chunk.h"
#include "threads/chunk_result.h"
#include "threads/reorder.h"
#include "threads/split_range.h"

struct pe_chunk;

/* A granted slice. The main thread fills slice, block and payload before the push; chunk fields are the claims'. */
typedef struct pe_task {
    uint64_t slice;
    pe_block block;
    pe_buffer payload;       /* the slice's input bytes; empty when the rank reads its own files */
    size_t payload_bytes;    /* claims: as counted by pe_claims_payload */
    uint64_t claimed;        /* claims' mutex: items that were claimed */
    uint64_t delivered;      /* the deliverer of the line: items that are finished */
    uint64_t work_ns;        /* the deliverer: time the workers spent on it */
    bool is_cut;             /* the deliverer: an item ended the run in it; what lies behind may still be computed */
    struct pe_chunk *whole;  /* the deliverer: the chunk whose buffer gathers the slice's bytes */
    struct pe_task *next;    /* of whichever list it is in */
    struct pe_task *sibling; /* claims: the list of all tasks */
} pe_task;

/* A claimed chunk with its buffer. Until it is done it is the worker's, but for what others take of the portion; then
 * it is the deliverer's. */
typedef struct pe_chunk {
    alignas(PE_CACHE_LINE)
        pe_place_in_line place; /* the first field: the line's tokens are chunks. In lines of its own:
                                                    * the owner writes to it with each grain */
    pe_portion portion;
    pe_task *task;
    pe_outcome out;
    uint64_t work_ns;
    struct pe_chunk *next; /* claims: of the free ones */
} pe_chunk;

typedef struct pe_claims pe_claims;

typedef struct pe_claims_spec {
    int buffers;    /* chunks under way at once, at most */
    uint64_t items; /* in them, at most */
    size_t bytes;   /* what that many items may take */
    int warm; /* a worker takes more than so many of them only when none comes back within some microseconds, since what
                  * is used in turn stays in the cache */
    int workers;
    uint64_t grain;     /* items that stay with one worker */
    size_t chunk_bytes; /* a buffer that grew beyond twice this, for an item of unusual size, is given back */
    const pe_pace *pace;
    pe_line *line; /* which the chunks join */
    void (*idle)(
        void *context); /* called, without locks held, by a worker that finds nothing to claim, so that the main
                                  * thread can fetch more */
    void *context;
} pe_claims_spec;

pe_status pe_claims_make(const pe_claims_spec *spec, pe_claims **out, pe_error *err);
void pe_claims_free(pe_claims *claims); /* with every task; NULL is fine */

/* pe_claims_task - an empty task (main thread); recycled ones keep their payload's memory. */
pe_status pe_claims_task(pe_claims *claims, pe_task **out, pe_error *err);
/* pe_claims_push - the main thread grants a task; ownership moves until pe_claims_recycle. */
void pe_claims_push(pe_claims *claims, pe_task *task);
/* pe_claims_recycle - a task whose chunks are all released; any thread. */
void pe_claims_recycle(pe_claims *claims, pe_task *task);
/* pe_claims_backlog - tasks pushed and not yet claimed to their end. pe_claims_payload - payload bytes of tasks that were pushed and
 * not yet recycled. */
uint64_t pe_claims_backlog(pe_claims *claims);
size_t pe_claims_payload(pe_claims *claims);

/* pe_claims_take - the next chunk for a worker, in the line and with its empty buffer; blocks.
 * Returns: NULL when closed and nothing is left to begin, or stopped */
pe_chunk *pe_claims_take(pe_claims *claims, int worker);
/* pe_claims_release - the chunk's bytes are no longer needed; any thread. */
void pe_claims_release(pe_claims *claims, pe_chunk *chunk);

void pe_claims_close(pe_claims *claims); /* nothing more will be pushed */
void pe_claims_stop(pe_claims *claims);  /* nothing more is to be claimed */

#endif
