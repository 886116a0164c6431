/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* threads_omp.c - the threads of one rank: the only file that knows OpenMP.
 *
 * Design: one parallel region for the whole run, so no barrier stands between slices. The main thread is in it beside
 *         the workers: it alone may call MPI and reads streams, draws progress and mostly sleeps.
 * Threads: what they share is in queue.h and line.h.
 */
#include "threads/threads_omp.h"

#include <omp.h>

pe_status pe_threads_run(int workers, void (*work)(void *context, int worker), void (*lead)(void *context),
                         void *context, pe_error *err)
{
    int given = 0; /* written by the single construct, read after its barrier */
    omp_set_dynamic(0);
#pragma omp parallel default(none) shared(given) firstprivate(workers, work, lead, context) num_threads(workers + 1)
    {
        const int thread = omp_get_thread_num();
#pragma omp single
        given = omp_get_num_threads();
        if (given == workers + 1) {
            if (thread == 0)
                lead(context);
            else
                work(context, thread - 1);
        }
    }
    if (given == workers + 1)
        return PE_OK;
    return pe_fail(err, PE_ENOMEM, "the system gave %d of %d threads (OMP_THREAD_LIMIT?): ask for fewer with --threads",
                   given, workers + 1);
}
