/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* clean_up.h - the end of a run as the user sees it: the checkpoint goes or stays, and the line to type that goes on.
 */
#ifndef PE_CLEAN_UP_H
#define PE_CLEAN_UP_H

#include "run/output/output.h"

/* pe_resume_clean_up - remove a checkpoint that nothing needs any more, or append to err how the run goes on. Rank 0, after
 * the output has ended; is_complete: it was committed. */
void pe_resume_clean_up(const pe_run_facts *facts, const pe_job *job, bool is_complete, const pe_run_resume *resume,
                        const pe_output_ending *ending, uint64_t run_ns, pe_error *err);

#endif
