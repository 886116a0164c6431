/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* mpi.h - a pool over the ranks of an MPI program.
 *
 * Design: the pool of pool.h, whose calls are collective: every rank makes the same calls in the same order. The pool has a
 *         duplicate of the program's communicator, so the program may use its own for anything meanwhile. pengine's module
 *         with MPI is opened at run time; it has to be of the MPI that the program is compiled with.
 * Threads: MPI is called by the threads that call these functions, and by no thread of the pool; so MPI_THREAD_FUNNELED, and
 *         MPI_THREAD_SINGLE where it means the same, are enough. With MPI_THREAD_SERIALIZED the caller sees to it that no
 *         other thread is in MPI during a call.
 * Link:   find_package(pengine COMPONENTS mpi) and pengine::mpi, or pkg-config pengine-mpi, with mpicc
 */
#ifndef PENGINE_MPI_H
#define PENGINE_MPI_H

#include <mpi.h>

#include <pengine/ranks.h>

#ifndef PENGINE_MPI_MODULE
#define PENGINE_MPI_MODULE NULL /* it is looked for */
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* pe_pool_open_mpi - open a pool over the ranks of comm; collective, after MPI_Init and before MPI_Finalize.
 *
 * Params:  options: threads of this rank
 * Returns: the pool; NULL on every rank with *fault filled on every rank (64: MPI is not there or not started)
 *
 * What is different from a pool of one process:
 *   pe_pool_load, pe_pool_use, pe_pool_unload, pe_pool_close: collective, with the same arguments on every rank; another
 *          text of a job or of columns is an error (64). Rank 0 compiles. pe_pool_close is called before MPI_Finalize.
 *   pe_pool_run, pe_pool_map, pe_pool_imap, pe_pool_imap_unordered: collective. The items are those of rank 0, whose
 *          arguments are read; the others pass what they like, also NULL. All ranks compute; results, outcomes and calls
 *          of source and sink are on rank 0. Every rank returns the same code, and the same error.
 *   pe_pool_start: collective; the call has ended when it returns. Failures and result texts are on rank 0.
 *   A call by one thread at a time.
 */
static inline pe_pool *pe_pool_open_mpi(MPI_Comm comm, const pe_pool_options *options, pe_fault *fault)
{
    return pe_pool_open_ranks(&comm, sizeof comm, PENGINE_MPI_MODULE, options, fault);
}

#ifdef __cplusplus
}
#endif
#endif
