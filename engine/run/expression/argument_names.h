/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* argument_names.h - what the arguments of a job are called.
 */
#ifndef PE_ARGUMENT_NAMES_H
#define PE_ARGUMENT_NAMES_H

#include "inputs/inputs.h"
#include "job/job.h"

typedef struct pe_argument_names {
    const char *names[PE_MAX_COLUMNS]; /* borrowed from the job or the inputs, or in `made` */
    char made[PE_MAX_COLUMNS][24];
} pe_argument_names;

/* pe_argument_names_find - find one name for each of `count` arguments, for people: kernel.args, else input.names, else
 * input.columns, else the file's own, else x, y, z, x4, x5 ... */
void pe_argument_names_find(const pe_job *job, const pe_inputs *inputs, int count, pe_argument_names *out);

/* pe_argument_names_of_job - do the same without the file's own names, which need not be names in C: for expressions. */
void pe_argument_names_of_job(const pe_job *job, const pe_inputs *inputs, int count, pe_argument_names *out);

/* pe_argument_names_by_place - x, y, z, x4, x5 ... */
void pe_argument_names_by_place(int count, pe_argument_names *out);

/* pe_argument_names_of_inputs - pe_argument_names_find, but what the inputs are called comes before kernel.args: for
 * kept columns. */
void pe_argument_names_of_inputs(const pe_job *job, const pe_inputs *inputs, int count, pe_argument_names *out);

/* pe_argument_names_check - check that an input has as many names as columns. PE_ECONFIG. */
pe_status pe_argument_names_check(const pe_job *job, const pe_inputs *inputs, pe_error *err);

/* pe_argument_names_are_given - does some input have names? */
bool pe_argument_names_are_given(const pe_job *job);

#endif
