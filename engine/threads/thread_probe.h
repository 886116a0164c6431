/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* thread_probe.h - does the system give so many threads, and the memory for them?
 */
#ifndef PE_THREAD_PROBE_H
#define PE_THREAD_PROBE_H

#include "base/error.h"

/* pe_thread_probe - creates so many threads at once and joins them, unless an earlier call has had as many.
 *
 * Call:    the main thread, before the first parallel region
 * Returns: PE_OK; PE_ENOMEM with how many there were and the system's reason
 */
pe_status pe_thread_probe(int threads, pe_error *err);

#endif
