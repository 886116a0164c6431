/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* emergency.h - the reports of a run that cannot end in order: a kernel crashes, a rank is lost, or the launcher kills the ranks.
 *
 * Design:  no message passes between the ranks or threads any more, so rank 0 writes what it knows itself: the outcome, how many
 *          items are delivered, the job. If the run ends in order after all, its own reports take the place of these.
 * Threads: begin and end: the main thread; write: the heartbeat's thread. A crash comes to a thread of its own
 *          (worker/crash/crash_listener.h).
 */
#ifndef PE_EMERGENCY_H
#define PE_EMERGENCY_H

#include <stdatomic.h>

#include "run/stages.h"

/* What the run counts as it goes. Written by the deliverer. */
typedef struct pe_emergency_counts {
    const atomic_uint_fast64_t *items, *rows, *failed;
} pe_emergency_counts;

/* pe_emergency_begin - from here on, to pe_emergency_end, the run and its facts stay as they are. On rank 0; elsewhere, and
 * where no report is wanted, nothing is written. */
void pe_emergency_begin(const pe_run_context *run, const pe_run_facts *facts, const pe_run_resume *resume,
                        const pe_emergency_counts *counts);
void pe_emergency_end(void); /* waits for reports that are being written */

/* pe_emergency_write - write the reports of a run that ends with this status and message; only the first call writes. */
void pe_emergency_write(pe_status status, const char *message);

#endif
