/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cores.c - the cores that this process may use.
 *
 * Design: sched_getaffinity with a mask for 65,536 cores, since cpu_set_t ends at 1,024.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "os/cores.h"

#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#define MASK_LONGS 1024 /* 65,536 cores */

typedef struct mask {
    unsigned long words[MASK_LONGS];
} mask;

static void read_mask(mask *cores)
{
    *cores = (mask){{0}};
    (void)sched_getaffinity(0, sizeof *cores, (cpu_set_t *)(void *)cores);
}

int pe_cores_bound(void)
{
    mask cores;
    int count = 0;
    read_mask(&cores);
    for (int i = 0; i < MASK_LONGS; i++)
        count += __builtin_popcountl(cores.words[i]);
    return count > 0 ? count : pe_cores_online();
}

int pe_cores_count(const pe_cgroup_limit *limit)
{
    const int bound = pe_cores_bound();
    return limit->value < (uint64_t)bound ? (int)limit->value : bound;
}

int pe_cores_online(void)
{
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

static uint64_t mix(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *at = data; /* FNV-1a; a few KiB once per run */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 1099511628211u;
    return hash;
}

uint64_t pe_cores_host_id(void)
{
    char host[256] = "";
    (void)gethostname(host, sizeof host - 1);
    return mix(14695981039346656037u, host, sizeof host);
}

uint64_t pe_cores_id(void)
{
    mask cores;
    read_mask(&cores);
    return mix(pe_cores_host_id(), &cores, sizeof cores);
}
