/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* run_facts.h - what rank 0 knows of a run that has ended, well or not: what all its reports are made from.
 */
#ifndef PE_RUN_FACTS_H
#define PE_RUN_FACTS_H

#include "job/job.h"
#include "kernel/signature.h"
#include "plan/plan.h"
#include "profile/collected.h"
#include "profile/history.h"
#include "report/failure_log.h"

#define PE_KERNEL_TEXT_ROOM 256

/* Zero-initialise. What a run that failed early did not come to know stays zero. */
typedef struct pe_run_facts {
    /* What was asked for. */
    const pe_job *job; /* NULL: it could not be read */
    const char *job_path;
    const char *const *argv; /* of this process, ended by NULL */
    int ranks;
    char kernel[PE_KERNEL_TEXT_ROOM];
    char signature[PE_SIGNATURE_ROOM];
    bool has_checked_paths; /* the reports' files are none that the job reads, or writes otherwise */
    bool has_plan;
    pe_plan plan;
    int all_threads; /* workers of all ranks */

    /* What became of it. */
    uint64_t started_s; /* by the calendar: seconds since 1970 */
    uint64_t wall_ns;   /* of this run, from the first to the last item */
    uint64_t items;     /* that this run was to compute; PE_ITEMS_UNKNOWN: a stream */
    uint64_t done;      /* items of this run that were computed and delivered, those that failed among them */
    uint64_t before;    /* items that earlier runs of a resumed job have done */
    uint64_t rows;      /* of `done`, in the output */
    uint64_t failed;
    uint64_t skipped; /* left out on request: no failures */
    bool is_complete; /* every item was delivered, and the output is committed */
    pe_status status;
    char message[sizeof((pe_error *)0)->text]; /* of a run that failed */
    pe_failure_log failures;                   /* only its counts */

    /* What was recorded. */
    bool has_profile;
    pe_collected collected; /* its costs with those of earlier runs */
    /* The earlier runs of a resumed job. */
    uint64_t earlier_runs, earlier_ns;
    pe_history *earlier; /* what was recorded of them; NULL: nothing */
} pe_run_facts;

/* pe_run_facts_done, pe_run_facts_items - with those of earlier runs. */
static inline uint64_t pe_run_facts_done(const pe_run_facts *facts)
{
    return facts->before + facts->done;
}

static inline uint64_t pe_run_facts_items(const pe_run_facts *facts)
{
    return facts->items == PE_ITEMS_UNKNOWN ? PE_ITEMS_UNKNOWN : facts->before + facts->items;
}

/* pe_run_facts_outcome - "complete", "complete with failed items", "interrupted", "failed". */
const char *pe_run_facts_outcome(const pe_run_facts *facts);

/* pe_run_facts_command - how to start the run again, quoted for the shell, with mpirun where it was there; `option`
 * (NULL: none) stands after the program. PE_ENOMEM. */
pe_status pe_run_facts_command(const pe_run_facts *facts, const char *option, pe_buffer *out, pe_error *err);

#endif
