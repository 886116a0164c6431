/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shared_output.h - whether every rank writes its rows to the output itself, or rank 0 gathers them.
 */
#ifndef PE_SHARED_OUTPUT_H
#define PE_SHARED_OUTPUT_H

#include "run/context.h"

/* pe_shared_output_begin - open spec.row_file on every rank, or on none. Collective.
 *
 * Call:    after rank 0 has begun the output; spec.row_file are closed before it is committed, so that a rank's failing
 *          close is known, and what it wrote is where rank 0 sees it.
 * Returns: PE_OK with either result, or an error of rank 0's file or of the messages
 */
pe_status pe_shared_output_begin(pe_run_context *self, pe_error *err);

#endif
