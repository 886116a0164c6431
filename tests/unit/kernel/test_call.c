/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_call.c - one worker's call: what the kernel sees, failures in order, texts that stay.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/call.h"
#include "unit.h"

#undef fail /* an old name of Check's, and a member of pe_batch */

#define ITEMS 1000

static int64_t x[ITEMS], y[ITEMS];
static pe_text texts[ITEMS];
static const void *const args[] = {x};
static void *const numbers[] = {y};
static void *const both[] = {y, texts};

static int opened, closed; /* of the kernel below */

static int open_worker(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)kernel, (void)setup;
    opened++;
    *worker = &opened;
    return 0;
}

static void close_worker(void *worker)
{
    ck_assert_ptr_eq(worker, &opened);
    closed++;
}

static pe_call *make(int (*map)(pe_batch *), const char *signature)
{
    static pe_kernel kernel;
    kernel = (pe_kernel){.abi = PE_KERNEL_ABI,
                         .size = sizeof kernel,
                         .name = "trial",
                         .map = map,
                         .open = open_worker,
                         .close = close_worker};
    pe_signature parsed;
    pe_call *call = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_signature_parse(signature, &parsed, &err), err);
    ck_ok(pe_call_make(&kernel, &parsed, NULL, &call, &err), err);
    memset(&parsed, 0xFF, sizeof parsed); /* the call keeps its own */
    return call;
}

static pe_call *make_number(int (*map)(pe_batch *))
{
    return make(map, "(int64) -> int64");
}

static pe_call *make_text(int (*map)(pe_batch *))
{
    return make(map, "(int64) -> (int64, text)");
}

static int refuse_open(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)kernel, (void)setup;
    (void)worker;
    return 7;
}

static int see_batch(pe_batch *batch)
{
    ck_assert_uint_eq(batch->first, 5000000000);
    ck_assert_uint_eq(batch->count, 3);
    ck_assert_ptr_eq(batch->args[0], x);
    ck_assert_ptr_eq(batch->results[0], y);
    ck_assert_ptr_eq(batch->worker, &opened);
    return 0;
}

static int never(pe_batch *batch)
{
    (void)batch;
    ck_abort();
    return 0;
}

static int give_up(pe_batch *batch)
{
    (void)batch;
    return 3;
}

/* x holds the items to fail in this order, ended by -1. */
static int fail_listed(pe_batch *batch)
{
    const int64_t *list = batch->args[0];
    const uint64_t first = batch->first;
    batch->first = 77; /* a kernel's own copy: no one is misled */
    for (size_t i = 0; list[i] >= 0; i++) {
        char reason[40];
        snprintf(reason, sizeof reason, "reason %zu of %d", i, (int)first);
        batch->fail(batch, (size_t)list[i], reason);
        memset(reason, '#', sizeof reason); /* it was copied */
    }
    return 0;
}

static int fail_at_length(pe_batch *batch)
{
    char reason[PE_REASON_ROOM + 280];
    memset(reason, 'a', sizeof reason);
    reason[sizeof reason - 1] = '\0';
    batch->fail(batch, 0, reason);
    reason[PE_REASON_ROOM - 3] = 'b';
    memcpy(reason + PE_REASON_ROOM - 2, "\xC3\xA4", 2); /* the last byte of the room is the second of a character */
    batch->fail(batch, 1, reason);
    batch->fail(batch, 2, NULL);
    return 0;
}

static int fail_every_backwards(pe_batch *batch)
{
    for (size_t i = batch->count; i-- > 0;) {
        batch->fail(batch, i, "first");
        batch->fail(batch, i, "second");
    }
    return 0;
}

static int fail_beyond(pe_batch *batch)
{
    batch->fail(batch, batch->count, "no such item");
    return 0;
}

/* Item i gets a text of x[i] bytes, each i % 251; none where x[i] < 0. */
static int give_texts(pe_batch *batch)
{
    const int64_t *size = batch->args[0];
    for (size_t i = 0; i < batch->count; i++) {
        if (size[i] < 0)
            continue;
        char *text = batch->text(batch, 1, i, (size_t)size[i]);
        if (text == NULL)
            return 1;
        memset(text, (int)(i % 251), (size_t)size[i]);
    }
    return 0;
}

static int give_twice(pe_batch *batch)
{
    memcpy(batch->text(batch, 1, 0, 3), "old", 3);
    memcpy(batch->text(batch, 1, 0, 4), "newer", 4);
    return 0;
}

static int give_number_text(pe_batch *batch)
{
    return batch->text(batch, 0, 0, 3) == NULL ? 1 : 0;
}

static int give_result_beyond(pe_batch *batch)
{
    return batch->text(batch, 2, 0, 3) == NULL ? 1 : 0;
}

static int give_item_beyond(pe_batch *batch)
{
    return batch->text(batch, 1, batch->count, 3) == NULL ? 1 : 0;
}

