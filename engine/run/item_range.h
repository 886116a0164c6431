/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_range.h - which items of the job this run computes.
 */
#ifndef PE_ITEM_RANGE_H
#define PE_ITEM_RANGE_H

#include "base/block.h"
#include "job/job.h"

/* pe_item_range_choose - all items of the job, or those of the part it asks for, without those to skip.
 *
 * Params:  items of the whole, or PE_COUNT_UNKNOWN.
 * Returns: PE_OK; PE_ECONFIG for a part of a stream, whose length nobody knows, or for more to skip than there is
 */
pe_status pe_item_range_choose(const pe_job *job, uint64_t items, pe_block *out, pe_error *err);

#endif
