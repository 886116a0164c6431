/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sampler.h - one worker of a sample: it computes blocks of items that are spread over the job, and measures them.
 */
#ifndef PE_SAMPLER_H
#define PE_SAMPLER_H

#include <pthread.h>

#include "run/reports/block_size.h"
#include "run/reports/estimate_print.h"
#include "run/stages.h"

#define PE_SAMPLER_BLOCKS 128 /* most blocks of a worker that are kept */

/* What one worker has computed. */
typedef struct pe_sampler {
    pe_sampled_block blocks[PE_SAMPLER_BLOCKS];
    int count;
    uint64_t failed;
    uint64_t start_ns, process_ns; /* until it was ready; its first item, with the start of the process */
    uint64_t spent_ns;             /* by blocks of the present size */
    pe_block_size size;
    int scratch_fd;   /* where results are written, or -1 */
    uint64_t written; /* bytes in there */
    pe_chunk_result out;
} pe_sampler;

/* The sample of one rank. Constant while the workers compute, except for samplers, of which each has its own, and err. */
typedef struct pe_sampling {
    const pe_run_context *run;
    const pe_run_inputs *inputs;
    pe_work_spec work;
    const pe_plan *plan;
    const char *beside; /* the output's path; NULL: nothing is written */
    uint64_t asked;     /* items of each worker, or PE_SAMPLE_AUTO */
    int first_worker;   /* of this rank among all */
    int all_workers, threads;
    pe_sampler *samplers; /* [worker] */
    pe_error err;         /* the first of this rank; guarded by the mutex */
    pthread_mutex_t mutex;
    uint64_t begin_ns;
} pe_sampling;

/* pe_sampler_work - run the worker of this number, from open to close; for pe_threads_spec, whose pool is a pe_sampling. An
 * error is merged into its err. */
void pe_sampler_work(void *sampling, int number);

#endif
