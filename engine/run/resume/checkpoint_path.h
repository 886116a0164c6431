/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpoint_path.h - whether a run keeps a checkpoint, and where.
 */
#ifndef PE_CHECKPOINT_PATH_H
#define PE_CHECKPOINT_PATH_H

#include "run/stages.h"

/* pe_checkpoint_path_find - find the path; *path stays NULL when this run keeps none; free with free(). Rank 0.
 * Returns: PE_OK; PE_ECONFIG when one is asked for and cannot be kept; PE_ENOMEM */
pe_status pe_checkpoint_path_find(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                                  const pe_output_spec *output, char **path, pe_error *err);

/* pe_checkpoint_path_is_beside - whether it belongs to one output file, which is locked while it is written. */
bool pe_checkpoint_path_is_beside(const pe_job *job, const pe_output_spec *output);

/* pe_checkpoint_path_is_stdout - whether it would be of rows that go to stdout. */
bool pe_checkpoint_path_is_stdout(const pe_job *job, const pe_output_spec *output);

#endif
