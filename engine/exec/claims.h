/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* claims.h - what the workers of one rank take next: chunks of the slices granted to it, and buffers for their results.
 *
 * Design: a task is one granted slice, in the order granted; its chunks are claimed one by one, and workers go on into
 * the next task without a barrier. A chunk holds one of a fixed number of buffers from its claim to its release, which
 * bounds memory: a worker that finds no buffer sleeps. Chunks are numbered in the order of their claims; the oldest one
 * not yet released therefore always has its buffer, so waiting for buffers cannot deadlock. Free buffers are a stack:
 * the one used last is the warmest.
 */
#ifndef PE_CLAIMS_H
#define PE_CLAIMS_H

#include "base/block.h"
#include "exec/outcome.h"
#include "exec/pace.h"

struct pe_chunk;

/* A granted slice. The main thread fills slice, block and payload before the push; chunk fields are the claims'. */
typedef struct pe_task {
    uint64_t slice;
    pe_block block;
    pe_buffer payload;       /* the slice's input bytes; empty when the rank reads its own files */
    size_t payload_bytes;    /* claims: as counted by pe_claims_payload */
    uint64_t claimed;        /* claims' mutex: items that were claimed */
    uint64_t delivered;      /* the deliverer of the local window: items that are finished */
    uint64_t work_ns;        /* the deliverer: time the workers spent on it */
    struct pe_chunk *whole;  /* the deliverer: the chunk whose buffer gathers the slice's bytes */
    struct pe_task *next;    /* of whichever list it is in */
    struct pe_task *sibling; /* claims: the list of all tasks */
} pe_task;

/* A claimed chunk with its buffer. Between claim and put it is the worker's, then the deliverer's. */
typedef struct pe_chunk {
    uint64_t number; /* in the order of claims on this rank */
    pe_block block;
    pe_task *task;
    pe_outcome out;
    uint64_t work_ns;
    struct pe_chunk *next;
} pe_chunk;

typedef struct pe_claims pe_claims;

/* pe_claims_make - `buffers` chunks may be under way at once, of the pace's size each; a worker takes more than `warm` of
 * them only when none comes back within some microseconds, since what is used in turn stays in the cache; idle is called (any worker, without locks held) when a
 * worker finds no chunk to claim, so that the main thread can fetch more. A buffer that
 * grew beyond twice chunk_bytes, for an item of unusual size, is given back when its chunk is released. */
pe_status pe_claims_make(int buffers, int warm, const pe_pace *pace, size_t chunk_bytes, void (*idle)(void *context),
                         void *context, pe_claims **out, pe_error *err);
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

/* pe_claims_take - the next chunk, with its empty buffer; blocks.
 * Returns: NULL when closed and everything was claimed, or stopped */
pe_chunk *pe_claims_take(pe_claims *claims);
/* pe_claims_release - the chunk's bytes are no longer needed; any thread. */
void pe_claims_release(pe_claims *claims, pe_chunk *chunk);

void pe_claims_close(pe_claims *claims); /* nothing more will be pushed */
void pe_claims_stop(pe_claims *claims);  /* nothing more is to be claimed */

#endif
