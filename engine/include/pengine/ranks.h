/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* ranks.h - a pool over several ranks, as far as it needs no types of MPI; include mpi.h.
 */
#ifndef PENGINE_RANKS_H
#define PENGINE_RANKS_H

#include <pengine/pool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* pe_pool_open_ranks - what pe_pool_open_mpi calls.
 *
 * Params:  communicator is the address of an MPI_Comm of size bytes; module is the path of comm_mpi.so, where it is known
 */
pe_pool *pe_pool_open_ranks(const void *communicator, size_t size, const char *module, const pe_pool_options *options,
                            pe_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
