/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpoint.h - the checkpoint: which items of a job are done, and where their results are.
 *
 * Invariant: an item is listed as done only after its results are on stable storage.
 * Design: one small file beside the output. It begins with the manifest as text; binary records follow (record.h).
 *         Facts that are valid only together are in one record: the items in the output with the length of the output,
 *         or the items in a reduction with its state. Each range of results in the spill file has a record of its
 *         own, so that a damaged record loses its own items only. The checkpoint lists items, not ranks, threads or
 *         chunks, so a run with another layout can resume from it.
 */
#ifndef PE_CHECKPOINT_H
#define PE_CHECKPOINT_H

#include "checkpoint/checkpoint_lock.h"
#include "checkpoint/manifest.h"
#include "os/file/out_file.h"
#include "plan/item_set.h"

#define PE_CHECKPOINT_MAGIC PE_OUT_MARKER_MAGIC /* the file begins with it, in every version */

/* Results of consecutive items in the spill file, which wait for earlier items. */
typedef struct pe_spilled_range {
    pe_block items;
    uint64_t rows;   /* fewer than items where some were left out */
    uint64_t offset; /* of the first frame in the spill file */
    uint64_t bytes;
    /* The rows are in the output, at their places, up to this byte at most; 0: they are in the spill file. */
    uint64_t placed_end;
} pe_spilled_range;

/* One record: valid or damaged as a whole. Zero-initialise. */
typedef struct pe_checkpoint_progress {
    pe_item_set done;          /* items whose results are in the output's first output_bytes, or in state */
    uint64_t output_bytes;     /* 0 where the output has no length of its own: a digest, a reduction */
    uint64_t rows;             /* in the output, computed or filled */
    uint64_t inode;            /* of the output file, to recognise another file */
    uint64_t names_bytes;      /* of the list of items' files, where names may meet */
    uint64_t failed;           /* of the items done, how many failed */
    uint64_t failed_list;      /* which of the two files of failed items (failed_file.h) */
    uint64_t failed_bytes;     /* of that file */
    uint64_t left_out;         /* items that kernel.where excluded */
    uint64_t runs;             /* number of runs, including this one */
    uint64_t work_ns, wall_ns; /* of all runs: sum over the workers; elapsed time */
    uint64_t is_complete;      /* 1: all items are done or failed */
    pe_buffer state;           /* of a digest or reduction, and reasons of failures; run/ defines the bytes */
} pe_checkpoint_progress;

/* Zero-initialise. */
typedef struct pe_checkpoint {
    pe_manifest manifest;
    pe_checkpoint_progress progress;
    pe_spilled_range *spilled;
    size_t spilled_count, spilled_room;
    pe_item_set spilled_items; /* after decoding: of all ranges */
    pe_buffer history;         /* of the runs, for their reports: run/reports/earlier_runs.c */
    uint64_t damaged;          /* after decoding: how many records were torn or damaged */
} pe_checkpoint;

void pe_checkpoint_fini(pe_checkpoint *checkpoint);

/* pe_checkpoint_add_spilled - append a range of the spill file to the list. PE_ENOMEM. */
pe_status pe_checkpoint_add_spilled(pe_checkpoint *checkpoint, const pe_spilled_range *range, pe_error *err);

/* pe_checkpoint_encode - append the bytes of the file. pe_checkpoint_decode - read the bytes of a file; damaged records
 * are skipped and counted.
 * Returns: PE_OK; PE_EDATA when the manifest is damaged, or the file is no checkpoint or of another version */
pe_status pe_checkpoint_encode(const pe_checkpoint *checkpoint, pe_buffer *out, pe_error *err);
pe_status pe_checkpoint_decode(pe_checkpoint *checkpoint, const unsigned char *data, size_t size, pe_error *err);

/* pe_checkpoint_done - put all items that are done or spilled into the empty set *out. */
pe_status pe_checkpoint_done(const pe_checkpoint *checkpoint, pe_item_set *out, pe_error *err);

/* pe_checkpoint_write - replace the file at path: temporary file, sync, rename, sync of the directory. lock: the lock of
 * this path, which moves to the new file, or NULL. PE_EIO, and the earlier file stays.
 * pe_checkpoint_discard - the same with a marker (os/file/out_marker.h), which records nothing, in place of the locked
 * checkpoint. Where it is one already: nothing.
 * pe_checkpoint_read - read the checkpoint. PE_ENOINPUT when there is no file; PE_EDATA as decode, naming path. */
pe_status pe_checkpoint_write(const pe_checkpoint *checkpoint, const char *path, pe_checkpoint_lock *lock,
                              pe_error *err);
pe_status pe_checkpoint_discard(pe_checkpoint_lock *lock, pe_error *err);
pe_status pe_checkpoint_read(pe_checkpoint *checkpoint, const char *path, pe_error *err);

#endif
