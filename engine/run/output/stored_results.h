/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stored_results.h - results that wait for an earlier item, in the spill file instead of in memory.
 *
 * Threads: begin and end: the main thread; store and catch_up: any, each one at a time, also beside each other and beside
 *          pe_output_take of other results.
 */
#ifndef PE_STORED_RESULTS_H
#define PE_STORED_RESULTS_H

#include "run/output/output.h"

/* pe_stored_begin - after pe_output_begin: with what an earlier run has left, where it is resumed. Nothing is stored by a
 * run that keeps no checkpoint. PE_EOUTPUT, PE_ENOMEM. */
pe_status pe_stored_begin(pe_output *output, pe_run_resume *resume, pe_error *err);
/* pe_stored_end - after pe_output_end; it may not have begun. */
void pe_stored_end(pe_output *output, bool removes);

/* pe_output_store - keep results whose turn has not come; *is_stored stays false when the disk has no room. PE_ENOMEM. */
pe_status pe_output_store(pe_output *output, const pe_chunk_result *out, bool *is_stored, pe_error *err);

/* pe_output_catch_up - deliver the next stored results if their turn has come: those of earlier runs, too. *has_more says
 * whether there were any. Errors as pe_output_take. */
pe_status pe_output_catch_up(pe_output *output, bool *has_more, pe_error *err);

/* pe_stored_take - pe_output_take with the stored results that come before and behind. Once the run stops, results that stored
 * ones come before are stored, too. */
pe_status pe_stored_take(pe_output *output, const pe_chunk_result *out, const atomic_bool *stop, pe_error *err);

/* pe_stored_trim - a checkpoint is on disk that lists `listed` stored ranges. */
void pe_stored_trim(pe_output *output, size_t listed);

#endif
