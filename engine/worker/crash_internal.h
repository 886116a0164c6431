/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash_internal.h - what crash.c and crash_search.c share.
 */
#ifndef PE_CRASH_INTERNAL_H
#define PE_CRASH_INTERNAL_H

#include <stdbool.h>

#include "kernel/item_text.h"
#include "kernel/position.h"

/* In memory shared with the children that search; written by them, read when they have ended. */
typedef struct pe_crash_report {
    size_t at;                    /* the item of the batch that is being tried */
    char text[PE_ITEM_TEXT_ROOM]; /* "act(13)", or empty */
} pe_crash_report;

/* pe_crash_search - which item of the batch it is, and how it is written. Async-signal-safe: it forks, and all the rest
 * is done by the children, whatever becomes of them.
 *
 * Does:    runs the kernel again, item by item, in a process of its own, until that ends; a second one writes the item.
 * Returns: true with report filled (text perhaps empty); false when no item alone ended its process within a second
 */
bool pe_crash_search(const pe_position *here, volatile pe_crash_report *report);

#endif
