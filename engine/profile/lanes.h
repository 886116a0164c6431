/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lanes.h - the profile of one rank: a lane for each of its threads.
 *
 * Design: all memory that does not depend on the run's length is allocated before it. The events of all ranks together
 *         are at most PE_PROFILE_EVENTS, shared out among the threads.
 */
#ifndef PE_LANES_H
#define PE_LANES_H

#include "profile/lane.h"

#define PE_PROFILE_EVENTS ((size_t)200000)

typedef struct pe_profile {
    uint64_t origin_ns; /* the begin of the run, on this rank's clock */
    int lane_count;     /* workers and the main thread */
    pe_lane *lanes;     /* [0]: the main thread; [1 + worker] */
} pe_profile;

/* pe_profile_make - make the profile of a rank with this many workers. all_threads: workers of all ranks. PE_ENOMEM. */
pe_status pe_profile_make(int workers, int all_threads, int ranks, uint64_t origin_ns, pe_profile **out, pe_error *err);
void pe_profile_free(pe_profile *profile); /* NULL is fine */

/* pe_profile_bytes - the most memory that a profile takes: of a rank with this many workers, and on rank 0 what it collects. */
size_t pe_profile_bytes(int workers, int all_threads, int ranks, bool is_root);

/* pe_profile_end - end the profile, after all threads have left: from the end of its work each of them waits for other ranks,
 * and from sync_ns to end_ns for the output to be synced and committed. */
void pe_profile_end(pe_profile *profile, uint64_t sync_ns, uint64_t end_ns);

/* pe_profile_lane - the lane of a worker, or of the main thread (-1); NULL without a profile. */
pe_lane *pe_profile_lane(pe_profile *profile, int worker);

#endif
