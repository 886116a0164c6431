/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash_internal.h - what crash.c, crash_search.c and crash_listener.c share.
 */
#ifndef PE_CRASH_INTERNAL_H
#define PE_CRASH_INTERNAL_H

#include <signal.h>
#include <stdbool.h>

#include "base/error.h"
#include "kernel/item_text.h"
#include "kernel/position.h"

/* The signals of a crash. */
static const int pe_crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
#define PE_CRASHES (sizeof pe_crashes / sizeof *pe_crashes)

/* In memory shared with the child processes of the search, which write it; read when they have ended. */
typedef struct pe_crash_report {
    size_t at;                    /* index in the batch of the item being tried */
    char text[PE_ITEM_TEXT_ROOM]; /* "act(13)", or empty */
} pe_crash_report;

/* pe_crash_search - find the item of the batch that crashes the kernel, and print it as text. Async-signal-safe: this
 * process only forks and waits; its child processes do the work and may crash.
 *
 * Does:    a child calls the kernel again, item by item, until it crashes; a second child prints that item.
 * Returns: true with report filled (text may be empty); false when no single item crashed the child within a second
 */
bool pe_crash_search(const pe_position *here, volatile pe_crash_report *report);

/* pe_crash_tell - have the listener write the reports; returns when they are written, or after some seconds. Async-signal-safe.
 * Call: the thread that crashed, once. */
void pe_crash_tell(const pe_error *end);
bool pe_crash_is_listener(void); /* whether this thread is the listener */

#endif
