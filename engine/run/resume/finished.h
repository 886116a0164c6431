/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* finished.h - whether the output of a complete run is where the run has left it.
 */
#ifndef PE_FINISHED_H
#define PE_FINISHED_H

#include "checkpoint/checkpoint.h"
#include "job/job.h"

/* pe_finished_is_named - whether the output has its final name. False also for a digest or a reduction, whose line is in no
 * checkpoint. */
bool pe_finished_is_named(const pe_job *job, const pe_checkpoint_progress *progress);

/* pe_finished_has_nothing_left - whether all is written that a run writes at its end. */
bool pe_finished_has_nothing_left(const pe_job *job, const pe_checkpoint_progress *progress);

/* pe_finished_check_length - check the length of the output. PE_EOUTPUT when something was added to the output: it is
 * not cut. path: of the checkpoint. */
pe_status pe_finished_check_length(const pe_job *job, const pe_checkpoint_progress *progress, const char *path,
                                   pe_error *err);

#endif
