/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* threads_omp.h - the threads of one rank: workers, and the main thread beside them.
 */
#ifndef PE_THREADS_OMP_H
#define PE_THREADS_OMP_H

#include "base/error.h"

typedef struct pe_threads_spec {
    int workers;
    void (*work)(void *pool, int worker); /* on each worker's thread; worker is 0 to workers - 1 */
    void *pool;
    void (*main_loop)(void *context); /* on the calling thread */
    void *context;
} pe_threads_spec;

/* pe_threads_run - run all of them, and return when all have returned.
 *
 * Call:    the main thread
 * Returns: PE_OK; PE_ENOMEM when the system gave fewer threads (nothing was called then)
 */
pe_status pe_threads_run(const pe_threads_spec *spec, pe_error *err);

#endif
