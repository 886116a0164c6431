/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* batch_limit.h - when the batch system ends this job: SLURM, PBS, LSF and Flux are asked, each in its own way.
 */
#ifndef PE_BATCH_LIMIT_H
#define PE_BATCH_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PE_BATCH_ASKED_ROOM 160

typedef enum pe_batch_system {
    PE_BATCH_NONE,
    PE_BATCH_SLURM,
    PE_BATCH_PBS,
    PE_BATCH_LSF,
    PE_BATCH_FLUX
} pe_batch_system;

typedef struct pe_batch_limit {
    pe_batch_system system;
    char asked[PE_BATCH_ASKED_ROOM]; /* what gave the answer: "SLURM_JOB_END_TIME", "scontrol show job 17" */
    bool is_known;                   /* false: no batch system, no limit, or no answer that can be read */
    int64_t left_s;                  /* seconds from now to the end; may be negative */
    const char *problem;             /* why there is no answer; NULL: there is one, also where it is "no limit" */
} pe_batch_limit;

/* pe_batch_limit_ask - ask the batch system that the environment names; runs its program for at most ten seconds.
 * Call: any thread. A failure is an unknown limit: `asked` says what was tried, `problem` why it failed. */
pe_batch_limit pe_batch_limit_ask(void);

/* pe_batch_limit_read - read the seconds that are left from text of `scontrol show job`, `qstat -f`, `bjobs -noheader -o
 * time_left` or `flux job timeleft` prints them; now is the time of day, in seconds since 1970. False: it prints none. */
bool pe_batch_limit_read(pe_batch_system system, const char *text, int64_t now, int64_t *left_s);

#endif
