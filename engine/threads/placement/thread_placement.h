/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* thread_placement.h - how many threads each rank starts, and a warning when they do not fit the cores.
 *
 * Invariant: every rank computes the same all_threads and most_threads.
 */
#ifndef PE_THREAD_PLACEMENT_H
#define PE_THREAD_PLACEMENT_H

#include "comm/comm.h"
#include "os/cgroup.h"

typedef struct pe_thread_placement {
    int threads;       /* of this rank; each is a worker */
    int most_threads;  /* of any rank */
    int all_threads;   /* of all ranks together */
    int bound;         /* cores in this rank's affinity mask */
    int cores;         /* of these, what this rank's control group allows */
    pe_cgroup limits;  /* of this rank's control group */
    bool is_crowded;   /* this rank has more threads than cores, or its node has */
    char warning[512]; /* the warning of this rank, or empty */
} pe_thread_placement;

/* pe_thread_placement_make - decide the threads of every rank. Collective.
 *
 * Params:  wanted is pool.threads, or 0: then OMP_NUM_THREADS where set, else the cores this rank may use, shared out
 *          among the ranks of a node that are not bound to cores of their own.
 * Returns: PE_OK; PE_ECONFIG for an OMP_NUM_THREADS that is no count
 */
pe_status pe_thread_placement_make(pe_comm *comm, int wanted, pe_thread_placement *out, pe_error *err);

#endif
