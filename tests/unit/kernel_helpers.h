/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* kernel_helpers.h - one built-in kernel with columns of its own, run through a pe_call as the engine does.
 */
#ifndef PE_TEST_KERNEL_HELPERS_H
#define PE_TEST_KERNEL_HELPERS_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/call.h"
#include "kernel/registry.h"
#include "kernel_tables.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define MOST 4096 /* items of one table, or of one batch */

/* One kernel with columns of its own. */
typedef struct bench {
    const pe_kernel *kernel;
    pe_signature signature;
    pe_call *call;
    void *args[8];
    void *results[3];
    const pe_failure *failures;
    size_t failed;
} bench;

static inline void *column(pe_type type)
{
    void *out = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_make_array(&out, MOST, pe_type_bytes(type), &err), err);
    return out;
}

static inline bench open_kernel(const pe_kernel *kernel)
{
    bench b = {.kernel = kernel};
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_signature_parse(kernel->signature, &b.signature, &err), err);
    ck_ok(pe_call_make(kernel, &b.signature, NULL, &b.call, &err), err);
    for (int a = 0; a < b.signature.arg_count; a++)
        b.args[a] = column(b.signature.args[a]);
    for (int r = 0; r < b.signature.result_count; r++)
        b.results[r] = column(b.signature.results[r]);
    return b;
}

static inline bench open_named(const char *name, const char *signature)
{
    size_t count = 0;
    const pe_kernel *const *all = pe_registry_all(&count);
    size_t k = 0;
    while (k < count && (strcmp(all[k]->name, name) != 0 || strcmp(all[k]->signature, signature) != 0))
        k++;
    ck_assert_msg(k < count, "no kernel %s %s", name, signature);
    return open_kernel(all[k]);
}

static inline void close_kernel(bench *b)
{
    for (int a = 0; a < b->signature.arg_count; a++)
        free(b->args[a]);
    for (int r = 0; r < b->signature.result_count; r++)
        free(b->results[r]);
    pe_call_free(b->call);
}

static inline void run(bench *b, size_t count)
{
    pe_error err = PE_ERROR_INIT;
    const void *args[8] = {NULL};
    if (count > MOST)
        ck_abort_msg("%zu items, room for %d", count, (int)MOST);
    memcpy(args, b->args, sizeof args);
    const pe_status status = pe_call_run(b->call, 0, count, args, b->results, &err);
    if (status != PE_OK) /* not once per call: some tests make thousands, and Check writes down each assert */
        ck_ok(status, err);
    b->failures = pe_call_failures(b->call, &b->failed);
}

/* Why item i of the last run failed, or NULL. */
static inline const char *reason_of(const bench *b, size_t i)
{
    size_t f = 0;
    while (f < b->failed && b->failures[f].item != i)
        f++;
    return f < b->failed ? b->failures[f].reason : NULL;
}

/* True when item i succeeded; its failure must be the expected one, with the reason. */
static inline bool succeeds(const bench *b, size_t i, bool fits, const char *reason)
{
    const char *seen = reason_of(b, i);
    ck_assert_msg((seen == NULL) == fits, "%s item %zu: %s", b->kernel->name, i, seen == NULL ? "passed" : seen);
    if (seen != NULL)
        ck_assert_str_eq(seen, reason);
    return fits;
}

static inline void check_int64(const char *name, const int64_row *rows, size_t count)
{
    bench b = open_named(name, "(int64) -> int64");
    int64_t *x = b.args[0];
    const int64_t *y = b.results[0];
    for (size_t i = 0; i < count; i++)
        x[i] = rows[i].x;
    run(&b, count);
    for (size_t i = 0; i < count; i++)
        if (succeeds(&b, i, rows[i].fits, "result does not fit int64"))
            ck_assert_int_eq(y[i], rows[i].y);
    close_kernel(&b);
}

#endif
