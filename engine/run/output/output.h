/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output.h - what rank 0 does with the results: rows to the sink, failed items to their log.
 *
 * Threads: begin and end: the main thread; take: any, one at a time.
 */
#ifndef PE_OUTPUT_H
#define PE_OUTPUT_H

#include "inputs/inputs.h"
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

/* pe_output_begin - open output and log. PE_EOUTPUT when one cannot be created; then nothing stays of the other.
 *
 * Params:  inputs and arg_count name the log's columns of arguments; items as in pe_output. */
pe_status pe_output_begin(pe_output *output, const pe_job *job, const pe_sink_spec *spec, const pe_inputs *inputs,
                          int arg_count, uint64_t items, pe_error *err);

/* pe_output_take - in the order of the mode. PE_EITEM when [errors] max_failures is passed; errors of writing. */
pe_status pe_output_take(pe_output *output, const pe_chunk_result *out, pe_error *err);

/* pe_output_end - commit what is complete, or undo it when err holds the failure of the run.
 *
 * Params:  items were taken in all. is_durable: the commit waits for stable storage. stop_record: the record of the failed item that ended the run (worker/stop_record.h),
 *          which is in no chunk that was taken, or an empty buffer. An err that comes empty leaves with PE_EITEM when
 *          single items failed: the output is complete then.
 */
pe_status pe_output_end(pe_output *output, uint64_t items, const pe_buffer *stop_record, bool is_durable,
                        pe_error *err);

#endif
