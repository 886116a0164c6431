/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* chunk.h - the two units of work: a slice is dispatched to a rank, a chunk is a part of it that one worker computes.
 *
 * Invariant: the fields of a slice and a chunk have one owner at a time, named beside each field, so that only the
 *         range of a running chunk is read and written by two threads at once (split_range.h).
 * Design: the plan sets the number of items of a normal slice. A dispatched slice has fewer when items are costly, and
 *         the items of several normal slices when they are cheap, so that messages between ranks stay few.
 */
#ifndef PE_CHUNK_H
#define PE_CHUNK_H

#include <stdalign.h>
#include <stdatomic.h>

#include "base/attr.h"
#include "threads/chunk_result.h"
#include "threads/reorder.h"
#include "threads/split_range.h"

struct pe_chunk;

/* The main thread writes number, block and payload before the push. In the comments of the fields, "deliverer" is the
 * thread that holds the right to deliver (reorder.h), and "mutex" is the work queue's. */
typedef struct pe_slice {
    uint64_t number; /* slices are numbered in the order of their dispatch */
    pe_block block;
    pe_buffer payload;              /* the slice's input bytes; empty when the rank reads the input files itself */
    size_t payload_bytes;           /* mutex: the share of pe_work_queue_payload */
    uint64_t claimed;               /* mutex: claimed items */
    atomic_uint_fast64_t delivered; /* items whose chunks were delivered, or taken before their turn: any thread adds */
    uint64_t finished;              /* deliverer: items whose results were handed to the main thread */
    bool is_cut;              /* deliverer: an item of the slice ended the run; later chunks may be running still */
    struct pe_chunk *whole;   /* deliverer: the chunk whose buffer gathers the slice's results; NULL: none yet */
    struct pe_slice *next;    /* in the queue's list or in the spare list */
    struct pe_slice *sibling; /* main thread: links all slices that exist */
} pe_slice;

/* A running chunk belongs to its worker, except for the end of its range, which other workers may steal. A chunk that
 * is done belongs to the deliverer. */
typedef struct pe_chunk {
    alignas(PE_CACHE_LINE) pe_reorder_entry entry; /* must be the first field, for pe_chunk_of_entry. Aligned to a cache
                                                    * line, since the owner writes to the range with each grain */
    pe_split_range range;
    pe_slice *slice;
    pe_chunk_result out;
    uint64_t work_ns;
    /* Several ranks, in a chunk that gathers results of a slice: block is the range of items that the results are of. */
    pe_block block;
    bool ends_slice;
    uint64_t counted_items; /* mutex: items counted in the buffer pool's taken_items */
    size_t counted_bytes;   /* mutex: bytes counted in the buffer pool's taken_bytes */
    struct pe_chunk *next;  /* mutex: in the list of free chunks; main thread: in the list of finished results */
} pe_chunk;

static inline pe_chunk *pe_chunk_of_entry(pe_reorder_entry *entry)
{
    return (pe_chunk *)entry;
}

#endif
