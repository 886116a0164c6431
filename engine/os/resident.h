/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* resident.h - the peak resident memory of this process.
 */
#ifndef PE_RESIDENT_H
#define PE_RESIDENT_H

#include <stddef.h>

/* pe_resident_peak - peak resident bytes so far (VmHWM); 0 where the system has no such figure. */
size_t pe_resident_peak(void);

#endif
