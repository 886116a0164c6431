/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpoint.h - the record of finished work: which items are done, and where their results are.
 *
 * Design: one small file beside the output. It opens with the manifest, which a person can read; binary records follow
 *         (record.h). What must be believed together is in one record: the items in the output with the output's length,
 *         or the items in a reduction with its state. Results that wait for their turn (stored) and rows that are in
 *         their places (placed) have records of their own: a damaged one costs its items alone.
 *         The record knows items, not ranks, threads or chunks: another layout goes on from it.
 * Invariant: an item is told of here only after its bytes are on stable storage.
 */
#ifndef PE_CHECKPOINT_H
#define PE_CHECKPOINT_H

#include "checkpoint/manifest.h"
#include "plan/item_set.h"

#define PE_CHECKPOINT_MAGIC "pengine checkpoint " /* every version begins with it */

/* Results of consecutive items in the spill file, which wait for the items before them. */
typedef struct pe_stored_range {
    pe_block items;
    uint64_t rows;   /* fewer than items where some were left out */
    uint64_t offset; /* in the spill file, of whole frames */
    uint64_t bytes;
} pe_stored_range;

/* What is believed as a whole. Zero-initialise. */
typedef struct pe_checkpoint_progress {
    pe_item_set done;          /* items whose results are in the output's first output_bytes, or in state */
    uint64_t output_bytes;     /* 0 where the output has no length of its own: a digest, a reduction */
    uint64_t rows;             /* in the output; a filled or computed one each */
    uint64_t device, inode;    /* of the output, when it was written */
    uint64_t log_bytes;        /* of errors.log */
    uint64_t failed;           /* items, of those done */
    uint64_t failed_bytes;     /* of the file of failed items */
    uint64_t left_out;         /* items that kernel.where left out */
    uint64_t runs;             /* so far, with this one */
    uint64_t work_ns, wall_ns; /* of all runs: workers' time together, time from begin to end */
    uint64_t is_complete;      /* 1: nothing is left to do but failed items */
    pe_buffer state;           /* of a digest or a reduction, and of the reasons of failures; the writer's own form */
} pe_checkpoint_progress;

/* Zero-initialise. */
typedef struct pe_checkpoint {
    pe_manifest manifest;
    pe_checkpoint_progress progress;
    pe_item_set placed; /* items whose rows are at their places in the output, beside those of progress */
    pe_stored_range *stored;
    size_t stored_count, stored_room;
    uint64_t damaged; /* read: places in the file where records were torn or damaged */
} pe_checkpoint;

void pe_checkpoint_fini(pe_checkpoint *checkpoint);

pe_status pe_checkpoint_add_stored(pe_checkpoint *checkpoint, const pe_stored_range *range, pe_error *err);

/* pe_checkpoint_encode - the file's bytes. pe_checkpoint_decode - from the file's bytes; records that are damaged are
 * passed over and counted.
 * Returns: PE_OK; PE_EDATA where the manifest is damaged, or this is no checkpoint or one of another version */
pe_status pe_checkpoint_encode(const pe_checkpoint *checkpoint, pe_buffer *out, pe_error *err);
pe_status pe_checkpoint_decode(pe_checkpoint *checkpoint, const unsigned char *data, size_t size, pe_error *err);

/* pe_checkpoint_done - all items whose results are safe, of whichever kind, into the empty set *out. */
pe_status pe_checkpoint_done(const pe_checkpoint *checkpoint, pe_item_set *out, pe_error *err);

/* pe_checkpoint_write - replace the file at path: temporary file, sync, rename, sync of the directory. PE_EIO, and the
 * earlier file stays. pe_checkpoint_read - PE_ENOINPUT where there is none; PE_EDATA as decode, naming path. */
pe_status pe_checkpoint_write(const pe_checkpoint *checkpoint, const char *path, pe_error *err);
pe_status pe_checkpoint_read(pe_checkpoint *checkpoint, const char *path, pe_error *err);

#endif
