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

/* pe_pool_map_blocks - map over items that lie on all ranks, a block on each; results come back to where the items are.
 *
 * Call:    collective; count, args and results are this rank's, count may be 0.
 * Does:    every rank computes its own items; one that has no more takes some of those that others have not begun.
 * Shape:   as pe_pool_map; kernels see the items numbered from rank 0's first to the last rank's last.
 * Params:  outcomes: count bytes for a pe_outcome an item; NULL: not wanted
 * Errors:  errors.max_failures counts the items of each rank by itself; errors.log is refused (64)
 * Returns: the same code on every rank; fault->item is counted over all ranks. Result texts are not possible here (64)
 */
int pe_pool_map_blocks(pe_pool_kernel *kernel, uint64_t count, const void *const *args, void *const *results,
                       unsigned char *outcomes, pe_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
