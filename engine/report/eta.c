/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* eta.c - estimates how long the rest of a run takes, from what its items have cost so far.
 *
 * Threads: eta.h.
 */
#include "report/eta.h"

#include <math.h>
#include <stdbool.h>

#define STEP_NS 5e6
#define LOOK_BACK 0.25 /* of the items that are done */
#define PARTS 16       /* of what is looked back at */
#define DECAY 1.5      /* the oldest part weighs exp(-DECAY) of the newest */
#define CHANGE_MOST                                                                                                    \
    4 /* the mean cost of the rest is at most this many times the recent one, and at least 1 / this many */

void pe_eta_add(pe_eta *eta, uint64_t items, uint64_t ns)
{
    const double at = (double)ns, done = (double)items;
    if (eta->count == 0)
        eta->step_ns = STEP_NS;
    if (eta->count == PE_ETA_POINTS) {
        for (int i = 0; i < PE_ETA_POINTS / 2; i++)
            eta->points[i] = eta->points[2 * i + 1];
        eta->count = PE_ETA_POINTS / 2;
        eta->step_ns *= 2;
    }
    const bool is_next = eta->count < 2 || at - eta->points[eta->count - 2].ns >= eta->step_ns;
    const int place = is_next ? eta->count : eta->count - 1; /* the last point is always the newest */
    eta->points[place].items = done;
    eta->points[place].ns = at;
    eta->count = place + 1;
}

/* When this many items were done, between two points. */
static double time_at(const pe_eta *eta, double items)
{
    double from_items = 0, from_ns = 0;
    for (int i = 0; i < eta->count; i++) {
        const double to_items = eta->points[i].items, to_ns = eta->points[i].ns;
        if (to_items >= items && to_items > from_items)
            return from_ns + (to_ns - from_ns) * (items - from_items) / (to_items - from_items);
        from_items = to_items;
        from_ns = to_ns;
    }
    return from_ns;
}

/* A weighted straight line through the costs of the parts: cost(x) = level + slope * (x - middle). */
typedef struct line {
    double level, middle, slope;
} line;

static line fit(const double cost[PARTS], const double middle[PARTS])
{
    double weights = 0, x = 0, y = 0, xx = 0, xy = 0, error = 0;
    for (int p = 0; p < PARTS; p++) {
        const double weight = exp(-DECAY * (PARTS - 1 - p) / PARTS);
        weights += weight;
        x += weight * middle[p];
        y += weight * cost[p];
    }
    line out = {.level = y / weights, .middle = x / weights};
    for (int p = 0; p < PARTS; p++) {
        const double weight = exp(-DECAY * (PARTS - 1 - p) / PARTS), dx = middle[p] - out.middle;
        xx += weight * dx * dx;
        xy += weight * dx * (cost[p] - out.level);
    }
    out.slope = xx > 0 ? xy / xx : 0;
    for (int p = 0; p < PARTS; p++) {
        const double weight = exp(-DECAY * (PARTS - 1 - p) / PARTS);
        const double left = cost[p] - out.level - out.slope * (middle[p] - out.middle);
        error += weight * left * left;
    }
    const double variance = xx > 0 ? error / (PARTS - 2) / xx : 0; /* of the slope */
    const double square = out.slope * out.slope;
    out.slope *= square > variance ? 1 - variance / square : 0;
    return out;
}

double pe_eta_left_ns(const pe_eta *eta, uint64_t all)
{
    if (eta->count < 2 || eta->points[eta->count - 1].items <= 0)
        return -1;
    const double done = eta->points[eta->count - 1].items, left = (double)all - done;
    const double first = done * (1 - LOOK_BACK), step = done * LOOK_BACK / PARTS;
    double cost[PARTS], middle[PARTS];
    if (left <= 0)
        return 0;
    for (int p = 0; p < PARTS; p++) {
        middle[p] = first + (p + 0.5) * step;
        cost[p] = (time_at(eta, first + (p + 1) * step) - time_at(eta, first + p * step)) / step;
    }
    const line trend = fit(cost, middle);
    const double mean = trend.level + trend.slope * (done + left / 2 - trend.middle);
    const double most = trend.level * CHANGE_MOST, least = trend.level / CHANGE_MOST;
    return left * (mean > most ? most : mean < least ? least : mean);
}
