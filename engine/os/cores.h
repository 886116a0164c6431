/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cores.h - the cores this process may use, and whether another process has the same ones.
 */
#ifndef PE_CORES_H
#define PE_CORES_H

#include <stdint.h>

int pe_cores_count(void);  /* in the affinity mask; at least 1 */
int pe_cores_online(void); /* of the whole node */

/* pe_cores_id - equal for two processes exactly when they are on the same host with the same affinity mask (but for
 * collisions of a 64-bit hash). */
uint64_t pe_cores_id(void);

#endif
