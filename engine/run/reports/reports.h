/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reports.h - the files that describe a run: written at its end, well or not.
 */
#ifndef PE_REPORTS_H
#define PE_REPORTS_H

#include "report/run_facts.h"
#include "run/context.h"

/* pe_reports_begin - begin with what is known before the run. */
void pe_reports_begin(const pe_run_context *run, pe_run_facts *facts);

/* pe_reports_are_wanted - whether the options name a file, or ask for lines of progress for programs. */
bool pe_reports_are_wanted(const pe_run_context *run);

/* pe_reports_take_end - note with which error the run ended. */
void pe_reports_take_end(pe_run_facts *facts, const pe_error *err);

/* pe_reports_write - write the files that the options name, on rank 0; err: the first that cannot be written. */
void pe_reports_write(const pe_run_context *run, const pe_run_facts *facts, pe_error *err);

/* pe_reports_end - write the files that the options name, of a run that ended with err. Collective.
 *
 * Returns: err's status. Where the run was good and a file cannot be written err becomes PE_EIO or PE_EOUTPUT; that
 *          failure is logged here. Of a job whose paths could not be checked only files are replaced that a run of pengine
 *          made */
pe_status pe_reports_end(const pe_run_context *run, pe_run_facts *facts, pe_error *err);

#endif
