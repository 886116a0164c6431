/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* input_demand.h - what the job's kernel is known to take, set in the specs of text inputs before they are opened.
 */
#ifndef PE_INPUT_DEMAND_H
#define PE_INPUT_DEMAND_H

#include "job/job.h"

/* pe_input_demand_set - demand and infers_types of every input of the job. */
void pe_input_demand_set(pe_job *job);

#endif
