/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* resident.h - memory that this process has in use.
 */
#ifndef PE_RESIDENT_H
#define PE_RESIDENT_H

#include <stddef.h>

/* pe_resident_peak - the most bytes that were resident at once so far (Linux: VmHWM); 0 where the system does not tell.
 */
size_t pe_resident_peak(void);

#endif
