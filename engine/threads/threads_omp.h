/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* threads_omp.h - the threads of one rank: workers, and the main thread that leads them.
 */
#ifndef PE_THREADS_OMP_H
#define PE_THREADS_OMP_H

#include "base/error.h"

/* pe_threads_run - run work(context, 0 .. workers - 1) on as many threads, and lead(context) on the calling one.
 *
 * Call:    the main thread; returns when all of them have returned.
 * Returns: PE_OK; PE_ENOMEM when the system gave fewer threads (neither function was called then)
 */
pe_status pe_threads_run(int workers, void (*work)(void *context, int worker), void (*lead)(void *context),
                         void *context, pe_error *err);

#endif
