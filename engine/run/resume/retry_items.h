/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retry_items.h - --retry-failed of a complete run: which items are computed again.
 */
#ifndef PE_RETRY_ITEMS_H
#define PE_RETRY_ITEMS_H

#include "run/stages.h"

/* pe_retry_check_list - whether the list of the failed items is whole: without it their log would not be right.
 * PE_EOUTPUT. */
pe_status pe_retry_check_list(const pe_run_resume *resume, pe_error *err);

/* pe_retry_items - make the items that failed undone again. Rows are put into the output at the end of the run
 * (run/output/retried_rows.h). Of a reduction, and of one file per item, the run goes on as an unfinished one.
 *
 * Call:    rank 0; resume has the checkpoint of a complete run in which items failed.
 * Params:  whole: the items of the output
 * Returns: PE_OK; PE_ECONFIG where results cannot be replaced; PE_EDATA for a list of failed items that is damaged;
 *          PE_ENOMEM */
pe_status pe_retry_items(const pe_job *job, pe_block whole, pe_run_resume *resume, pe_error *err);

#endif
