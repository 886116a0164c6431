/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_range.h - which items of the job this run computes.
 */
#ifndef PE_ITEM_RANGE_H
#define PE_ITEM_RANGE_H

#include "job/job.h"
#include "plan/item_set.h"

/* pe_item_range_choose - choose all items of the job, or those of the part it asks for, without those to skip.
 *
 * Params:  items of the whole, or PE_COUNT_UNKNOWN. todo, which comes empty, are those of *out that are to be computed: all,
 *          or the ones that the job lists.
 * Returns: PE_OK; PE_ECONFIG for a part of a stream, whose length is unknown, or for more to skip than there is
 */
pe_status pe_item_range_choose(const pe_job *job, uint64_t items, pe_block *out, pe_item_set *todo, pe_error *err);

/* pe_item_range_check_list - whether a list of items can be read, whatever the job has. PE_EDATA, PE_ECONFIG, PE_ENOMEM. */
pe_status pe_item_range_check_list(const char *list, pe_error *err);

#endif
