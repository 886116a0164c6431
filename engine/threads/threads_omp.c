/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* threads_omp.c - the threads of one rank: the only file that uses OpenMP.
 *
 * Design: one parallel region for the whole run, so that there is no barrier between slices. The main thread is in the
 *         region beside the workers: it alone may call MPI, reads streams, draws progress, and mostly sleeps.
 * Threads: what they share is in work_queue.h and reorder.h.
 */
#include "threads/threads_omp.h"

#include <omp.h>

#include "threads/placement/thread_probe.h"

pe_status pe_threads_run(const pe_threads_spec *spec, pe_error *err)
{
    const int wanted = spec->workers + 1;
    int given = 0; /* written by the single construct, read after its barrier */
    const pe_status status = pe_thread_probe(spec->workers, err);
    if (status != PE_OK)
        return status;
    if (omp_get_active_level() >= omp_get_max_active_levels())
        return pe_fail(
            err, PE_EUSAGE,
            "called inside a parallel region of OpenMP, which gives no threads to another one: call it outside, or "
            "allow it with omp_set_max_active_levels(%d)",
            omp_get_active_level() + 1);
    const int was_dynamic = omp_get_dynamic(); /* of a library's caller */
    omp_set_dynamic(0);
#pragma omp parallel default(none) shared(given) firstprivate(spec, wanted) num_threads(wanted)
    {
        const int thread = omp_get_thread_num();
#pragma omp single
        given = omp_get_num_threads();
        if (given == wanted) {
            if (thread == 0)
                spec->main_loop(spec->context);
            else
                spec->work(spec->pool, thread - 1);
        }
    }
    omp_set_dynamic(was_dynamic);
    if (given == wanted)
        return PE_OK;
    return pe_fail(err, PE_ENOMEM, "the system gave %d of %d threads (OMP_THREAD_LIMIT?): ask for fewer with --threads",
                   given, wanted);
}
