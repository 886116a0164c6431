/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* trace.h - what each thread did when, as Trace Event Format for Perfetto: --trace.
 *
 * Design: a rank is a process, a thread of it a thread. Events of a thread do not overlap (profile/events.h), so they nest in
 *         Perfetto's sense. Times are microseconds of rank 0's clock since the run began.
 */
#ifndef PE_TRACE_H
#define PE_TRACE_H

#include "report/run_facts.h"

/* pe_trace_write - write the whole file, compressed where the path ends in .gz. PE_EOUTPUT, PE_EIO, PE_ENOMEM. */
pe_status pe_trace_write(const pe_run_facts *facts, const char *path, pe_error *err);

#endif