static int give_too_much(pe_batch *batch)
{
    return batch->text(batch, 1, 0, SIZE_MAX - 8) == NULL ? 1 : 0;
}

START_TEST(call_open_refused_is_reported)
{
    pe_kernel kernel = {.name = "trial", .map = never, .open = refuse_open, .close = close_worker};
    pe_signature signature;
    pe_call *call = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_signature_parse("(int64) -> int64", &signature, &err), err);
    ck_assert_int_eq(pe_call_make(&kernel, &signature, NULL, &call, &err), PE_EKERNEL);
    ck_assert_str_eq(err.text, "kernel \"trial\" could not start a worker: its open returned 7");
    ck_assert_ptr_null(call);
    ck_assert_int_eq(closed, 0);
    pe_call_free(NULL);
}
END_TEST

START_TEST(call_open_and_close_are_called_once)
{
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_number(see_batch);
    ck_ok(pe_call_run(call, 5000000000, 3, args, numbers, &err), err);
    ck_ok(pe_call_run(call, 5000000000, 3, args, numbers, &err), err);
    ck_assert_int_eq(closed, 0);
    pe_call_free(call);
    ck_assert_int_eq(opened, 1);
    ck_assert_int_eq(closed, 1);
}
END_TEST

START_TEST(call_of_no_items_does_not_reach_the_kernel)
{
    size_t failed = 1;
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_number(never);
    ck_ok(pe_call_run(call, 0, 0, args, numbers, &err), err);
    pe_call_failures(call, &failed);
    ck_assert_uint_eq(failed, 0);
    pe_call_free(call);
}
END_TEST

START_TEST(call_map_nonzero_ends_with_the_items)
{
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_number(give_up);
    ck_assert_int_eq(pe_call_run(call, 100, 10, args, numbers, &err), PE_EKERNEL);
    ck_assert_str_eq(err.text, "kernel \"trial\" gave up in items 100 to 109: its map returned 3");
    ck_assert_uint_eq(err.item, 100);
    pe_call_free(call);
}
END_TEST

static void run_list(pe_call *call, uint64_t first, const int64_t *list, size_t size)
{
    pe_error err = PE_ERROR_INIT;
    memcpy(x, list, size);
    ck_ok(pe_call_run(call, first, ITEMS, args, numbers, &err), err);
}

START_TEST(call_failures_are_sorted_and_unique)
{
    static const int64_t mixed[] = {7, 3, 999, 3, 0, 7, 8, 0, -1};
    static const int64_t items[] = {0, 3, 7, 8, 999};
    static const int reasons[] = {4, 1, 0, 6, 2}; /* the first of each */
    size_t failed = 0;
    pe_call *call = make_number(fail_listed);
    run_list(call, 1000, mixed, sizeof mixed);
    const pe_failure *failures = pe_call_failures(call, &failed);
    ck_assert_uint_eq(failed, 5);
    for (size_t i = 0; i < failed; i++) {
        char reason[40];
        snprintf(reason, sizeof reason, "reason %d of 1000", reasons[i]);
        ck_assert_uint_eq(failures[i].item, 1000 + (uint64_t)items[i]);
        ck_assert_str_eq(failures[i].reason, reason);
    }
    pe_call_free(call);
}
END_TEST

START_TEST(call_failures_are_forgotten_by_the_next_run)
{
    static const int64_t one[] = {5, -1}, same[] = {5, 4, -1}, none[] = {-1};
    size_t failed = 0;
    pe_call *call = make_number(fail_listed);
    run_list(call, 0, one, sizeof one);
    run_list(call, 10, same, sizeof same);
    const pe_failure *failures = pe_call_failures(call, &failed);
    ck_assert_uint_eq(failed, 2);
    ck_assert_uint_eq(failures[0].item, 14);
    ck_assert_uint_eq(failures[1].item, 15);
    ck_assert_str_eq(failures[1].reason, "reason 0 of 10");
    run_list(call, 20, none, sizeof none);
    pe_call_failures(call, &failed);
    ck_assert_uint_eq(failed, 0);
    pe_call_free(call);
}
END_TEST

START_TEST(call_every_item_failed_backwards_is_in_order)
{
    size_t failed = 0;
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_number(fail_every_backwards);
    ck_ok(pe_call_run(call, UINT64_MAX - ITEMS, ITEMS, args, numbers, &err), err);
    const pe_failure *failures = pe_call_failures(call, &failed);
    ck_assert_uint_eq(failed, ITEMS);
    for (size_t i = 0; i < failed; i++) {
        ck_assert_uint_eq(failures[i].item, UINT64_MAX - ITEMS + i);
        ck_assert_str_eq(failures[i].reason, "first");
    }
    pe_call_free(call);
}
END_TEST

