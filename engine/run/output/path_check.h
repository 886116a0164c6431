/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* path_check.h - the files that a job writes: none is one that it reads or writes elsewhere, and each can be made.
 */
#ifndef PE_PATH_CHECK_H
#define PE_PATH_CHECK_H

#include "job/job.h"

/* pe_path_check - compare the files that the job's paths lead to, through links, as this rank sees them.
 *
 * Call:    every rank, before anything is written; not collective by itself.
 * Returns: PE_OK; PE_ECONFIG naming two keys whose files are the same; PE_ENOMEM
 */
pe_status pe_path_check(const pe_job *job, pe_error *err);

/* pe_path_check_folders - can each file that the job writes be made where it is to be? Rank 0, which makes them.
 * Returns: PE_OK; PE_EOUTPUT naming the file; PE_ENOMEM
 */
pe_status pe_path_check_folders(const pe_job *job, pe_error *err);

#endif
