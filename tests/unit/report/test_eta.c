/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "report/eta.h"

#include <math.h>

#include "unit.h"

#define ALL 1000000u
#define TICK_NS 1e7

/* The time of the first x of all items (0 to 1), of a whole that takes 100 s. */
typedef double (*shape)(double x);

static double level(double x)
{
    return x;
}

static double rising(double x)
{
    return x * x;
}

static double falling(double x)
{
    return 2 * x - x * x;
}

static double steep(double x)
{
    return x * x * x;
}

static double ten_times_dearer(double x)
{
    return x < 0.3 ? x / 7.3 : (0.3 + (x - 0.3) * 10) / 7.3;
}

/* The largest error of the predicted end, as a share of the whole, in the second half of the time. */
static double worst(shape time)
{
    pe_eta eta = {.count = 0};
    double x = 0, error = 0;
    for (double ns = TICK_NS; ns < 1e11; ns += TICK_NS) {
        while (x < 1 && time(x) * 1e11 < ns)
            x += 1e-5;
        pe_eta_add(&eta, (uint64_t)(x * ALL), (uint64_t)ns);
        if (ns > 5e10 && ns < 9.8e10)
            error = fmax(error, fabs((ns + pe_eta_left_ns(&eta, ALL)) / 1e11 - 1));
    }
    return error;
}

START_TEST(eta_of_skewed_costs_is_right_in_the_second_half)
{
    const shape shapes[] = {level, rising, falling, steep, ten_times_dearer};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        ck_assert_msg(worst(shapes[i]) < 0.05, "shape %zu: %f", i, worst(shapes[i]));
}
END_TEST

START_TEST(eta_without_items_is_unknown)
{
    pe_eta eta = {.count = 0};
    ck_assert(pe_eta_left_ns(&eta, 10) < 0);
    pe_eta_add(&eta, 0, 1000);
    pe_eta_add(&eta, 0, 2000);
    ck_assert(pe_eta_left_ns(&eta, 10) < 0);
}
END_TEST

START_TEST(eta_of_all_items_is_0)
{
    pe_eta eta = {.count = 0};
    pe_eta_add(&eta, 5, 1000);
    pe_eta_add(&eta, 10, 2000);
    ck_assert(pe_eta_left_ns(&eta, 10) == 0);
}
END_TEST

UNIT_MAIN("eta", eta_of_skewed_costs_is_right_in_the_second_half, eta_without_items_is_unknown, eta_of_all_items_is_0)
