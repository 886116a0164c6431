/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* profiling.h - the profile of a run: begun on one clock on all ranks, and collected on rank 0.
 *
 * Collective: all functions; every rank has the same options, so all keep one or none.
 */
#ifndef PE_PROFILING_H
#define PE_PROFILING_H

#include "ranks/execute_plan.h"
#include "report/run_facts.h"
#include "run/context.h"
#include "run/stages.h"

/* Zero-initialise. */
typedef struct pe_profiling {
    pe_profile *profile; /* of this rank; NULL: nothing is recorded */
    int64_t clock_ns[2]; /* pe_rank_profile's */
} pe_profiling;

/* How the run ended on this rank. */
typedef struct pe_profiling_ending {
    uint64_t sync_ns; /* when the output began to be synced and committed */
    uint64_t chunk_items;
    uint64_t checkpoints, checkpoint_ns; /* pe_rank_profile's */
} pe_profiling_ending;

/* pe_profiling_bytes - the memory that it takes on this rank; 0 where none is wanted. */
size_t pe_profiling_bytes(const pe_run_context *run, const pe_thread_placement *place);

/* pe_profiling_begin - begin the profile of each rank; all times begin at the same moment. PE_ENOMEM, errors of messages. */
pe_status pe_profiling_begin(const pe_run_context *run, const pe_thread_placement *place, pe_profiling *out,
                             pe_error *err);

/* pe_profiling_end - collect all profiles in rank 0's facts, also of a run that failed, and end this rank's. */
pe_status pe_profiling_end(const pe_run_context *run, pe_profiling *profiling, const pe_profiling_ending *ending,
                           pe_run_facts *facts, pe_error *err);

#endif
