/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cores.h - the CPU affinity of this process.
 */
#ifndef PE_CORES_H
#define PE_CORES_H

#include <stdint.h>

int pe_cores_count(void);  /* cores in the affinity mask; at least 1 */
int pe_cores_online(void); /* cores of the node */

/* pe_cores_id - a hash of host name and affinity mask: two processes with one value share their cores. */
uint64_t pe_cores_id(void);

#endif
