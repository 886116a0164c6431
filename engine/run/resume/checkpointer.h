/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpointer.h - writes the checkpoint of a run at intervals, beside the work.
 *
 * Invariant: the checkpoint on disk lists an item only after every rank that wrote its results has synced them.
 * Design: at each interval rank 0 lists what is done. Ranks that write rows themselves, or fold items, are then asked to
 *         sync and to send what they have folded. When all have answered, a thread of its own syncs the output and writes
 *         the checkpoint, while the run goes on.
 * Threads: the main thread; the writing thread is this file's own.
 */
#ifndef PE_CHECKPOINTER_H
#define PE_CHECKPOINTER_H

#include "ranks/execute_plan.h"
#include "reduce/reduction.h"
#include "run/output/output.h"

typedef struct pe_checkpointer pe_checkpointer;

typedef struct pe_checkpointer_spec {
    const pe_run_context *run;
    const pe_job *job;
    pe_run_resume *resume;      /* the lock of its checkpoint moves */
    pe_output *output;          /* rank 0 */
    pe_reduction *reduction;    /* NULL: rows are written */
    const pe_block *items;      /* of the output; at the end their number is known */
    const pe_row_file *rows;    /* of this rank; closed: rank 0 writes all rows */
    const pe_item_files *files; /* of this rank's items; NULL: they have none of their own */
    uint64_t begin_ns;          /* when the run began */
} pe_checkpointer_spec;

/* pe_checkpointer_make - *out stays NULL when the run keeps no checkpoint. Every rank. PE_ENOMEM. */
pe_status pe_checkpointer_make(const pe_checkpointer_spec *spec, pe_checkpointer **out, pe_error *err);
void pe_checkpointer_free(pe_checkpointer *checkpointer); /* waits for the writing thread; NULL is fine */

/* pe_checkpointer_exchange - the functions by which the ranks sync during the run (execute_plan.h). */
pe_sync_functions pe_checkpointer_exchange(pe_checkpointer *checkpointer);

/* pe_checkpointer_tick - rank 0, now and then. PE_EIO when a sync failed: then what was written is lost. */
pe_status pe_checkpointer_tick(pe_checkpointer *checkpointer, pe_error *err);

/* pe_checkpointer_took_ns - how long the last checkpoint took to write; 0: none was, or NULL. */
uint64_t pe_checkpointer_took_ns(const pe_checkpointer *checkpointer);

/* pe_checkpointer_spent - how many checkpoints this rank has synced beside the work, and the time that took; not during
 * one. */
uint64_t pe_checkpointer_spent(const pe_checkpointer *checkpointer, uint64_t *ns);

/* pe_checkpointer_end - write the last checkpoint, after the workers have ended and every rank has synced its rows.
 *
 * Call:    every rank; collective where there is a reduction and the run is unfinished. NULL is fine.
 * Params:  is_finished: the output will be committed; then a checkpoint is written only where one is on disk or it
 *          stays.
 * Returns: whether the checkpoint on disk describes what there is (rank 0); a failure to write it is a warning */
bool pe_checkpointer_end(pe_checkpointer *checkpointer, bool is_finished, bool stays);

#endif
