/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* mentions.h - the inputs' own names in a job's expressions: kernel.expr and kernel.where.
 */
#ifndef PE_MENTIONS_H
#define PE_MENTIONS_H

#include "inputs/inputs.h"
#include "job/job.h"
#include "run/expression/argument_names.h"

/* pe_mentions_set - make arguments of those columns of text inputs that an expression names. Of a job
 * that names its arguments itself, and of other kernels than expressions, all columns do. Before the inputs are opened. */
void pe_mentions_set(pe_job *job);

/* pe_mentions_names - find the arguments' names in the job's expressions: kernel.args, else input.names, else the inputs' own
 * names where an expression mentions one of them, else x, y, z, x4 ...
 * Returns: whether they are other names than x, y, z by their places */
bool pe_mentions_names(const pe_job *job, const pe_inputs *inputs, pe_argument_names *out);

/* pe_mentions_column - pe_inputs_column_name, for the messages of an expression. */
const char *pe_mentions_column(const void *inputs, uint64_t number);

#endif
