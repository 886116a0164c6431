/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* output.h - what rank 0 does with the results: rows to the sink, failed items to their log.
 *
 * Design:  it also keeps what a checkpoint needs at any time: which items are done, how many rows, which items failed.
 * Threads: begin and end: the main thread; take: any, one at a time; list: the main thread, also during take.
 */
#ifndef PE_OUTPUT_H
#define PE_OUTPUT_H

#include <pthread.h>
#include <stdatomic.h>

#include "checkpoint/failed_file.h"
#include "checkpoint/spill.h"
#include "inputs/inputs.h"
#include "job/job.h"
#include "report/failure_log.h"
#include "report/joblog_file.h"
#include "run/output/item_file_names.h"
#include "run/stages.h"
#include "sink/sink.h"
#include "threads/chunk_result.h"

typedef struct pe_output {
    const pe_job *job;
    const pe_item_set *todo; /* turns the pool's item numbers into the job's */
    uint64_t items;          /* of the run, or PE_ITEMS_UNKNOWN */
    pe_sink *sink;
    bool has_item_files; /* a result has names of files (worker/item_files/item_files.h) in place of rows */
    pe_item_file_names names;
    pe_failed_file names_list; /* these names on disk, where checkpoints are made */
    pe_failure_log failures;
    pe_joblog_file jobs;
    bool is_complete;        /* committed: every item was delivered, whether or not some of them failed */
    bool is_torn;            /* rows were written that are not listed: no checkpoint can describe what there is now */
    bool writes_checkpoints; /* checkpoints are made from now on */
    pthread_mutex_t mutex;   /* held by take and by list */
    pe_item_set done; /* items whose rows were delivered, also by earlier runs; with a reduction, those that failed */
    uint64_t rows;    /* rows in the output */
    uint64_t taken_items, taken_rows; /* taken by this run: computed by it, or spilled by an earlier one */
    pe_failed_file failed;
    uint64_t failed_list; /* which of the checkpoint's two lists `failed` is */
    /* Results that wait for earlier items (spilled_results.h). */
    pe_spill *spill; /* NULL: none are spilled */
    atomic_bool has_spilled;
    uint64_t first_item;   /* the first of the output */
    uint64_t next;         /* ordered modes: the pool's number of the item that is delivered next */
    pe_chunk_result frame; /* the frame of the spill that was read last */
    /* --retry-failed (retried_rows.h). */
    const pe_run_resume *resume;
    const pe_sink_spec *spec;
    size_t row_bytes; /* 0: rows have no fixed size */
    int scratch_fd;   /* -1: none */
} pe_output;

/* What an output is made from. */
typedef struct pe_output_setup {
    const pe_job *job;
    const pe_sink_spec *sink;
    const pe_run_inputs *inputs; /* they name the log's columns of arguments */
    const pe_run_resume *resume;
    int arg_count;    /* of the kernel */
    uint64_t items;   /* of the run with the earlier ones, or PE_ITEMS_UNKNOWN */
    size_t row_bytes; /* 0: rows have no fixed size */
} pe_output_setup;

/* pe_output_begin - open output and log; where an earlier run is resumed, with what it has left. PE_EOUTPUT when one cannot
 * be created; then nothing stays of the other. Call pe_output_end in either case. */
pe_status pe_output_begin(pe_output *output, const pe_output_setup *setup, pe_error *err);

/* pe_output_retried - after a retry and before pe_output_end, write the output with the new rows in it. */
pe_status pe_output_retried(pe_output *output, const pe_run_inputs *inputs, int arg_count, pe_error *err);

/* pe_output_take - take results, in the order of the mode. PE_EITEM when [errors] max_failures is passed; errors of writing. */
pe_status pe_output_take(pe_output *output, const pe_chunk_result *out, pe_error *err);
/* pe_output_take_block - take results of these items of the job; for spilled_results.c, with the mutex held. */
pe_status pe_output_take_block(pe_output *output, const pe_chunk_result *out, pe_block block, pe_error *err);

/* pe_output_list - list what is done at this moment: the ranges of spilled results, and the progress of a checkpoint: items,
 * rows, the length of the output and of the file of failed items, and in state what was counted of failures, then the
 * state of a digest.
 * Owns: *out comes with its counters of runs and times, and without items. PE_ENOMEM, PE_EIO. */
pe_status pe_output_list(pe_output *output, pe_checkpoint *out, pe_error *err);

/* pe_output_stay_at_exit - from here on keep the rows when the process ends: a checkpoint describes them. Any thread. The lines of a
 * reduction are written at its end; a retry has no rows yet. Returns: false when the file was removed */
bool pe_output_stay_at_exit(pe_output *output);

/* pe_output_sync - wait until what was listed is on stable storage; any thread. PE_EIO. */
pe_status pe_output_sync(const pe_output *output, pe_error *err);

/* What is done at the end of a run. */
typedef struct pe_output_ending {
    uint64_t items;        /* taken in all */
    bool is_durable;       /* the commit waits for stable storage */
    bool is_resumable;     /* a checkpoint on disk describes what there is: it stays when there is no commit */
    bool keeps_checkpoint; /* also after a commit */
    /* The record of the failed item that ended the run (worker/stop_record.h), which no chunk has brought; else empty. */
    const pe_buffer *stop_record;
} pe_output_ending;

/* pe_output_end - commit what is complete; suspend or undo it when err holds the failure of the run. If the run had no
 * error but items failed, err becomes PE_EITEM: the output is complete then. */
pe_status pe_output_end(pe_output *output, const pe_output_ending *ending, pe_error *err);

#endif
