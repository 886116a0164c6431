/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output.h - what rank 0 does with the results: rows to the sink, failed items to their log.
 *
 * Threads: begin and end: the main thread; take: any, one at a time.
 */
#ifndef PE_OUTPUT_H
#define PE_OUTPUT_H

#include "job/job.h"
#include "report/failure_log.h"
#include "sink/sink.h"
#include "threads/chunk_result.h"

typedef struct pe_output {
    const pe_job *job;
    uint64_t items; /* of the run, or PE_ITEMS_UNKNOWN */
    pe_sink *sink;
    pe_failure_log failures;
    bool is_complete; /* committed: every item was delivered, whether or not some of them failed */
} pe_output;

/* pe_output_begin - open output and log. PE_EOUTPUT when one cannot be created; then nothing stays of the other. */
pe_status pe_output_begin(pe_output *results, const pe_job *job, const pe_sink_spec *spec, uint64_t items,
                          pe_error *err);

/* pe_output_take - in the order of the mode. PE_EITEM when [errors] max_failures is passed; errors of writing. */
pe_status pe_output_take(pe_output *results, const pe_chunk_result *out, pe_error *err);

/* pe_output_end - commit what is complete, or undo it when err holds the failure of the run.
 *
 * Params:  items were taken in all. An err that comes empty leaves with PE_EITEM when single items failed: the output is
 *          complete then.
 */
pe_status pe_output_end(pe_output *results, uint64_t items, pe_error *err);

#endif
