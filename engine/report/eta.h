/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* eta.h - how long the rest of a run will take, from how its items have cost so far.
 *
 * Design: the cost of an item is taken to go on as a straight line through the last quarter of the items: so the estimate
 *         is right where items become dearer or cheaper along the job, and where the cost has changed at some point.
 *         The slope counts as far as it exceeds its own uncertainty, so that costs that scatter give a level line. A
 *         cost that rises first and falls later is known only once it falls. The history is a fixed number of points,
 *         evenly spaced in time: when all are taken, every second one goes.
 * Threads: one thread at a time.
 */
#ifndef PE_ETA_H
#define PE_ETA_H

#include <stdint.h>

#define PE_ETA_POINTS 256

/* Zero-initialise. */
typedef struct pe_eta {
    struct {
        double items, ns;
    } points[PE_ETA_POINTS];
    int count;
    double step_ns; /* between two points */
} pe_eta;

/* pe_eta_add - so many items were done after so long. */
void pe_eta_add(pe_eta *eta, uint64_t items, uint64_t ns);

/* pe_eta_left_ns - the time that the rest of `all` items takes, from the last point on; less than 0: not known yet. */
double pe_eta_left_ns(const pe_eta *eta, uint64_t all);

#endif
