/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_abi.h - the interface between a compiled kernel and the engine.
 *
 * Design: the engine includes this file and also copies it into each C text that it compiles, so it includes no file of
 *         ours. PE_OBJECT_ABI is raised with every change; it is part of the cache's key.
 * Threads: a call belongs to one worker.
 */
#ifndef PE_COMPILED_ABI_H
#define PE_COMPILED_ABI_H

#include <stddef.h>
#include <stdint.h>

#define PE_OBJECT_ABI 5u

/* As pe_text of pengine/types.h. */
typedef struct pe_object_text {
    const char *data;
    size_t size;
} pe_object_text;

/* As pe_ramp of pengine/kernel.h. */
typedef struct pe_object_ramp {
    int64_t first;
    int64_t step;
} pe_object_ramp;

/* One batch: args, ramps, results, fail and text mean what they do in pengine/kernel.h. grow is called when all items are
 * done, and returns the new count: a larger one where more are to be computed. */
typedef struct pe_object_call {
    uint64_t first;
    uint64_t seed;
    size_t count;
    const void *const *args;
    const pe_object_ramp *ramps;
    void *const *results;
    void *host;
    void (*fail)(void *host, size_t item, const char *reason);
    char *(*text)(void *host, int result, size_t item, size_t size);
    size_t (*grow)(void *host);
} pe_object_call;

/* The one symbol that an object exports: pe_object. */
typedef struct pe_object_descriptor {
    uint32_t abi;          /* PE_OBJECT_ABI */
    uint32_t size;         /* sizeof(pe_object_descriptor) */
    int32_t dtype;         /* of the first expression's result, as enum pe_dtype; 0 when the signature says it */
    int32_t result_count;  /* of expressions; 1 of a function */
    const int32_t *dtypes; /* of all their results, as dtype */
    const char *features;  /* of the processor it was compiled for, each followed by a space */
    int (*map)(pe_object_call *call); /* 0, or nonzero when it cannot go on */

    /* Called once in each process before the first call of map; NULL without an initializer. Returns 0, or nonzero with
     * *reason set to a text that lives as long as the thread. */
    int (*initialize)(const char **reason);
} pe_object_descriptor;

#endif
