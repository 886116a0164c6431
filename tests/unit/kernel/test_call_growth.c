/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_call_growth.c - a call whose batch grows while it is computed.
 */
#include <check.h>

#include "kernel/call.h"
#include "unit.h"

#undef fail /* an old name of Check's, and a member of pe_batch */

#define ITEMS 16

static int64_t x[ITEMS], y[ITEMS];
static const void *const args[] = {x};
static void *const numbers[] = {y};

/* Item i is twice x[i]; a negative one fails. */
static int double_growing(pe_batch *batch)
{
    const int64_t *in = batch->args[0];
    int64_t *out = batch->results[0];
    size_t done = 0;
    do
        for (; done < batch->count; done++) {
            out[done] = 2 * in[done];
            if (in[done] < 0)
                batch->fail(batch, done, "negative");
        }
    while (pe_call_grow(batch));
    return 0;
}

/* What is claimed, one after the other, and with which count. */
typedef struct claims {
    size_t gains[4], counts[4];
    int asked;
} claims;

static size_t claim(void *context, size_t count)
{
    claims *self = context;
    self->counts[self->asked] = count;
    return self->gains[self->asked++];
}

static pe_call *make_doubling(void)
{
    static const pe_kernel kernel = {
        .abi = PE_KERNEL_ABI, .size = sizeof kernel, .name = "trial", .map = double_growing};
    pe_signature signature;
    pe_call *call = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_signature_parse("(int64) -> int64", &signature, &err), err);
    ck_ok(pe_call_make(&kernel, &signature, NULL, &call, &err), err);
    for (int64_t i = 0; i < ITEMS; i++) {
        x[i] = i;
        y[i] = -1;
    }
    return call;
}

START_TEST(call_grows_by_what_is_claimed)
{
    claims all = {.gains = {1, 4, 0}};
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_doubling();
    ck_ok(pe_call_run(call, 100, 2, args, numbers, &err), err); /* not asked for: it does not */
    ck_assert_int_eq(y[2], -1);
    pe_call_let_grow(call, &(pe_call_growth){.context = &all, .claim = claim});
    ck_ok(pe_call_run(call, 100, 2, args, numbers, &err), err);
    ck_assert_int_eq(all.asked, 3);
    ck_assert_uint_eq(all.counts[0], 2);
    ck_assert_uint_eq(all.counts[1], 3);
    ck_assert_uint_eq(all.counts[2], 7);
    for (int64_t i = 0; i < 7; i++)
        ck_assert_int_eq(y[i], 2 * i);
    ck_assert_int_eq(y[7], -1);
    pe_call_free(call);
}
END_TEST

START_TEST(call_with_a_failed_item_does_not_grow)
{
    claims all = {.gains = {1, 2, 5}};
    size_t failed = 0;
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_doubling();
    x[3] = -1; /* in what comes with the second claim */
    pe_call_let_grow(call, &(pe_call_growth){.context = &all, .claim = claim});
    ck_ok(pe_call_run(call, 100, 2, args, numbers, &err), err);
    ck_assert_int_eq(all.asked, 2);
    const pe_failure *failures = pe_call_failures(call, &failed);
    ck_assert_uint_eq(failed, 1);
    ck_assert_uint_eq(failures[0].item, 103);
    pe_call_free(call);
}
END_TEST

UNIT_MAIN("call_growth", call_grows_by_what_is_claimed, call_with_a_failed_item_does_not_grow)
