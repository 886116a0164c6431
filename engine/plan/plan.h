/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan.h - the plan of a run: how items, ranks and threads become slices, chunks, batches and buffers; integers only.
 *
 * Invariant: slices begin at multiples of slice_items, chunks at multiples of chunk_items, and slice_items is a multiple of
 *         chunk_items. So slices and chunks cover every item exactly once, and no byte of the output depends on the plan.
 *         A run hands out whole slices and chunks, or parts of one, which cross no such border.
 * Design: every block follows from its number, so nothing is stored per slice. Static slices are assigned round-robin,
 *         slice s to rank s % ranks: with one contiguous block per rank, a rank would have to hold all its results
 *         until the blocks of all lower ranks are delivered.
 */
#ifndef PE_PLAN_H
#define PE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/block.h"
#include "base/enum_names.h"
#include "base/error.h"

#define PE_ITEMS_UNKNOWN UINT64_MAX
#define PE_PLAN_NO_PARTS SIZE_MAX

/* Memory of rank 0 per dispatch that is not yet delivered, and per rank. */
#define PE_PLAN_ENTRY_BYTES 72
#define PE_PLAN_PART_BYTES 112 /* announced results */
#define PE_PLAN_RANK_BYTES 32
#define PE_PLAN_SPILL_BYTES ((size_t)2 << 20) /* list of results that are spilled since they wait for an earlier item */
#define PE_PLAN_CHUNK_BYTES 320 /* memory of a chunk that is being computed or waits for delivery, beside its results */

typedef struct pe_plan_request {
    uint64_t items; /* or PE_ITEMS_UNKNOWN: a stream */
    int ranks;
    int threads; /* workers of each rank */
    pe_schedule schedule;
    pe_order order;
    uint64_t chunk_items;  /* 0: auto */
    size_t memory_bytes;   /* pool.memory: for all buffers of one rank; 0: the default */
    size_t in_item_bytes;  /* columns of one item */
    size_t out_item_bytes; /* the most encoded bytes of one item without its result texts */
    bool is_generated;     /* a kernel call reads and writes no columns: it writes rows from ramps */
    bool is_placed;        /* rows are written at their offsets in a file, best in large pieces */
    bool has_payload;      /* rank 0 sends the input with the slices */
    bool is_crowded;       /* a node has more threads than cores */
    bool is_in_processes;  /* the kernel is in another process: each batch costs a round trip */
    /* The most input bytes (file extents, payloads) of any aligned chunk of `chunk_items` items; NULL: none. */
    size_t (*chunk_input_bytes)(const void *source, uint64_t chunk_items);
    size_t (*reader_bytes)(const void *source, uint64_t chunk_items); /* buffers of one reader; NULL: none */
    const void *source;
    size_t (*digested_bytes)(size_t out_bytes); /* bytes of the digests of a chunk's rows; NULL: rows are kept */
    size_t worker_bytes;                        /* of each worker beside its columns: the fold of a reduction */
    bool
        spills_results; /* those that wait for an earlier item go to a file, and come back one chunk or slice at a time */
    bool has_text_result;   /* the length of result texts is estimated: twice the input, at least 64 bytes per item */
    bool has_lines;         /* lines of failed items go with the results; out_item_bytes has an estimate */
    bool has_text_lines;    /* with texts of the input, which take at most twice its bytes */
    size_t whole_run_bytes; /* during the whole run: source (index, list), sink (map to stdout), log, folds */
    size_t process_bytes;   /* resident before the run: code, libraries, MPI */
} pe_plan_request;

typedef struct pe_plan {
    uint64_t items;
    int ranks, threads;
    pe_schedule schedule; /* static or dynamic: auto was decided */
    pe_order order;
    uint64_t chunk_items; /* claimed at once at most */
    uint64_t grain_items; /* unit of stealing, divides chunk_items: the chunk size of the user, or batches */
    bool is_fixed;        /* the user chose the chunk */
    const char *why;      /* the reason for chunk_items, for --plan: "as given" */
    uint64_t read_items;  /* read from the input at once: one batch, or several small ones */
    uint64_t batch_items; /* of one kernel call: its columns fit the first-level cache, or one request to a process */
    uint64_t chunks_per_slice;
    uint64_t slice_items;
    uint64_t slices;        /* PE_ITEMS_UNKNOWN for a stream */
    int slots;              /* chunk buffers of a rank, counted as if all had chunk_items items */
    int chunks_most;        /* chunks of a rank at the same time; more than slots where chunks are smaller */
    int depth;              /* slices that a rank may hold: computed, or waiting to be sent */
    uint64_t ahead_ns;      /* of work that a rank has in advance per worker, within depth */
    int ahead;              /* slices that a rank has in advance at least, so that no worker waits for a message */
    uint64_t window_slices; /* dispatches that are not yet delivered, at most; a run of slices counts as one */
    uint64_t run_slices;    /* slices of one dispatch at most, where results are sent to rank 0 */
    int pulls;              /* results of other ranks that rank 0 receives at the same time, */
    size_t pull_bytes;      /* of about this size each */
    size_t chunk_out_bytes, chunk_in_bytes, payload_bytes;
    bool counts_bytes;   /* results have unknown size: the window counts their bytes */
    size_t part_bytes;   /* text results: a chunk is delivered in parts of this size; PE_PLAN_NO_PARTS: as a whole */
    size_t text_bytes;   /* text results: the longest text of one item */
    size_t result_bytes; /* of the chunks of one rank and the slices gathered from them */
    size_t buffer_bytes; /* all buffers of the rank that has most, which is rank 0 */
    size_t peak_bytes;   /* estimate of peak memory: buffer_bytes, whole_run_bytes, process_bytes, threads, MPI */
} pe_plan;

/* pe_plan_make - compute the plan. PE_ECONFIG when pool.memory cannot hold the smallest window, naming the memory
 * needed. */
pe_status pe_plan_make(const pe_plan_request *request, pe_plan *out, pe_error *err);

/* pe_plan_span - the number of slices that a block takes, rounded up. */
uint64_t pe_plan_span(const pe_plan *plan, pe_block block);
/* pe_plan_share - the items per worker; UINT64_MAX when not known. */
uint64_t pe_plan_share(const pe_plan *plan);
/* pe_plan_owner - the rank of a slice. Static schedule only. */
int pe_plan_owner(const pe_plan *plan, uint64_t slice);

#endif
