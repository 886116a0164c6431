/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_call_growth.c - a call whose batch grows while it is computed.
 */
#include <check.h>
#include <stdio.h>

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

/* What is claimed, one after the other. */
typedef struct claims {
    size_t gains[4];
    int asked;
} claims;

static size_t claim(void *context)
{
    claims *self = context;
    return self->gains[self->asked++];
}

/* As each of its calls sees it: (x + ramp, the number of the item in the call and in the input). It fails x == -1, gives up
 * at x == -2, and knows nothing of growth. */
static int describe(pe_batch *batch)
{
    const int64_t *in = batch->args[0];
    int64_t *out = batch->results[0];
    for (size_t i = 0; i < batch->count; i++) {
        if (in[i] == -2)
            return 1;
        if (in[i] == -1)
            batch->fail(batch, i, "minus one");
        out[i] = in[i] + batch->ramps[1].first + (int64_t)i * batch->ramps[1].step;
        const int size = snprintf(NULL, 0, "%zu of %zu: %d", i, batch->count, (int)(batch->first + i));
        char *text = batch->text(batch, 1, i, (size_t)size + 1);
        (void)snprintf(text, (size_t)size + 1, "%zu of %zu: %d", i, batch->count, (int)(batch->first + i));
    }
    return 0;
}

static pe_call *make(int (*map)(pe_batch *), const char *declared)
{
    static pe_kernel kernel;
    pe_signature signature;
    pe_call *call = NULL;
    pe_error err = PE_ERROR_INIT;
    kernel = (pe_kernel){.abi = PE_KERNEL_ABI, .size = sizeof kernel, .name = "trial", .map = map, .takes_ramps = 1};
    ck_ok(pe_signature_parse(declared, &signature, &err), err);
    ck_ok(pe_call_make(&kernel, &signature, NULL, &call, &err), err);
    for (int64_t i = 0; i < ITEMS; i++) {
        x[i] = i;
        y[i] = -1;
    }
    return call;
}

START_TEST(call_grows_by_what_is_claimed)
{
    claims all = {.gains = {1, 4, 0, 0}};
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make(double_growing, "(int64) -> int64");
    ck_ok(pe_call_run(call, 100, 2, args, numbers, &err), err); /* not asked for: it does not */
    ck_assert_int_eq(y[2], -1);
    pe_call_let_grow(call, &(pe_call_growth){.context = &all, .claim = claim});
    ck_ok(pe_call_run(call, 100, 2, args, numbers, &err), err);
    ck_assert_int_eq(all.asked, 4); /* the kernel's last claim got nothing, nor did one behind it */
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
    pe_call *call = make(double_growing, "(int64) -> int64");
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

static const pe_ramp far_ramps[] = {{0}, {.first = INT64_MAX - 6, .step = 1}};
static pe_text texts[ITEMS];
static const void *const in_ramp[] = {x, NULL};
static void *const described[] = {y, texts};

static pe_call *make_describing(claims *all)
{
    pe_call *call = make(describe, "(int64, int64) -> (int64, text)");
    for (int i = 0; i < ITEMS; i++)
        texts[i] = (pe_text){.data = "never given", .size = 11};
    pe_call_set_ramps(call, far_ramps);
    pe_call_let_grow(call, &(pe_call_growth){.context = all, .claim = claim});
    return call;
}

START_TEST(call_of_a_kernel_that_does_not_claim_calls_it_again)
{
    static const char *const want[] = {"0 of 2: 100", "1 of 2: 101", "0 of 1: 102",
                                       "0 of 3: 103", "1 of 3: 104", "2 of 3: 105"};
    claims all = {.gains = {1, 3, 0}};
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_describing(&all);
    for (int i = 0; i < ITEMS; i++)
        x[i] = -i - 3;
    ck_ok(pe_call_run(call, 100, 2, in_ramp, described, &err), err);
    ck_assert_int_eq(all.asked, 3);
    for (int64_t i = 0; i < 6; i++) {
        ck_assert_int_eq(y[i], INT64_MAX - 9);
        ck_assert_str_eq(texts[i].data, want[i]);
    }
    ck_assert_int_eq(y[6], -1);
    ck_assert_str_eq(texts[6].data, "never given");
    pe_call_free(call);
}
END_TEST

START_TEST(call_again_names_failed_items_and_where_the_kernel_gave_up)
{
    claims all = {.gains = {1, 1, 5}};
    size_t failed = 0;
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_describing(&all);
    x[2] = -1;
    ck_ok(pe_call_run(call, 100, 2, in_ramp, described, &err), err);
    ck_assert_int_eq(all.asked, 1); /* the failed item ends the batch */
    const pe_failure *failures = pe_call_failures(call, &failed);
    ck_assert_uint_eq(failed, 1);
    ck_assert_uint_eq(failures[0].item, 102);
    x[2] = 2;
    x[3] = -2;
    all.asked = 0;
    ck_assert_int_eq(pe_call_run(call, 100, 2, in_ramp, described, &err), PE_EKERNEL);
    ck_assert_str_eq(err.text, "kernel \"trial\" gave up in items 103 to 103: its map returned 1");
    pe_call_free(call);
}
END_TEST

UNIT_MAIN("call_growth", call_grows_by_what_is_claimed, call_with_a_failed_item_does_not_grow,
          call_of_a_kernel_that_does_not_claim_calls_it_again,
          call_again_names_failed_items_and_where_the_kernel_gave_up)
