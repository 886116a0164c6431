/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_batch_limit.c - the seconds that are left, out of what each batch system prints.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "os/batch_limit.h"

#include "unit.h"

static int64_t left(pe_batch_system system, const char *text)
{
    int64_t seconds = -77;
    return pe_batch_limit_read(system, text, 0, &seconds) ? seconds : -1;
}

START_TEST(slurm_end_time_is_local_time)
{
    const time_t now = 1764446400;
    char text[128];
    struct tm parts;
    const time_t end = now + 5400;
    int64_t seconds = 0;
    ck_assert_ptr_nonnull(localtime_r(&end, &parts));
    ck_assert_uint_gt(
        strftime(text, sizeof text, "JobId=17 StartTime=x EndTime=%Y-%m-%dT%H:%M:%S Deadline=N/A", &parts), 0);
    ck_assert(pe_batch_limit_read(PE_BATCH_SLURM, text, now, &seconds));
    ck_assert_int_eq(seconds, 5400);
    ck_assert_int_eq(left(PE_BATCH_SLURM, "EndTime=Unknown Deadline=N/A"), -1);
    ck_assert_int_eq(left(PE_BATCH_SLURM, "slurm_load_jobs error: Invalid job id specified"), -1);
}
END_TEST

START_TEST(pbs_walltime_less_what_is_used)
{
    ck_assert_int_eq(
        left(PE_BATCH_PBS, "    resources_used.walltime = 00:10:05\n    Resource_List.walltime = 01:00:00\n"), 2995);
    ck_assert_int_eq(left(PE_BATCH_PBS, "    Resource_List.walltime = 100:00:00\n"), 360000);
    ck_assert_int_eq(left(PE_BATCH_PBS, "    Walltime.Remaining = 3599\n"), 3599);
    ck_assert_int_eq(left(PE_BATCH_PBS, "    Resource_List.ncpus = 4\n"), -1);
}
END_TEST

START_TEST(lsf_run_limit_counts_estimates_do_not)
{
    ck_assert_int_eq(left(PE_BATCH_LSF, "1:30 L\n"), 5400);
    ck_assert_int_eq(left(PE_BATCH_LSF, "01:30:15 L\n"), 5415);
    ck_assert_int_eq(left(PE_BATCH_LSF, "0:10 E\n"), -1);
    ck_assert_int_eq(left(PE_BATCH_LSF, "0:0 X\n"), -1);
    ck_assert_int_eq(left(PE_BATCH_LSF, "-\n"), -1);
}
END_TEST

START_TEST(flux_seconds_or_a_duration)
{
    ck_assert_int_eq(left(PE_BATCH_FLUX, "3541\n"), 3541);
    ck_assert_int_eq(left(PE_BATCH_FLUX, "59.5m\n"), 3570);
    ck_assert_int_eq(left(PE_BATCH_FLUX, "1.5h\n"), 5400);
    ck_assert_int_eq(left(PE_BATCH_FLUX, "4294967295\n"), -1);
    ck_assert_int_eq(left(PE_BATCH_FLUX, "inf\n"), -1);
    ck_assert_int_eq(left(PE_BATCH_FLUX, ""), -1);
}
END_TEST

static char folder[] = "/tmp/pengine_batch_XXXXXX";

/* A stand-in for a batch system's program, the first one of its name in PATH. */
static void install(const char *name, const char *script)
{
    char path[256], search[512];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_lt(snprintf(path, sizeof path, "%s/%s", folder, name), (int)sizeof path);
    FILE *const out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_gt(fprintf(out, "#!/bin/sh\n%s\n", script), 0);
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    (void)snprintf(search, sizeof search, "%s:/usr/bin:/bin", folder);
    ck_assert_int_eq(setenv("PATH", search, 1), 0);
}

static void uninstall(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(ask_runs_the_program_of_the_system_that_is_there)
{
    ck_assert_int_eq(setenv("LSB_JOBID", "42", 1), 0);
    install("bjobs", "test \"$*\" = '-noheader -o time_left 42' && echo '2:00 L'");
    const pe_batch_limit limit = pe_batch_limit_ask();
    ck_assert_int_eq(limit.system, PE_BATCH_LSF);
    ck_assert_str_eq(limit.asked, "bjobs -noheader -o time_left 42");
    ck_assert(limit.is_known);
    ck_assert_int_eq(limit.left_s, 7200);
    uninstall("bjobs");
}
END_TEST

START_TEST(ask_program_that_fails_or_is_missing_is_no_limit)
{
    ck_assert_int_eq(setenv("PBS_JOBID", "7.head", 1), 0);
    install("qstat", "echo '    Walltime.Remaining = 3599'; exit 1");
    ck_assert(!pe_batch_limit_ask().is_known);
    ck_assert_int_eq(setenv("PATH", "/nowhere", 1), 0);
    const pe_batch_limit limit = pe_batch_limit_ask();
    ck_assert(!limit.is_known);
    ck_assert_str_eq(limit.asked, "qstat -f 7.head");
    uninstall("qstat");
}
END_TEST

START_TEST(ask_without_a_batch_system_runs_nothing)
{
    ck_assert_int_eq(pe_batch_limit_ask().system, PE_BATCH_NONE);
    ck_assert_int_eq(setenv("SLURM_JOB_ID", "5", 1), 0);
    char end[32];
    (void)snprintf(end, sizeof end, "%lld", (long long)time(NULL) + 600);
    ck_assert_int_eq(setenv("SLURM_JOB_END_TIME", end, 1), 0);
    const pe_batch_limit limit = pe_batch_limit_ask();
    ck_assert_str_eq(limit.asked, "SLURM_JOB_END_TIME");
    ck_assert_int_ge(limit.left_s, 598);
    ck_assert_int_le(limit.left_s, 600);
}
END_TEST

UNIT_MAIN("batch_limit", slurm_end_time_is_local_time, pbs_walltime_less_what_is_used,
          lsf_run_limit_counts_estimates_do_not, flux_seconds_or_a_duration,
          ask_runs_the_program_of_the_system_that_is_there, ask_program_that_fails_or_is_missing_is_no_limit,
          ask_without_a_batch_system_runs_nothing)
