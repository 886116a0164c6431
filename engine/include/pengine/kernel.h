/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* kernel.h - what a kernel is: a const descriptor with one function over columns (the plugin ABI).
 *
 * Design: a kernel maps whole columns, so that its loop can be vectorised, and fails single items by number. It never
 *         sees ranks, threads, files or order. A name may have several descriptors with different signatures; the
 *         engine picks the one that fits the inputs.
 * Threads: map is called from several threads at once with different batches; a kernel has no shared state.
 * Not here: finding a descriptor (engine/kernel), calling it (engine/worker).
 */
#ifndef PENGINE_KERNEL_H
#define PENGINE_KERNEL_H

#include <pengine/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PE_KERNEL_ABI 1u

typedef struct pe_batch pe_batch;
typedef struct pe_kernel pe_kernel;

/* One constant of the job's [kernel.params]. */
typedef struct pe_param {
    const char *name;
    pe_dtype dtype; /* PE_BOOL or PE_INT64 (in integer), PE_FLOAT64 (in real), PE_TEXT */
    int64_t integer;
    double real;
    pe_text text;
} pe_param;

/* The part of the job that a kernel sees beside the items; constant during a run. */
typedef struct pe_setup {
    const pe_param *params;
    size_t param_count;
    uint64_t seed; /* [kernel] seed, 0 by default: for pengine/random.h */
} pe_setup;

/* Evenly spaced integers that are not stored: item k of the batch is first + k * step, which fits int64 for all items. */
typedef struct pe_ramp {
    int64_t first;
    int64_t step;
} pe_ramp;

/* One call's columns.
 * Shape: args[a] and results[r] hold count items, contiguous, each of the shape that the signature gives
 *        (float64[3] is 3 doubles per item; text is an array of pe_text).
 * Owns:  all memory is the engine's; args are read-only, results are written in full except for failed items and texts.
 */
struct pe_batch {
    uint64_t first; /* index of the first item in the whole input */
    size_t count;   /* items in this batch, at least 1 */
    const void *const *args;
    void *const *results;
    void *worker; /* the state that open() made for this worker; NULL without open() */
    const pe_setup *setup;
    const pe_kernel *kernel;
    const pe_ramp *ramps; /* for the args that are NULL; only a kernel with takes_ramps gets such */
    void *host;           /* for the engine */

    /* fail and text: called within map, on the thread that map was called on. */

    /* Fails item number `item` of this batch (0 <= item < count) for a reason in a few words; its results are ignored.
     * The reason is copied. Failing one item twice keeps the first reason. */
    void (*fail)(pe_batch *batch, size_t item, const char *reason);

    /* Gives `size` writable bytes that become the text of result `result` of item `item`; NULL when memory is out
     * (then return nonzero). The bytes live until the engine has encoded the batch. */
    char *(*text)(pe_batch *batch, int result, size_t item, size_t size);
};

struct pe_kernel {
    uint32_t abi;          /* PE_KERNEL_ABI */
    uint32_t size;         /* sizeof(pe_kernel) */
    const char *name;      /* as in [kernel] name */
    const char *signature; /* "(int64, int64) -> int64" */
    const char *summary;   /* one line for --kernels */

    /* Computes one batch. Returns 0, or nonzero when the kernel as a whole cannot go on. */
    int (*map)(pe_batch *batch);

    /* Called once per worker before its first batch and after its last; both may be NULL. open returns 0 and a state. */
    int (*open)(const pe_kernel *kernel, const pe_setup *setup, void **worker);
    void (*close)(void *worker);

    const void *context; /* the kernel's own constant data, or NULL */

    /* Nonzero: an int64 or int128 argument may come as args[a] NULL and ramps[a]. For kernels so cheap that reading their
     * input from memory is what they cost. */
    uint32_t takes_ramps;
};

/* What a plugin exports: `const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), count, kernels};` */
typedef struct pe_plugin {
    uint32_t abi;  /* PE_KERNEL_ABI */
    uint32_t size; /* sizeof(pe_plugin) */
    size_t count;
    const pe_kernel *const *kernels;
} pe_plugin;

#ifdef __cplusplus
}
#endif
#endif
