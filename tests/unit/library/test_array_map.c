/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_array_map.c - the library: arrays in, arrays out, in order, with every failed item named.
 */
#include <pengine/pengine.h>

#include <omp.h>
#include <stdbool.h>

#include "unit.h"

#define MANY 200000u

static int64_t numbers[MANY], others[MANY], results[MANY], quotients[MANY];

static void fill(void)
{
    for (uint64_t i = 0; i < MANY; i++) {
        numbers[i] = (int64_t)i;
        others[i] = (int64_t)(i % 17 + 1);
    }
}

START_TEST(array_map_no_items_is_fine)
{
    pe_fault fault;
    const void *args[] = {numbers};
    void *out[] = {results};
    ck_assert_int_eq(pe_array_map(pe_array_kernel("square", NULL), 0, args, out, NULL, &fault), 0);
}
END_TEST

START_TEST(array_map_squares_every_item)
{
    pe_fault fault;
    const void *args[] = {numbers};
    void *out[] = {results};
    bool is_right = true;
    fill();
    ck_assert_int_eq(pe_array_map(pe_array_kernel("square", NULL), MANY, args, out, NULL, &fault), 0);
    for (uint64_t i = 0; i < MANY; i++)
        is_right &= results[i] == (int64_t)(i * i);
    ck_assert(is_right);
}
END_TEST

START_TEST(array_map_two_arguments_two_results)
{
    pe_fault fault;
    const pe_array_options options = {.threads = 3, .chunk_size = 7};
    const void *args[] = {numbers, others};
    void *out[] = {quotients, results};
    bool is_right = true;
    fill();
    ck_assert_int_eq(pe_array_map(pe_array_kernel("divmod", NULL), MANY, args, out, &options, &fault), 0);
    for (uint64_t i = 0; i < MANY; i++)
        is_right &= quotients[i] == (int64_t)(i / (i % 17 + 1)) && results[i] == (int64_t)(i % (i % 17 + 1));
    ck_assert(is_right);
}
END_TEST

START_TEST(array_map_failed_item_is_named)
{
    pe_fault fault;
    const void *args[] = {numbers};
    void *out[] = {results};
    fill();
    numbers[123456] = 3037000500;
    ck_assert_int_eq(pe_array_map(pe_array_kernel("square", NULL), MANY, args, out, NULL, &fault), 1);
    ck_assert_uint_eq(fault.item, 123456);
    ck_assert_ptr_nonnull(strstr(fault.text, "3037000500"));
}
END_TEST

typedef struct taker {
    uint64_t next, seen;
    bool is_right;
    uint64_t stop_at;
} taker;

static int take(void *context, uint64_t first, uint64_t count, const void *const *columns)
{
    taker *self = context;
    const int64_t *squares = columns[0];
    self->is_right &= first == self->next;
    for (uint64_t i = 0; i < count; i++)
        self->is_right &= squares[i] == (int64_t)((first + i) * (first + i));
    self->next = first + count;
    self->seen += count;
    return self->next > self->stop_at ? 1 : 0;
}

START_TEST(array_imap_hands_over_in_order)
{
    pe_fault fault;
    const pe_array_options options = {.threads = 4, .chunk_size = 100};
    const void *args[] = {numbers};
    taker self = {.is_right = true, .stop_at = MANY};
    fill();
    ck_assert_int_eq(pe_array_imap(pe_array_kernel("square", NULL), MANY, args, take, &self, &options, &fault), 0);
    ck_assert(self.is_right);
    ck_assert_uint_eq(self.seen, MANY);
}
END_TEST

START_TEST(array_imap_caller_can_end_it)
{
    pe_fault fault;
    const pe_array_options options = {.threads = 2, .chunk_size = 100};
    const void *args[] = {numbers};
    taker self = {.is_right = true, .stop_at = 1000};
    fill();
    ck_assert_int_eq(pe_array_imap(pe_array_kernel("square", NULL), MANY, args, take, &self, &options, &fault), 75);
    ck_assert(self.is_right);
    ck_assert_uint_eq(self.seen, 1100);
}
END_TEST

static int count_up(void *context, uint64_t first, uint64_t count, const void *const *columns)
{
    (void)columns;
    unsigned char *seen = context;
    for (uint64_t i = first; i < first + count; i++)
        seen[i]++;
    return 0;
}

START_TEST(array_imap_failed_item_comes_after_all_before_it)
{
    static const uint64_t items[] = {0, 1, 3, 3960, 123456, MANY - 1};
    static const pe_array_options options[] = {
        {.threads = 1}, {.threads = 1, .chunk_size = 1}, {.threads = 4, .chunk_size = 7}, {.threads = 3}};
    const void *args[] = {numbers};
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        for (size_t o = 0; o < sizeof options / sizeof *options; o++) {
            pe_fault fault;
            taker self = {.is_right = true, .stop_at = MANY};
            fill();
            numbers[items[i]] = 3037000500;
            ck_assert_int_eq(
                pe_array_imap(pe_array_kernel("square", NULL), MANY, args, take, &self, &options[o], &fault), 1);
            ck_assert_uint_eq(fault.item, items[i]);
            ck_assert(self.is_right);
            ck_assert_uint_eq(self.seen, items[i]);
        }
    }
}
END_TEST

