/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* worker_vtable.h - what a rank's pool calls on each of its worker threads: open, then run for every chunk, then close.
 *
 * Design:  the thread's loop (rank_pool.c) calls these three directly. A job's kernel is one kind of worker
 *          (worker/worker.c), the caller's arrays are another (library/array_map.c).
 * Threads: a worker belongs to one thread, which makes all three calls.
 */
#ifndef PE_WORKER_VTABLE_H
#define PE_WORKER_VTABLE_H

#include <stdatomic.h>

#include "threads/chunk_result.h"
#include "threads/split_range.h"

/* What bounds the memory of a running chunk whose results have no known size. Same thread as the worker. */
typedef struct pe_chunk_flow {
    const atomic_bool *stop; /* set: the results are not wanted any more */
    size_t part_bytes;       /* out is handed over when it has this many bytes of rows and log; SIZE_MAX: never */
    void *context;
    /* Deliver what out has as a part of the chunk, before the rest of it. Blocks while the window is full; out is empty
     * afterwards, with its memory gone. */
    void (*hand_over)(void *context);
    /* Block until the window has room for `bytes` beside part_bytes, for one result that is larger. */
    void (*wait_for_room)(void *context, size_t bytes);
} pe_chunk_flow;

typedef struct pe_worker_vtable {
    /* Make a worker from pe_execute_plan_spec's work_spec, which all workers share and none writes to. *worker is NULL when
     * nothing was made; close is called in either case. */
    pe_status (*open)(const void *work_spec, void **worker, pe_error *err);

    /* Compute the range grain by grain until it has no more, and append the encoded results to out, which comes empty.
     *
     * Params:  payload holds the slice's input bytes, or is empty where this rank reads its own files. The call may
     *          return early, with part of the range done, once *flow->stop is set.
     * Returns: PE_OK; an error. When an item ends the run (err->item, counted as in the range), out has what comes
     *          before that item
     */
    pe_status (*run)(void *worker, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                     const pe_chunk_flow *flow, pe_error *err);

    void (*close)(void *worker); /* NULL is fine */

    /* Append the log of results that follow `rows` rows of the earlier ones. NULL: the bytes as they are. */
    pe_status (*join_logs)(pe_buffer *log, uint64_t rows, const pe_buffer *following, pe_error *err);
} pe_worker_vtable;

#endif
