/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* worker_internal.h - what the files of a worker share.
 */
#ifndef PE_WORKER_INTERNAL_H
#define PE_WORKER_INTERNAL_H

#include "kernel/call.h"
#include "reduce/reduction.h"
#include "sink/digest.h"
#include "worker/arguments.h"
#include "worker/failed_items.h"
#include "worker/item_files/item_files.h"
#include "worker/worker.h"

/* The answer of [kernel] where for an item. */
enum { PE_CHOICE_OUT, PE_CHOICE_IN, PE_CHOICE_FAILED };

typedef struct pe_worker_where {
    pe_call *call;          /* NULL: all items are computed */
    unsigned char *choices; /* of the current batch */
    pe_failures failures;
} pe_worker_where;

/* The current chunk. */
typedef struct pe_worker_chunk {
    pe_split_range *range;
    const pe_chunk_flow *flow;
    pe_chunk_result *out;
    uint64_t handed_items; /* whose results were handed over before the end of the chunk */
    uint64_t batch_items;  /* the size of each batch except the last */
    bool is_metered;       /* each batch is timed, for the reports */
    bool may_grow;         /* a batch may claim further grains of the chunk (grow.c) */
} pe_worker_chunk;

/* The current batch. Its first `finished` items have passed all stages; the kernel may still compute the others. */
typedef struct pe_worker_batch {
    pe_block block;
    size_t room; /* the most items that it may grow to */
    uint64_t began_ns;
    void *plain; /* where the kernel writes, if the rows are its results */
    size_t finished;
    pe_error finish_error; /* from the stages of the finished items */
    /* The columns from the first unfinished item on. */
    void *shifted_results[PE_MAX_COLUMNS], *shifted_written[PE_MAX_COLUMNS];
} pe_worker_batch;

/* Consecutive items of the batch, for the stages after the kernel. */
typedef struct pe_worker_items {
    pe_block block;
    void *const *results; /* where the kernel writes */
    void *const *written; /* what the encoder reads */
    double seconds;
} pe_worker_items;

typedef struct pe_worker {
    const pe_work_spec *spec;
    pe_worker_chunk chunk;
    pe_worker_batch batch;
    pe_arguments args;
    pe_call *call;
    pe_worker_where where;
    void *results[PE_MAX_COLUMNS]; /* NULL for a plain result: the rows take its place */
    void *written[PE_MAX_COLUMNS]; /* converted results, or the same pointer as results */
    pe_buffer *rows;               /* encoded rows: the chunk's buffer or, with a digest, unsummed */
    pe_digest_partial piece;       /* the partial digest of the current chunk */
    pe_buffer unsummed;            /* rows that `piece` has not summed yet */
    pe_item_writer *item_writer;   /* writes one file per item; NULL: rows go to the output */
    pe_reduction_part part;        /* reduction: the fold of this worker's items */
    pe_failures failures;          /* of the current batch */
    pe_buffer failure_counts;      /* records for the log of the current chunk, appended at its end */
    pe_buffer failure_places;      /* likewise, where the spec lists failed items */
    pe_arena kept_texts;           /* result texts of a batch whose failed items are tried again */
    pe_block unreleased;           /* mapped input that was read, and the number of items of it */
    uint64_t unreleased_items;
} pe_worker;

/* pe_worker_run_batch - read, compute and encode the items of a block, which may be read ahead up to `end`. Those that
 * can be read are computed together, up to one that cannot; where the input does not say which one that is (a product),
 * the batch is done item by item. */
pe_status pe_worker_run_batch(pe_worker *worker, pe_block block, uint64_t end, const pe_buffer *payload, pe_error *err);

/* pe_worker_hand_over_if_full - deliver what is encoded before the rest of the chunk, once it is as large as a part. */
pe_status pe_worker_hand_over_if_full(pe_worker *worker, pe_error *err);

/* pe_worker_add_counts - append the records of failure_counts to the log of the chunk. */
pe_status pe_worker_add_counts(pe_worker *worker, pe_error *err);

/* pe_worker_bound_texts - limit how much of a batch's texts the call keeps. */
void pe_worker_bound_texts(pe_worker *worker);

/* encode_items.c: pe_worker_encode - encode the items' rows, except for those of failed items that have none. */
pe_status pe_worker_encode(pe_worker *worker, const pe_worker_items *items, pe_error *err);

/* grow.c: pe_worker_let_grow - let batches grow from grain to grain of the current chunk. pe_worker_may_grow - whether that is
 * of use, and every grain still fails, and is logged, as if it were alone. pe_worker_room_to_grow - how many items can stand in
 * the columns from the batch's first one on, and in the rows after those that are there. */
void pe_worker_let_grow(pe_worker *worker);
bool pe_worker_may_grow(const pe_worker *worker);
size_t pe_worker_room_to_grow(const pe_worker *worker);

/* pe_worker_convert - convert the batch's results into its written columns; an item whose result does not fit its type fails.
 * PE_ENOMEM. */
pe_status pe_worker_convert(pe_worker *worker, const pe_worker_items *items, pe_error *err);

/* where.c: the call of where. open and close are parts of the worker's. */
pe_status pe_worker_where_open(pe_worker *worker, pe_error *err);
void pe_worker_where_close(pe_worker *worker);
/* pe_worker_where_choose - make the choices of a batch whose arguments were taken. */
pe_status pe_worker_where_choose(pe_worker *worker, pe_block block, pe_error *err);
/* pe_worker_where_is_out - does where leave out an item of which some other argument cannot be read? */
bool pe_worker_where_is_out(pe_worker *worker, uint64_t item, const pe_buffer *payload);
/* pe_worker_where_next - the items of the block from number `done` on that have the same choice; a failed one is alone. */
pe_block pe_worker_where_next(const pe_worker *worker, pe_block block, uint64_t done);

#endif