/* How often pe_array_imap_unordered of the numbers gives each item; it returns `result`. */
static const unsigned char *count_items(int result)
{
    static unsigned char seen[MANY];
    pe_fault fault;
    const pe_array_options options = {.threads = 4, .chunk_size = 33};
    const void *args[] = {numbers};
    memset(seen, 0, sizeof seen);
    ck_assert_int_eq(
        pe_array_imap_unordered(pe_array_kernel("square", NULL), MANY, args, count_up, seen, &options, &fault), result);
    return seen;
}

START_TEST(array_imap_unordered_failed_item_gives_no_item_twice)
{
    bool is_right = true;
    fill();
    numbers[123456] = 3037000500;
    const unsigned char *const seen = count_items(1);
    for (uint64_t i = 0; i < MANY; i++)
        is_right &= seen[i] <= (i == 123456 ? 0 : 1);
    ck_assert(is_right);
}
END_TEST

START_TEST(array_imap_unordered_gives_each_item_once)
{
    bool is_right = true;
    fill();
    const unsigned char *const seen = count_items(0);
    for (uint64_t i = 0; i < MANY; i++)
        is_right &= seen[i] == 1;
    ck_assert(is_right);
}
END_TEST

static int shout(pe_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->text(batch, 0, i, 1) == NULL)
            return 1;
    return 0;
}

START_TEST(array_map_unusable_kernels_are_refused)
{
    pe_fault fault;
    const void *args[] = {numbers};
    void *out[] = {results};
    const pe_kernel old = {
        .abi = PE_KERNEL_ABI + 1, .size = sizeof old, .name = "old", .signature = "(int64) -> int64"};
    const pe_kernel texts = {
        .abi = PE_KERNEL_ABI, .size = sizeof texts, .name = "texts", .signature = "(int64) -> text", .map = shout};
    ck_assert_int_eq(pe_array_map(&old, 1, args, out, NULL, &fault), 69);
    ck_assert_int_eq(pe_array_map(&texts, 1, args, out, NULL, &fault), 69);
    ck_assert_ptr_null(pe_array_kernel("sqare", NULL));
    ck_assert_ptr_null(pe_array_kernel("square", "(text) -> text"));
    ck_assert_ptr_nonnull(pe_array_kernel("square", "(int128) -> int128"));
}
END_TEST

START_TEST(array_null_is_refused)
{
    pe_fault fault;
    const void *args[] = {numbers};
    void *out[] = {results};
    const pe_kernel *square = pe_array_kernel("square", NULL);
    ck_assert_ptr_null(pe_array_kernel(NULL, NULL));
    ck_assert_int_eq(pe_array_map(NULL, 1, args, out, NULL, &fault), 69);
    ck_assert_int_eq(pe_array_map(square, 1, NULL, out, NULL, &fault), 64);
    ck_assert_int_eq(pe_array_map(square, 1, args, NULL, NULL, &fault), 64);
    ck_assert_int_eq(pe_array_map(square, 1, args, NULL, NULL, NULL), 64);
    ck_assert_int_eq(pe_array_imap(square, 1, args, NULL, NULL, NULL, &fault), 64);
    ck_assert_str_eq(fault.text, "a call gives its results to columns or to a sink: expected one, got none");
    ck_assert_int_eq(pe_array_imap_unordered(square, 1, args, NULL, NULL, NULL, &fault), 64);
}
END_TEST

START_TEST(array_map_leaves_the_callers_openmp_as_it_is)
{
    pe_fault fault;
    const void *args[] = {numbers};
    void *out[] = {results};
    for (int dynamic = 0; dynamic < 2; dynamic++) {
        omp_set_dynamic(dynamic);
        ck_assert_int_eq(pe_array_map(pe_array_kernel("square", NULL), MANY, args, out, NULL, &fault), 0);
        ck_assert_int_eq(omp_get_dynamic(), dynamic);
    }
}
END_TEST

START_TEST(array_map_inside_a_parallel_region_works)
{
    pe_fault fault = {.code = 0};
    const void *args[] = {numbers};
    void *out[] = {results};
    bool is_right = true;
    fill();
    omp_set_max_active_levels(1);
#pragma omp parallel num_threads(2) default(none) shared(fault, args, out)
    {
#pragma omp single
        (void)pe_array_map(pe_array_kernel("square", NULL), MANY, args, out, NULL, &fault);
    }
    ck_assert_int_eq(fault.code, 0);
    for (uint64_t i = 0; i < MANY; i++)
        is_right &= results[i] == (int64_t)(i * i);
    ck_assert(is_right);
}
END_TEST

UNIT_MAIN("api", array_map_leaves_the_callers_openmp_as_it_is, array_map_inside_a_parallel_region_works,
          array_map_no_items_is_fine, array_map_squares_every_item, array_map_two_arguments_two_results,
          array_map_failed_item_is_named, array_imap_hands_over_in_order, array_imap_caller_can_end_it,
          array_imap_failed_item_comes_after_all_before_it, array_imap_unordered_failed_item_gives_no_item_twice,
          array_imap_unordered_gives_each_item_once, array_map_unusable_kernels_are_refused, array_null_is_refused)
