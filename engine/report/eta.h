/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* eta.h - estimates how long the rest of a run takes, from what its items have cost so far.
 *
 * Design: a straight line is fitted to the cost of the last quarter of the items, and continued to the end of the job. So
 *         the estimate is right where items become dearer or cheaper along the job, and after a change of the cost. Only
 *         the part of the slope that exceeds its own uncertainty counts, so that scattered costs give a level line. A cost
 *         that rises first and falls later is known only once it falls. The history is a fixed number of points, evenly
 *         spaced in time: when all are taken, every second one goes.
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

/* pe_eta_add - add a point: this many items were done after this long. */
void pe_eta_add(pe_eta *eta, uint64_t items, uint64_t ns);

/* pe_eta_left_ns - the time that the rest of `all` items takes, from the last point on; less than 0: not known yet. */
double pe_eta_left_ns(const pe_eta *eta, uint64_t all);

#endif
