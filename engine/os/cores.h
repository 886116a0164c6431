/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cores.h - the cores that this process may use.
 */
#ifndef PE_CORES_H
#define PE_CORES_H

#include <stdint.h>

#include "os/cgroup.h"

int pe_cores_bound(void);  /* cores in the affinity mask; at least 1 */
int pe_cores_online(void); /* cores of the node */

/* pe_cores_count - the cores that this process can keep busy: those of its affinity mask, but no more than the limit of
 * its control group. */
int pe_cores_count(const pe_cgroup_limit *limit);

uint64_t pe_cores_host_id(void); /* a hash of the host name */
/* pe_cores_id - a hash of host name and affinity mask: two processes with one value share their cores. */
uint64_t pe_cores_id(void);

#endif
