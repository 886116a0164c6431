/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* clock.c - monotonic time in nanoseconds.
 *
 * Design:   CLOCK_MONOTONIC, which does not jump when the date is set. A sleep ends early on a signal, so that a polling
 *           loop sees the signal at once.
 * Threads:  any.
 */
#include "base/clock.h"

#include <time.h>

#define NS_PER_S 1000000000u

uint64_t pe_clock_ns(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail with this clock and this address */
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void pe_sleep_ns(uint64_t ns)
{
    const struct timespec time = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
    nanosleep(&time, NULL);
}
