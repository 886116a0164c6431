/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* resident.h - the resident memory of this process.
 */
#ifndef PE_RESIDENT_H
#define PE_RESIDENT_H

#include <stddef.h>

/* pe_resident_peak - peak resident bytes so far (VmHWM); 0 where the system has no such figure. */
size_t pe_resident_peak(void);

/* pe_resident_give_back - from now on, the C library returns a freed block of 4 MiB or more to the system, so that the plan
 * need not count it. glibc otherwise keeps up to 64 MiB for each thread once such blocks were freed. Call: first of all. */
void pe_resident_give_back(void);

#endif
