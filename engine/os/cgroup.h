/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cgroup.h - the limits that control groups set to this process: cores and memory.
 */
#ifndef PE_CGROUP_H
#define PE_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PE_CGROUP_PATH_ROOM 512

/* One limit: the lowest of the process's own control group and those above it; of equal ones the highest group, which
 * the most processes share. */
typedef struct pe_cgroup_limit {
    uint64_t value;                 /* UINT64_MAX: no limit */
    uint64_t id;                    /* of the group: equal for two processes that share the limit; 0: no limit */
    char path[PE_CGROUP_PATH_ROOM]; /* the file that says so */
} pe_cgroup_limit;

typedef struct pe_cgroup {
    pe_cgroup_limit cores;  /* processor time, in cores, rounded up; at least 1 */
    pe_cgroup_limit memory; /* bytes */
} pe_cgroup;

/* pe_cgroup_read - read the limits of this process, from /proc/self/cgroup, /proc/self/mountinfo and what is mounted there.
 *
 * Params:  root is put in front of all paths: "" for the machine itself, or a folder with files like those
 * Call:    any thread. What cannot be read sets no limit.
 */
void pe_cgroup_read(const char *root, pe_cgroup *out);

/* pe_cgroup_folder - the folder of a process's control group in a mounted hierarchy; v1 or v2.
 *
 * Params:  groups, mounts: the texts of /proc/PID/cgroup and /proc/PID/mountinfo
 *          controller: "cpu" or "memory" of v1; NULL: v2
 *          top: where the hierarchy is mounted, the highest group that can be seen; folder: the group, at or below top
 * Returns: false where there is no such hierarchy, or a path is too long
 */
bool pe_cgroup_folder(const char *groups, const char *mounts, const char *controller, char top[PE_CGROUP_PATH_ROOM],
                      char folder[PE_CGROUP_PATH_ROOM]);

/* pe_cgroup_cpu_max - cores, out of cpu.max of v2 ("50000 100000", "max 100000"), rounded up; UINT64_MAX: no limit. */
uint64_t pe_cgroup_cpu_max(const char *text);
/* pe_cgroup_cpu_cfs - the same out of cpu.cfs_quota_us and cpu.cfs_period_us of v1. */
uint64_t pe_cgroup_cpu_cfs(const char *quota, const char *period);
/* pe_cgroup_bytes - memory.max ("max") or memory.limit_in_bytes (2^63 less a page); UINT64_MAX: no limit. */
uint64_t pe_cgroup_bytes(const char *text);

#endif
