/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool.h - a pool that stays: threads, worker processes and kernels live from open to close, and many maps use them.
 *
 * Design: a pool has threads; a kernel is loaded into a pool once; a call maps the kernel over items. Items come from
 *         columns in memory or from a source function, results go to columns in memory or to a sink function. A call
 *         blocks (pe_pool_run), or is a task (pe_pool_start) that can be waited for, tested and cancelled.
 *         A map of a few items of known small cost is computed by the calling thread, since waking a thread costs more.
 * Threads: all functions may be called by several threads at once; the calls of one pool run one after the other. A
 *         function that a pool calls (kernel, source, sink) may not call the same pool: that is an error (64).
 *         A program may have several pools.
 * Fork:   in a child process after fork() every call of a pool of the parent is an error (64).
 * Errors: a function that fails fills *fault, as those of pengine.h do; fault may be NULL.
 * NULL:   in the place of a pool, kernel, task or call it is an error (64, a kernel's descriptor 69); functions without a
 *         fault do nothing then, and give 0 or NULL, but pe_pool_test: 1.
 * Link:   pkg-config --cflags --libs pengine, or find_package(pengine) and pengine::pengine
 */
#ifndef PENGINE_POOL_H
#define PENGINE_POOL_H

#include <pengine/kernel.h>
#include <pengine/pengine.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pe_pool pe_pool;               /* threads that wait for work */
typedef struct pe_pool_kernel pe_pool_kernel; /* a kernel that is loaded in a pool, with its worker processes */
typedef struct pe_pool_task pe_pool_task;     /* a call that runs or has ended */

/* Zero-initialised options are the defaults. */
typedef struct pe_pool_options {
    int threads;           /* 0: OMP_NUM_THREADS where set, else the cores that this process may use */
    uint64_t memory_bytes; /* of all items on their way between a source and a sink; 0: 256 MiB */
} pe_pool_options;

/* pe_pool_open - start the threads.
 *
 * Returns: the pool; NULL with *fault filled (71: the system gives no threads, 78: threads or OMP_NUM_THREADS is no count
 *          up to 4096)
 */
pe_pool *pe_pool_open(const pe_pool_options *options, pe_fault *fault);

/* pe_pool_close - cancel what still runs, wait for it, end threads and worker processes, free the kernels. Tasks stay
 * until pe_pool_free. NULL is fine. In a child after fork(), and from inside a call of the pool, it does nothing. */
void pe_pool_close(pe_pool *pool);

/* pe_pool_threads - how many threads compute. */
int pe_pool_threads(const pe_pool *pool);

/* ---- kernels ---- */

/* pe_pool_load - any kernel that a job file can name.
 *
 * Params:  job is TOML as in a job file (docs/jobs.md), with [kernel] and perhaps [errors] and pool.chunk_size:
 *          "[kernel]\nexpr = \"x*x\"\n[errors]\non_error = \"skip\"\n". Files in it are relative to the current folder.
 *          columns are the types of the columns that calls will pass: "(float64, text, int64[3])". Where the kernel's
 *          arguments have other types, values are converted, exactly or as failed items.
 * Does:    compiles, loads, or starts what the kernel needs.
 * Owns:    the kernel is the pool's, until pe_pool_unload or pe_pool_close.
 * Returns: the kernel; NULL with *fault filled: 69 the kernel cannot be used, 78 a wrong job
 */
pe_pool_kernel *pe_pool_load(pe_pool *pool, const char *job, const char *columns, pe_fault *fault);

/* pe_pool_use - use a descriptor of the program or a built-in one (pe_array_kernel). The columns have its arguments' types.
 *
 * Params:  errors is TOML with [errors], or NULL: the first failed item ends a call.
 * Owns:    the caller keeps the descriptor, until pe_pool_unload or pe_pool_close; the loaded kernel is the pool's.
 * Returns: as pe_pool_load
 */
pe_pool_kernel *pe_pool_use(pe_pool *pool, const pe_kernel *kernel, const char *errors, pe_fault *fault);

/* pe_pool_unload - waits for the calls before it, then ends the kernel's worker processes and frees it. NULL is fine. */
void pe_pool_unload(pe_pool_kernel *kernel);

/* pe_pool_signature - "(float64, float64) -> (float64, text)": the types of the kernel's arguments and results. Owns: the text
 * is the kernel's. */
const char *pe_pool_signature(const pe_pool_kernel *kernel);

/* The type of a column: width 0 is one element an item, width n a vector of n. */
typedef struct pe_pool_type {
    pe_dtype dtype;
    uint32_t width;
} pe_pool_type;

/* The columns that calls pass, and the results that they get: how many, and the type of one by its number from 0. */
int pe_pool_column_count(const pe_pool_kernel *kernel);
pe_pool_type pe_pool_column(const pe_pool_kernel *kernel, int number);
int pe_pool_result_count(const pe_pool_kernel *kernel);
pe_pool_type pe_pool_result(const pe_pool_kernel *kernel, int number);

/* ---- calls ---- */

/* What became of an item. */
typedef enum pe_outcome {
    PE_ITEM_SKIPPED = 0, /* not computed: the call ended before it */
    PE_ITEM_OK = 1,
    PE_ITEM_FAILED = 2,
    PE_ITEM_TIMED_OUT = 3 /* failed because of errors.timeout */
} pe_outcome;

/* Consecutive items of a call, with their results; all pointers are valid during the sink's call.
 * Every item has a place in the columns. That of a failed item holds errors.fill, or zero bytes (on_error "skip"). */
typedef struct pe_pool_block {
    uint64_t first, count;
    const void *const *results;
    const unsigned char *outcomes; /* a pe_outcome an item; NULL: all are PE_ITEM_OK */
} pe_pool_block;

/* Takes results; nonzero ends the call with code 75. */
typedef int (*pe_pool_sink)(void *context, const pe_pool_block *block);

/* Writes the items from `first` on, at most `most`, to the columns. Texts are copied before the next call.
 * Returns: how many items, 0 at the end, or less than 0: the call ends with code 66 */
typedef int64_t (*pe_pool_source)(void *context, uint64_t first, uint64_t most, void *const *columns);

/* Zero-initialise, then set what the call needs. The arrays of pointers are copied; what they point to stays the caller's
 * and is used until the call has ended. */
typedef struct pe_pool_call {
    uint64_t count;          /* items; with a source: the room of the results, ignored where there is a sink */
    const void *const *args; /* args[a]: column a, count items, contiguous, naturally aligned */
    pe_pool_source source;   /* instead of args */
    void *source_context;
    void *const *results; /* results[r]: count items of the type pe_pool_result(kernel, r) */
    pe_pool_sink sink;    /* instead of results */
    void *sink_context;
    int is_unordered;        /* the sink takes blocks as they are finished, not in the order of the items */
    unsigned char *outcomes; /* count bytes for a pe_outcome an item; NULL: not wanted */
    uint64_t chunk_size;     /* items handed to a thread at once; 0: the job's pool.chunk_size, else chosen */
} pe_pool_call;

/* pe_pool_start - start a call.
 *
 * Call:    source and sink are called from threads of the pool or the calling one: each by one thread at a time, the
 *          source perhaps while the sink runs.
 * Shape:   args may not overlap results, unless an element is only read for its own item and the types are equally
 *          large. Texts among results (pe_text) point to memory of the task.
 * Returns: a task, to be freed; NULL with *fault filled: a wrong call
 */
pe_pool_task *pe_pool_start(pe_pool_kernel *kernel, const pe_pool_call *call, pe_fault *fault);

/* pe_pool_test - has the task ended? Waits at most `seconds` for it (0: not at all). 1: yes, 0: no. */
int pe_pool_test(pe_pool_task *task, double seconds);

/* pe_pool_cancel - end the task soon, with code 75: an item of a C kernel that is computed is finished, worker processes are
 * killed. The task is then still to be waited for. Nothing happens to a task that has ended. */
void pe_pool_cancel(pe_pool_task *task);

/* pe_pool_wait - wait until the task has ended.
 *
 * Returns: 0, also when items failed that [errors] lets fail; else fault->code: 1 an item ended the call (fault->item;
 *          in order, all items before it are done), 75 cancelled, ended by the sink, as pe_array_map for the rest
 */
int pe_pool_wait(pe_pool_task *task, pe_fault *fault);

/* A failed item; reason as the kernel gave it. */
typedef struct pe_pool_failure {
    uint64_t item;
    pe_outcome outcome;
    const char *reason;
} pe_pool_failure;

/* pe_pool_failures - the failed items of a task that has ended, in item order.
 * Owns: *list and its reasons are the task's, until pe_pool_free. Returns: how many there are */
size_t pe_pool_failures(const pe_pool_task *task, const pe_pool_failure **list);

/* pe_pool_items - items computed so far. */
uint64_t pe_pool_items(const pe_pool_task *task);

/* pe_pool_free - free a task, with its failures and the texts of its results; waits for it first. NULL is fine. */
void pe_pool_free(pe_pool_task *task);

/* pe_pool_run - start, wait and free. Results may not be texts: those live in a task. Returns as pe_pool_wait. */
int pe_pool_run(pe_pool_kernel *kernel, const pe_pool_call *call, pe_fault *fault);

/* pe_pool_map - results[r][i] = kernel(args[0][i], args[1][i], ...) for i in 0 .. count - 1. As pe_pool_run. */
int pe_pool_map(pe_pool_kernel *kernel, uint64_t count, const void *const *args, void *const *results, pe_fault *fault);

/* pe_pool_imap - pass the results to the sink, in the order of the items; unordered: as they are finished. */
int pe_pool_imap(pe_pool_kernel *kernel, uint64_t count, const void *const *args, pe_pool_sink sink, void *context,
                 pe_fault *fault);
int pe_pool_imap_unordered(pe_pool_kernel *kernel, uint64_t count, const void *const *args, pe_pool_sink sink,
                           void *context, pe_fault *fault);

#ifdef __cplusplus
}
#endif
#endif
