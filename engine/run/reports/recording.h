/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* recording.h - the record of a run: begun on one clock on all ranks, and collected on rank 0.
 *
 * Collective: all functions; every rank has the same options, so all record or none.
 */
#ifndef PE_RECORDING_H
#define PE_RECORDING_H

#include "ranks/execute_plan.h"
#include "report/run_facts.h"
#include "run/context.h"
#include "run/stages.h"

/* Zero-initialise. */
typedef struct pe_recording {
    pe_record *record;   /* of this rank; NULL: nothing is recorded */
    int64_t clock_ns[2]; /* pe_rank_record's */
} pe_recording;

/* How the run ended on this rank. */
typedef struct pe_recording_ending {
    uint64_t sync_ns; /* when the output began to be synced and committed */
    uint64_t chunk_items;
    uint64_t checkpoints, checkpoint_ns; /* pe_rank_record's */
} pe_recording_ending;

/* pe_recording_bytes - the memory that it takes on this rank; 0 where none is wanted. */
size_t pe_recording_bytes(const pe_run_context *run, const pe_thread_placement *place);

/* pe_recording_begin - the record of each rank, whose times begin at the same moment. PE_ENOMEM, errors of messages. */
pe_status pe_recording_begin(const pe_run_context *run, const pe_thread_placement *place, pe_recording *out,
                             pe_error *err);

/* pe_recording_end - collect all records in rank 0's facts, also of a run that failed, and end this rank's. */
pe_status pe_recording_end(const pe_run_context *run, pe_recording *recording, const pe_recording_ending *ending,
                           pe_run_facts *facts, pe_error *err);

#endif
