/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* joblog_line.h - a line of the log of jobs for each item, with GNU parallel's columns: --joblog.
 *
 * Design: items are computed one by one then. A line travels with the results to rank 0, as the lines of failed items do.
 * Threads: one worker's own.
 */
#ifndef PE_JOBLOG_LINE_H
#define PE_JOBLOG_LINE_H

#include "worker/worker_internal.h"

#define PE_JOBLOG_LINE_BYTES 300 /* of a line in the chunk's log, as the plan counts it */

/* pe_joblog_line_run - call pe_worker_run_batch for one item, and add its line to the log. */
pe_status pe_joblog_line_run(pe_worker *worker, pe_block item, uint64_t end, const pe_buffer *payload, pe_error *err);

#endif
