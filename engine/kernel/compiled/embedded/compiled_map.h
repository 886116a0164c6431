/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_map.h - runs the loops of a compiled kernel over a batch, block by block.
 *
 * Design: a block is computed by the first loop of compiled_loops.h whose level its values fit. When a check fires
 *         there, the block is run again by pe_exact, which records the item that it computes: that item fails, and
 *         pe_exact goes on at the next one. So a function may be called twice for an item, and must give the same result
 *         both times.
 * Threads: each call belongs to one worker.
 */
#define PE_RETRY 64u /* calls until a narrower level is tried again */

/* Runs one block at the first level that takes it. */
static int pe_run_block(const pe_object_call *call, size_t from, size_t to, struct pe_where *here)
{
    int level = pe_level_of(call, from, to, here->level);
    int seen = pe_levels[level](call, from, to);
    while (seen == PE_IS_WIDE) {
        here->level = ++level;
        seen = pe_levels[level](call, from, to);
    }
    return seen;
}

static int pe_has_grown(pe_object_call *call)
{
    const size_t count = call->count;
    call->count = call->grow(call->host);
    return call->count > count;
}

static int pe_run_fast(pe_object_call *call, size_t from, struct pe_where *here)
{
    int seen = PE_IS_DONE;
    do {
        while (from < call->count && seen == PE_IS_DONE) {
            const size_t to = call->count - from < PE_BLOCK ? call->count : from + PE_BLOCK;
            here->at = from;
            seen = pe_run_block(call, from, to, here);
            from = to;
        }
    } while (seen == PE_IS_DONE && pe_has_grown(call));
    return seen;
}

/* The block's items one by one, each failing for itself. */
static int pe_run_exact(const pe_object_call *call, size_t from, size_t to, struct pe_where *here)
{
    here->at = from;
    while (here->at < to) {
        if (setjmp(here->jump) == 0)
            return pe_exact(call, here->at, to, here);
        call->fail(call->host, here->at, here->reason);
        here->at = here->at + 1;
    }
    return PE_IS_DONE;
}

static int pe_map(pe_object_call *call)
{
    struct pe_where *const here = &pe_here;
    volatile size_t done = 0;
    int seen = PE_IS_DONE;
    if (here->calls++ % PE_RETRY == 0)
        here->level = 0;
    here->is_inside = 1;
    while (done < call->count && seen == PE_IS_DONE) {
        if (setjmp(here->jump) == 0) {
            seen = pe_run_fast(call, done, here);
            done = call->count;
        } else {
            const size_t from = here->at;
            const size_t to = call->count - from < PE_BLOCK ? call->count : from + PE_BLOCK;
            seen = pe_run_exact(call, from, to, here);
            done = to;
        }
    }
    here->is_inside = 0;
    return seen == PE_IS_DONE ? 0 : 1;
}

#ifdef PE_INITIALIZER
/* It runs with the checks of the kernel's own text; what they find ends the job. */
static int pe_initialize(const char **reason)
{
    struct pe_where *const here = &pe_here;
    *reason = here->reason;
    if (setjmp(here->jump) != 0) {
        here->is_inside = 0;
        return 1;
    }
    here->is_inside = 1;
    const int returned = __builtin_choose_expr(__builtin_types_compatible_p(__typeof__(PE_INITIALIZER()), void),
                                               (PE_INITIALIZER(), 0), PE_INITIALIZER());
    here->is_inside = 0;
    if (returned != 0)
        snprintf(here->reason, sizeof here->reason, "it returned %d, expected 0", returned);
    return returned != 0;
}
#else
#define pe_initialize 0
#endif

static const int32_t pe_dtypes[] = {PE_RESULT_DTYPES};

__attribute__((visibility("default"))) const pe_object_descriptor pe_object = {
    .abi = PE_OBJECT_ABI,
    .size = sizeof(pe_object_descriptor),
    .dtype = PE_RESULT_DTYPE,
    .result_count = sizeof pe_dtypes / sizeof *pe_dtypes,
    .dtypes = pe_dtypes,
    .features = PE_FEATURES,
    .map = pe_map,
    .initialize = pe_initialize,
};
