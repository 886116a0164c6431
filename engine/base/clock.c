/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* clock.c - monotonic time in nanoseconds.
 *
 * Design:   CLOCK_MONOTONIC, which no change of the date moves. A sleep ends early on a signal, so that whoever polls
 *           sees the interruption at once.
 * Threads:  any.
 * Not here: how long to wait for what (exec).
 */
#include "base/clock.h"

#include <time.h>

#define NS_PER_S 1000000000u

uint64_t pe_clock_ns(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail: the clock exists and now is ours */
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void pe_sleep_ns(uint64_t ns)
{
    const struct timespec time = {(time_t)(ns / NS_PER_S), (long)(ns % NS_PER_S)};
    nanosleep(&time, NULL);
}
