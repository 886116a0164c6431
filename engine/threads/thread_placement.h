/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* thread_placement.h - how many workers a rank gets, and whether the cores are there for them.
 */
#ifndef PE_THREAD_PLACEMENT_H
#define PE_THREAD_PLACEMENT_H

#include "comm/comm.h"

typedef struct pe_thread_placement {
    int threads;       /* workers of this rank */
    int most_threads;  /* of any rank */
    int all_threads;   /* of all ranks together */
    int cores;         /* this rank may use */
    bool is_crowded;   /* more workers than cores, as this rank sees it */
    char warning[512]; /* empty: nothing to say; as this rank sees it */
} pe_thread_placement;

/* pe_thread_placement_make - decide the threads of every rank. Collective.
 *
 * Params:  wanted is pool.threads, or 0: then OMP_NUM_THREADS where set, else the cores this rank may use, shared out
 *          among the ranks of a node that are not bound to cores of their own.
 * Returns: PE_OK; PE_ECONFIG for an OMP_NUM_THREADS that is no count
 */
pe_status pe_thread_placement_make(pe_comm *comm, int wanted, pe_thread_placement *out, pe_error *err);

#endif
