/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spilled_results.h - results that wait for an earlier item, in the spill file instead of in memory.
 *
 * Threads: begin and end: the main thread; spill and catch_up: any, each one at a time, also beside each other and beside
 *          pe_output_take of other results.
 */
#ifndef PE_SPILLED_RESULTS_H
#define PE_SPILLED_RESULTS_H

#include "run/output/output.h"

/* pe_output_open_spill - open the spill, after pe_output_begin; a resumed run goes on with that of the earlier run. Nothing is
 * spilled by a run that keeps no checkpoint. PE_EOUTPUT, PE_ENOMEM. */
pe_status pe_output_open_spill(pe_output *output, pe_run_resume *resume, pe_error *err);
/* pe_output_close_spill - close the spill, after pe_output_end; it need not have begun. */
void pe_output_close_spill(pe_output *output, bool removes);

/* pe_output_spill - keep results whose turn has not come; *is_spilled stays false when the disk has no room. PE_ENOMEM. */
pe_status pe_output_spill(pe_output *output, const pe_chunk_result *out, bool *is_spilled, pe_error *err);

/* pe_output_catch_up - deliver the next spilled results if their turn has come: those of earlier runs, too. *has_more says
 * whether there were any. Errors as pe_output_take. */
pe_status pe_output_catch_up(pe_output *output, bool *has_more, pe_error *err);

/* pe_output_take_in_order - pe_output_take with the spilled results that come before and after. Once the run stops, results
 * that spilled ones come before are spilled, too. */
pe_status pe_output_take_in_order(pe_output *output, const pe_chunk_result *out, const atomic_bool *stop,
                                  pe_error *err);

/* pe_output_trim_spill - free what a checkpoint on disk no longer needs: it lists `listed` spilled ranges. */
void pe_output_trim_spill(pe_output *output, size_t listed);

#endif
