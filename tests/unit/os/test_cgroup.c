/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_cgroup.c - limits of control groups, out of hierarchies made in a folder of the test's own.
 *
 * The texts of /proc are those that Linux 6.1 gives on a node and in containers; the expected values follow cgroups(7) and
 * sched-bwc.rst: a group may use quota / period cores, and no more than its parents.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/cgroup.h"

#include "unit.h"

#define NONE UINT64_MAX

/* ---- a machine in a folder ---- */

static char machine[] = "/tmp/pengine_cgroup_XXXXXX";

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts, (void)kind, (void)where;
    return remove(path);
}

static void remove_machine(void)
{
    ck_assert_int_eq(nftw(machine, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* A file of the machine, and the folders above it. */
static void put(const char *name, const char *text)
{
    char path[512];
    ck_assert_int_lt(snprintf(path, sizeof path, "%s%s", machine, name), (int)sizeof path);
    for (char *at = path + strlen(machine) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        ck_assert(mkdir(path, 0700) == 0 || errno == EEXIST);
        *at = '/';
    }
    FILE *const file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void make_machine(const char *groups, const char *mounts)
{
    ck_assert_ptr_nonnull(mkdtemp(machine));
    put("/proc/self/cgroup", groups);
    put("/proc/self/mountinfo", mounts);
}

static void finds(uint64_t cores, const char *cores_path, uint64_t memory, const char *memory_path)
{
    pe_cgroup limits;
    pe_cgroup_read(machine, &limits);
    ck_assert_uint_eq(limits.cores.value, cores);
    ck_assert_str_eq(limits.cores.path, cores_path);
    ck_assert_uint_eq(limits.memory.value, memory);
    ck_assert_str_eq(limits.memory.path, memory_path);
}

/* ---- values ---- */

START_TEST(cpu_values_are_rounded_up_to_cores)
{
    ck_assert_uint_eq(pe_cgroup_cpu_max("50000 100000\n"), 1);
    ck_assert_uint_eq(pe_cgroup_cpu_max("100000 100000\n"), 1);
    ck_assert_uint_eq(pe_cgroup_cpu_max("100001 100000\n"), 2);
    ck_assert_uint_eq(pe_cgroup_cpu_max("350000 100000\n"), 4);
    ck_assert_uint_eq(pe_cgroup_cpu_max("0 100000\n"), 1);
    ck_assert_uint_eq(pe_cgroup_cpu_max("18446744073709551615 1000\n"), UINT64_C(18446744073709552));
    ck_assert_uint_eq(pe_cgroup_cpu_cfs("150000\n", "50000\n"), 3);
    ck_assert_uint_eq(pe_cgroup_cpu_cfs("1000\n", "1000000\n"), 1);
}
END_TEST

START_TEST(cpu_values_that_are_none_set_no_limit)
{
    static const char *const none[] = {"",          "max 100000\n",           "max", "50000", "50000 0",
                                       "-1 100000", "99999999999999999999 1", "x 1"};
    for (size_t n = 0; n < sizeof none / sizeof *none; n++)
        ck_assert_msg(pe_cgroup_cpu_max(none[n]) == NONE, "\"%s\"", none[n]);
    ck_assert_uint_eq(pe_cgroup_cpu_cfs("-1\n", "100000\n"), NONE);
    ck_assert_uint_eq(pe_cgroup_cpu_cfs("50000\n", ""), NONE);
}
END_TEST

START_TEST(memory_values_of_both_versions)
{
    ck_assert_uint_eq(pe_cgroup_bytes("67108864\n"), 67108864);
    ck_assert_uint_eq(pe_cgroup_bytes("0\n"), 0);
    ck_assert_uint_eq(pe_cgroup_bytes("max\n"), NONE);
    ck_assert_uint_eq(pe_cgroup_bytes("9223372036854771712\n"), NONE); /* 2^63 - 4096 */
    ck_assert_uint_eq(pe_cgroup_bytes(""), NONE);
}
END_TEST

/* ---- folders ---- */

#define V2_MOUNT "30 22 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"

static void folder_is(const char *groups, const char *mounts, const char *controller, const char *expected)
{
    char top[PE_CGROUP_PATH_ROOM], folder[PE_CGROUP_PATH_ROOM] = "none";
    const bool is_found = pe_cgroup_folder(groups, mounts, controller, top, folder);
    ck_assert_str_eq(is_found ? folder : "none", expected);
}

START_TEST(folders_of_the_group_below_the_mount)
{
    static const char v1_mount[] =
        "26 1 254:0 / / rw - ext4 /dev/vda rw\n"
        "31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 master:2 - cgroup cgroup rw,cpu,cpuacct\n"
        "34 30 0:31 / /sys/fs/cgroup/a\\040b rw - cgroup cgroup rw,memory\n";
    static const char v1_groups[] = "4:memory:/m\n3:cpuset:/s\n2:cpuacct,cpu:/c/d\n1:name=systemd:/y\n0::/z\n";
    folder_is(v1_groups, v1_mount, "cpu", "/sys/fs/cgroup/cpu,cpuacct/c/d");
    folder_is(v1_groups, v1_mount, "memory", "/sys/fs/cgroup/a b/m");
    folder_is(v1_groups, v1_mount, "cpuset", "none");
    folder_is(v1_groups, v1_mount, NULL, "none");
    folder_is("0::/user.slice/a.scope\n", V2_MOUNT, NULL, "/sys/fs/cgroup/user.slice/a.scope");
    folder_is("0::/\n", V2_MOUNT, NULL, "/sys/fs/cgroup");
    folder_is("0::/\n", V2_MOUNT, "cpu", "none");
    folder_is("", V2_MOUNT, NULL, "none");
    folder_is("0::/\n", "", NULL, "none");
    folder_is("0::/\n", "30 22 0:27 / /sys/fs/cgroup\n", NULL, "none");
}
END_TEST

/* The mount shows a part of the hierarchy; the path in /proc/self/cgroup is the node's, or that of a namespace. */
START_TEST(folders_in_containers)
{
    static const char docker[] = "31 30 0:28 /docker/ab /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";
    folder_is("2:cpu:/docker/ab\n", docker, "cpu", "/sys/fs/cgroup/cpu");
    folder_is("2:cpu:/docker/ab/in\n", docker, "cpu", "/sys/fs/cgroup/cpu/in");
    folder_is("2:cpu:/docker/abc\n", docker, "cpu", "/sys/fs/cgroup/cpu"); /* another group, of a like name */
    folder_is("2:cpu:/\n", docker, "cpu", "/sys/fs/cgroup/cpu");           /* a namespace */
    folder_is("0::/../other\n", V2_MOUNT, NULL, "/sys/fs/cgroup");         /* moved out of its namespace */
    folder_is("0::/a\n", "1 2 0:3 /b /x rw - cgroup2 none rw\n" V2_MOUNT, NULL, "/sys/fs/cgroup/a");
}
END_TEST

START_TEST(folders_with_long_paths_are_none)
{
    char groups[2048] = "0::/";
    memset(groups + 4, 'x', 1000);
    folder_is(groups, V2_MOUNT, NULL, "none");
    groups[503] = '\0';
    folder_is(groups, V2_MOUNT, NULL, "none"); /* 14 bytes of the mount point are too many */
}
END_TEST

/* ---- whole machines ---- */

START_TEST(machine_without_proc_has_no_limit)
{
    ck_assert_ptr_nonnull(mkdtemp(machine));
    finds(NONE, "", NONE, "");
    remove_machine();
}
END_TEST

START_TEST(machine_v2_lowest_of_all_parents)
{
    make_machine("0::/a/b/c\n", V2_MOUNT);
    put("/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/a/b/c/cpu.max", "800000 100000\n");
    put("/sys/fs/cgroup/a/memory.max", "max\n");
    put("/sys/fs/cgroup/a/b/memory.max", "67108864\n");
    put("/sys/fs/cgroup/a/b/c/memory.max", "134217728\n");
    finds(2, "/sys/fs/cgroup/a/cpu.max", 67108864, "/sys/fs/cgroup/a/b/memory.max");
    put("/sys/fs/cgroup/a/b/c/cpu.max", "50000 100000\n");
    finds(1, "/sys/fs/cgroup/a/b/c/cpu.max", 67108864, "/sys/fs/cgroup/a/b/memory.max");
    remove_machine();
}
END_TEST

#define V1_MOUNTS                                                                                                      \
    "31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"                                              \
    "34 30 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"                                                \
    "40 30 0:37 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"

START_TEST(machine_v1_beside_an_empty_v2)
{
    make_machine("4:memory:/slurm/job_7/step_0\n2:cpu,cpuacct:/slurm/job_7\n0::/\n", V1_MOUNTS);
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_quota_us", "250000\n");
    put("/sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", "1073741824\n");
    put("/sys/fs/cgroup/memory/slurm/job_7/step_0/memory.limit_in_bytes", "1073741824\n");
    /* of equal limits the higher group's, which the other processes of the job share */
    finds(3, "/sys/fs/cgroup/cpu/slurm/job_7/cpu.cfs_quota_us", 1073741824,
          "/sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes");
    remove_machine();
}
END_TEST

START_TEST(machine_groups_have_ids_of_their_own)
{
    pe_cgroup first, again, other;
    make_machine("0::/a\n", V2_MOUNT);
    put("/sys/fs/cgroup/a/memory.max", "1000000\n");
    put("/sys/fs/cgroup/b/memory.max", "1000000\n");
    pe_cgroup_read(machine, &first);
    pe_cgroup_read(machine, &again);
    put("/proc/self/cgroup", "0::/b\n");
    pe_cgroup_read(machine, &other);
    ck_assert_uint_eq(first.memory.id, again.memory.id);
    ck_assert_uint_ne(first.memory.id, other.memory.id);
    remove_machine();
}
END_TEST

UNIT_MAIN("cgroup", cpu_values_are_rounded_up_to_cores, cpu_values_that_are_none_set_no_limit,
          memory_values_of_both_versions, folders_of_the_group_below_the_mount, folders_in_containers,
          folders_with_long_paths_are_none, machine_without_proc_has_no_limit, machine_v2_lowest_of_all_parents,
          machine_v1_beside_an_empty_v2, machine_groups_have_ids_of_their_own)
