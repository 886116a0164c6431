/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* estimate_print.h - what a sample says of the whole job.
 */
#ifndef PE_ESTIMATE_PRINT_H
#define PE_ESTIMATE_PRINT_H

#include <stdio.h>

#include "plan/plan.h"

/* A stretch of items that was computed. */
typedef struct pe_sampled_block {
    uint64_t first, items, ns;
} pe_sampled_block;

/* What was sampled. */
typedef struct pe_sample_sum {
    pe_sampled_block *blocks; /* in any order; they are sorted */
    size_t count;
    uint64_t *start_ns;     /* [workers]: until each was ready; in any order; they are sorted */
    uint64_t failed;        /* of these items */
    uint64_t process_bytes; /* memory of the processes of one rank's workers; 0: none, or not known */
    uint64_t row_bytes;     /* an item adds to the output; 0: not known */
    int workers;            /* of all ranks */
} pe_sample_sum;

/* pe_estimate_print - print the sample, the time of the job with its spread, and lines for SLURM. */
void pe_estimate_print(FILE *out, const pe_plan *plan, const pe_sample_sum *sample);

#endif