START_TEST(call_long_reason_is_cut_between_characters)
{
    size_t failed = 0;
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_number(fail_at_length);
    ck_ok(pe_call_run(call, 0, 3, args, numbers, &err), err);
    const pe_failure *failures = pe_call_failures(call, &failed);
    ck_assert_uint_eq(strlen(failures[0].reason), PE_REASON_ROOM - 1);
    ck_assert_uint_eq(strlen(failures[1].reason), PE_REASON_ROOM - 2);
    ck_assert_int_eq(failures[1].reason[PE_REASON_ROOM - 3], 'b');
    ck_assert_str_eq(failures[2].reason, "no reason given");
    pe_call_free(call);
}
END_TEST

START_TEST(call_item_outside_the_batch_is_the_kernels_fault)
{
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_number(fail_beyond);
    ck_assert_int_eq(pe_call_run(call, 0, 10, args, numbers, &err), PE_EKERNEL);
    ck_assert_str_eq(err.text, "kernel \"trial\" failed item 10 of a batch of 10");
    pe_call_free(call);
}
END_TEST

static void check_texts(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t size = x[i] < 0 ? 0 : (size_t)x[i];
        ck_assert_uint_eq(texts[i].size, size);
        size_t wrong = 0;
        for (size_t b = 0; b < size; b++)
            wrong += (unsigned char)texts[i].data[b] != i % 251;
        ck_assert_msg(wrong == 0, "item %zu: %zu wrong bytes", i, wrong);
    }
}

START_TEST(call_texts_of_any_size_stay_until_the_next_run)
{
    static const int64_t sizes[] = {0, 1, -1, 100, 65536, 65537, -1, 7, 300000};
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_text(give_texts);
    for (int turn = 0; turn < 4; turn++) {
        memset(texts, 0xFF, sizeof texts); /* what was there is no text */
        for (size_t i = 0; i < 100; i++)
            x[i] = turn % 2 == 0 ? sizes[i % 9] : (int64_t)(i * 13 % 200);
        ck_ok(pe_call_run(call, 0, 100, args, both, &err), err);
        check_texts(100);
    }
    pe_call_free(call);
}
END_TEST

START_TEST(call_texts_reuse_their_memory)
{
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_text(give_texts);
    for (size_t i = 0; i < ITEMS; i++)
        x[i] = 1000;
    ck_ok(pe_call_run(call, 0, ITEMS, args, both, &err), err);
    ck_ok(pe_call_run(call, 0, ITEMS, args, both, &err), err);
    const char *first = texts[0].data;
    ck_ok(pe_call_run(call, 0, ITEMS, args, both, &err), err);
    ck_assert_ptr_eq(texts[0].data, first);
    ck_assert_ptr_eq(texts[ITEMS - 1].data, first + (size_t)(ITEMS - 1) * 1000); /* one piece by now */
    check_texts(ITEMS);
    pe_call_free(call);
}
END_TEST

START_TEST(call_text_given_twice_is_the_later_one)
{
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_text(give_twice);
    ck_ok(pe_call_run(call, 0, 2, args, both, &err), err);
    ck_assert_uint_eq(texts[0].size, 4);
    ck_assert(memcmp(texts[0].data, "newe", 4) == 0);
    ck_assert_uint_eq(texts[1].size, 0);
    pe_call_free(call);
}
END_TEST

static void check_text_fault(int (*map)(pe_batch *), const char *place)
{
    char text[200];
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_text(map);
    ck_assert_int_eq(pe_call_run(call, 0, 2, args, both, &err), PE_EKERNEL);
    snprintf(text, sizeof text, "kernel \"trial\" asked for the text of %s in a batch of 2: there is none", place);
    ck_assert_str_eq(err.text, text);
    pe_call_free(call);
}

START_TEST(call_text_where_there_is_none_is_the_kernels_fault)
{
    check_text_fault(give_number_text, "result 0 of item 0");
    check_text_fault(give_result_beyond, "result 2 of item 0");
    check_text_fault(give_item_beyond, "result 1 of item 2");
}
END_TEST

START_TEST(call_text_beyond_memory_is_reported)
{
    pe_error err = PE_ERROR_INIT;
    pe_call *call = make_text(give_too_much);
    ck_assert_int_eq(pe_call_run(call, 0, 2, args, both, &err), PE_ENOMEM);
    ck_assert(strncmp(err.text, "out of memory: no room for result texts", 39) == 0);
    pe_call_free(call);
}
END_TEST

UNIT_MAIN("call", call_open_refused_is_reported, call_open_and_close_are_called_once,
          call_of_no_items_does_not_reach_the_kernel, call_map_nonzero_ends_with_the_items,
          call_failures_are_sorted_and_unique, call_failures_are_forgotten_by_the_next_run,
          call_every_item_failed_backwards_is_in_order, call_long_reason_is_cut_between_characters,
          call_item_outside_the_batch_is_the_kernels_fault, call_texts_of_any_size_stay_until_the_next_run,
          call_texts_reuse_their_memory, call_text_given_twice_is_the_later_one,
          call_text_where_there_is_none_is_the_kernels_fault, call_text_beyond_memory_is_reported)
