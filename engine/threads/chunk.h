/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* chunk.h - a slice, which was dispatched to this rank, and a chunk of it, which one worker computes.
 *
 * Design: rank 0 dispatches slices to ranks, workers claim chunks of them. The plan says how many items a normal slice
 *         has; a dispatched one has fewer where items are costly, or spans several where they are cheap.
 */
#ifndef PE_CHUNK_H
#define PE_CHUNK_H

#include <stdalign.h>

#include "base/attr.h"
#include "threads/chunk_result.h"
#include "threads/reorder.h"
#include "threads/split_range.h"

struct pe_chunk;

/* The main thread writes number, block and payload before the push; "deliverer" is the thread with the right to deliver
 * (reorder.h), "mutex" the work queue's. */
typedef struct pe_slice {
    uint64_t number; /* slices of a run are counted as they are dispatched */
    pe_block block;
    pe_buffer payload;      /* the slice's input bytes; empty where the rank reads its own files */
    size_t payload_bytes;   /* mutex: as counted by pe_work_queue_payload */
    uint64_t claimed;       /* mutex: items that were claimed */
    uint64_t delivered;     /* deliverer: items that are finished */
    uint64_t finished;      /* deliverer: items in the results that went to the main thread */
    bool is_cut;            /* deliverer: an item ended the run in it; chunks behind that item may still be computed */
    struct pe_chunk *whole; /* deliverer: the chunk whose buffer gathers the slice's results; NULL: none yet */
    struct pe_slice *next;  /* of whichever list it is in */
    struct pe_slice *sibling; /* main thread: the list of all slices that exist */
} pe_slice;

/* Until it is done a chunk belongs to its worker, but for what others steal of the range; then to the deliverer. */
typedef struct pe_chunk {
    alignas(PE_CACHE_LINE) pe_reorder_entry entry; /* the first field: pe_chunk_of_entry relies on it. In cache lines of
                                                    * its own, since the owner writes to the range with each grain */
    pe_split_range range;
    pe_slice *slice;
    pe_chunk_result out;
    uint64_t work_ns;
    /* Several ranks: gathered results of a slice, all of it or a part; block is which items of the slice. */
    pe_block block;
    bool ends_slice;
    uint64_t counted_items; /* mutex: as the buffer pool counts them */
    size_t counted_bytes;   /* mutex: likewise */
    struct pe_chunk *next;  /* mutex: of the free ones; main thread: of finished results */
} pe_chunk;

static inline pe_chunk *pe_chunk_of_entry(pe_reorder_entry *entry)
{
    return (pe_chunk *)entry;
}

#endif
