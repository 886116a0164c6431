/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan.h - items, ranks, threads and schedule into slices and chunks: integers only.
 *
 * Design: chunk c of slice s begins at item (s * chunks_per_slice + c) * chunk_items; the last chunk of all may be
 *         shorter. So every block follows from its number, nothing is stored per slice, and the cover is disjoint and
 *         complete by construction. Slices depend on memory and speed alone: no choice here changes the bytes out.
 *         Static slices are dealt in turn, slice s to rank s % ranks, since a rank that owned one long run would have
 * to hold it until all earlier runs were delivered.
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

/* What rank 0 keeps: of every grant that is not yet delivered, and of every rank. */
#define PE_PLAN_ENTRY_BYTES 72
#define PE_PLAN_RANK_BYTES 24
#define PE_PLAN_CHUNK_BYTES 320 /* what every rank keeps of a chunk under way, beside its results */

typedef struct pe_plan_request {
    uint64_t items; /* or PE_ITEMS_UNKNOWN: a stream */
    int ranks;
    int threads; /* workers of each rank */
    pe_schedule schedule;
    pe_order order;
    uint64_t chunk_items;  /* 0: auto */
    size_t memory_bytes;   /* for all buffers of one rank */
    size_t in_item_bytes;  /* columns of one item */
    size_t out_item_bytes; /* the most encoded bytes of one item; texts count as out_text_bytes beside */
    bool is_generated;     /* a kernel call reads and writes no columns: ramps become the bytes themselves */
    bool is_placed;        /* rows go to their places in a file, which takes large pieces best */
    bool has_payload;      /* input travels with the slices */
    bool is_crowded;       /* a node has more workers than cores: they take turns */
    bool is_elsewhere;     /* the kernel is in another process: a batch pays for its way there and back */
    /* The most input bytes (file extents, payloads) of any aligned run of `chunk_items` items; NULL: none. */
    size_t (*chunk_input_bytes)(const void *source, uint64_t chunk_items);
    size_t (*reader_bytes)(const void *source, uint64_t chunk_items); /* scratch of one reader; NULL: none */
    const void *source;
    size_t (*digested_bytes)(size_t out_bytes); /* what a chunk keeps of its rows, which are summed; NULL: all */
    size_t worker_bytes;                        /* what each worker holds beside its columns: the fold of a reduction */
    bool has_text_result; /* result texts: taken to be as long as twice the input, at least 64 bytes an item */
    size_t kept_bytes;    /* held by the source (index, list) and the sink (map to stdout) */
    size_t process_bytes; /* resident before the run: code, libraries, MPI */
} pe_plan_request;

typedef struct pe_plan {
    uint64_t items;
    int ranks, threads;
    pe_schedule schedule; /* static or dynamic: auto was decided */
    pe_order order;
    uint64_t chunk_items; /* claimed at once: the most */
    uint64_t grain_items; /* that stay with one worker: the chunk that the user chose, which chunk_items is a
                           * multiple of, or a few batches */
    bool is_fixed;        /* the user chose the chunk */
    const char *why;      /* what decided: "as given" */
    uint64_t read_items;  /* of the input at once: one batch, or several small ones */
    uint64_t batch_items; /* one kernel call: its columns, if any, stay in the first-level cache, or travel well */
    uint64_t chunks_per_slice;
    uint64_t slice_items;
    uint64_t slices;        /* PE_ITEMS_UNKNOWN for a stream */
    int slots;              /* chunks that a rank has memory for, of chunk_items each */
    int chunks_most;        /* that it may have under way, where they are smaller */
    int depth;              /* slices a rank may hold: being computed, waiting to be sent */
    uint64_t ahead_ns;      /* of work that a worker has in front of it, as far as depth allows */
    int ahead;              /* uncomputed slices that a rank holds at least, so that none waits for an answer */
    uint64_t window_slices; /* no more than this are granted and not yet delivered; runs count as one */
    uint64_t run_slices;    /* one grant spans at most, where results travel to rank 0 */
    int pulls;              /* slices that rank 0 takes in at once from other ranks, */
    size_t pull_bytes;      /* of about so many bytes each */
    size_t chunk_out_bytes, chunk_in_bytes, payload_bytes;
    size_t part_bytes;   /* text results: a chunk goes on in parts of about so many bytes; PE_PLAN_NO_PARTS: never */
    size_t text_bytes;   /* text results: the longest text that an item may give */
    size_t result_bytes; /* the chunks of one rank, and the slices gathered from them */
    size_t buffer_bytes; /* all buffers of one rank, by the rank that has most (rank 0) */
    size_t peak_bytes;   /* buffers, what source and sink keep, the process itself */
} pe_plan;

/* pe_plan_make - decide everything. PE_ECONFIG when pool.memory cannot hold the smallest window, naming what would. */
pe_status pe_plan_make(const pe_plan_request *request, pe_plan *out, pe_error *err);

pe_block pe_plan_slice(const pe_plan *plan, uint64_t slice);
/* how many slices a block takes, in whole ones */
uint64_t pe_plan_span(const pe_plan *plan, pe_block block);
/* chunks of a slice block (the last slice may have fewer), and the chunk c of it */
uint64_t pe_plan_chunks(const pe_plan *plan, pe_block slice);
pe_block pe_plan_chunk(const pe_plan *plan, pe_block slice, uint64_t chunk);
uint64_t pe_plan_share(const pe_plan *plan); /* items that lie before one worker; UINT64_MAX when not known */
int pe_plan_owner(const pe_plan *plan, uint64_t slice); /* static only */

#endif
