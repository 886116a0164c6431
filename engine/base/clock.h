/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* clock.h - monotonic time in nanoseconds.
 */
#ifndef PE_CLOCK_H
#define PE_CLOCK_H

#include <stdint.h>

uint64_t pe_clock_ns(void);
void pe_sleep_ns(uint64_t ns);

#endif
