/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pengine.h - map a kernel over arrays in memory, on all cores of this process.
 *
 * Design: the methods of Python's Pool on columns; with several arguments map and imap are starmap and istarmap. A kernel
 *         is a const descriptor (kernel.h) of the program or a built-in one. A call starts threads and ends them. The
 *         library prints nothing, does not end the process and does not start MPI.
 * Link:   pkg-config --cflags --libs pengine
 */
#ifndef PENGINE_PENGINE_H
#define PENGINE_PENGINE_H

#include <pengine/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero-initialised options are the defaults. */
typedef struct pe_array_options {
    int threads;         /* 0: OMP_NUM_THREADS where set, else the cores this process may use */
    uint64_t chunk_size; /* items handed to a worker at once; 0: chosen for the cache */
} pe_array_options;

/* An error; filled when a function returns nonzero. */
typedef struct pe_fault {
    /* As pengine's exit codes (docs/errors.md): 1 an item failed, 64 a wrong call, 69 the kernel cannot be used, 71 out of
     * memory, 75 cancelled or ended by the caller, 78 a wrong job. */
    int code;
    uint64_t item;   /* the first failed item known, or UINT64_MAX */
    char text[1008]; /* one line, with the item's arguments and the reason */
} pe_fault;

/* pe_array_kernel - find a built-in kernel.
 *
 * Params:  signature picks an overload, "(int128) -> int128"; NULL is the name's first.
 * Owns:    the descriptor is constant and stays until the program ends.
 * Returns: the descriptor, or NULL when there is none of that name and signature
 */
const pe_kernel *pe_array_kernel(const char *name, const char *signature);

/* pe_array_map - results[r][i] = kernel(args[0][i], args[1][i], ...) for i in 0 .. count - 1.
 *
 * Call:    one thread at a time; blocks until all is done.
 * Shape:   args[a] and results[r] are arrays of count items of the kernel's types, contiguous, naturally aligned.
 *          Results of dtype text are not possible here.
 * Owns:    the caller keeps all memory; args may not overlap results, unless an element is only read for its own item
 *          and the types are equally large.
 * Returns: 0; or fault->code with *fault filled: results are then partly written
 */
int pe_array_map(const pe_kernel *kernel, uint64_t count, const void *const *args, void *const *results,
                 const pe_array_options *options, pe_fault *fault);

/* Takes the results of items first .. first + count - 1; results[r] is valid during the call. Nonzero ends the run. */
typedef int (*pe_array_take)(void *context, uint64_t first, uint64_t count, const void *const *results);

/* pe_array_imap - pass the results to take in item order as they are computed, in bounded memory.
 *
 * Call:    take is called from the library's threads, one at a time, in the order of the items; unordered: as finished.
 * Returns: 0; fault->code as above, and take has had all items before the failed one (unordered: some items, each once);
 *          75 when take returned nonzero
 */
int pe_array_imap(const pe_kernel *kernel, uint64_t count, const void *const *args, pe_array_take take, void *context,
                  const pe_array_options *options, pe_fault *fault);
int pe_array_imap_unordered(const pe_kernel *kernel, uint64_t count, const void *const *args, pe_array_take take,
                            void *context, const pe_array_options *options, pe_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
