/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* thread_probe.h - checks that the system can create a number of threads, before OpenMP needs them.
 */
#ifndef PE_THREAD_PROBE_H
#define PE_THREAD_PROBE_H

#include "base/error.h"

/* pe_thread_probe - create this many threads at once and join them, unless an earlier call created as many.
 *
 * Call:    the main thread, before the first parallel region
 * Returns: PE_OK; PE_ENOMEM with the number of threads that could be created and the system's reason
 */
pe_status pe_thread_probe(int threads, pe_error *err);

#endif
