/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* collected.h - the profiles of all ranks, on rank 0 at the end of a run.
 */
#ifndef PE_COLLECTED_H
#define PE_COLLECTED_H

#include "comm/comm.h"
#include "profile/lanes.h"

#define PE_HOST_ROOM 64

/* What a rank adds to its lanes. Plain data: it is sent as it is. */
typedef struct pe_rank_profile {
    char host[PE_HOST_ROOM];
    int threads;
    uint64_t items, chunks;
    uint64_t chunk_items;          /* the size of its chunks at the end */
    uint64_t peak_bytes;           /* resident, of this process */
    uint64_t wall_ns;              /* from the origin on */
    uint64_t worker_ns[PE_PHASES]; /* of all its workers together */
    uint64_t main_ns[PE_PHASES];
    uint64_t checkpoints, checkpoint_ns; /* that it has synced or written beside the work */
    uint64_t lane_events[2];             /* [0]: of the main thread; [1]: of all its workers */
    int64_t clock_ns[2];                 /* this clock minus rank 0's: when the run began, and when it ended */
    pe_time_bins bins;                   /* of its workers */
} pe_rank_profile;

/* The events of one thread of the run. */
typedef struct pe_thread_events {
    int rank, worker; /* worker -1: the main thread */
    pe_event *list;
    size_t count;
} pe_thread_events;

/* Zero-initialise. */
typedef struct pe_collected {
    pe_rank_profile *ranks;
    int rank_count;
    pe_costs *costs; /* of all ranks */
    pe_thread_events *threads;
    size_t thread_count;
} pe_collected;

/* pe_collect - send the profiles of all ranks to rank 0's *out, their events with times of rank 0's clock. mine: what this rank
 * adds; its lanes' sums are filled in here. Collective, also after the run has failed. PE_ENOMEM, and errors of
 * messages. */
pe_status pe_collect(pe_comm *comm, pe_profile *profile, pe_rank_profile *mine, pe_collected *out, pe_error *err);
void pe_collected_fini(pe_collected *collected);

#endif
