/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* direct.h - whether every rank writes its rows to the output itself, or rank 0 gathers them.
 */
#ifndef PE_DIRECT_H
#define PE_DIRECT_H

#include "run/context.h"

/* pe_direct_begin - open recipe.places on every rank, or on none. Collective.
 *
 * Call:    after rank 0 has begun the output; recipe.places are closed before it is committed, so that a rank's failing
 *          close is known, and what it wrote is where rank 0 sees it.
 * Returns: PE_OK with either outcome, or an error of rank 0's file or of the messages
 */
pe_status pe_direct_begin(pe_session *self, pe_error *err);

#endif
