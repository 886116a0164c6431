/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_fold.c - folds of columns: every dtype, vectors, texts, nothing, and merges.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reduce/bins/bins.h"
#include "reduce/fold.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static pe_fold *make_as(const pe_type *types, int count, bool is_part)
{
    pe_error err = PE_ERROR_INIT;
    pe_fold *fold = NULL;
    const pe_fold_spec spec = {.results = types,
                               .result_count = count,
                               .has_sums = true,
                               .has_bounds = true,
                               .has_squares = true,
                               .has_places = true,
                               .has_quantiles = true,
                               .is_part = is_part,
                               .bins = 5,
                               .first = -10,
                               .last = 10};
    ck_ok(pe_fold_make(&spec, &fold, &err), err);
    return fold;
}

static pe_fold *make(const pe_type *types, int count)
{
    return make_as(types, count, false);
}

static void prints(pe_fold *fold, pe_reduce_op op, const char *expected)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer out = {0};
    ck_ok(pe_fold_print(fold, op, ',', NULL, &out, &err), err);
    ck_ok(pe_buffer_append(&out, "", 1, &err), err);
    ck_assert_str_eq((const char *)out.data, expected);
    pe_buffer_fini(&out);
}

static void refuses(pe_fold *fold, pe_reduce_op op, const char *expected)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer out = {0};
    ck_assert_int_eq(pe_fold_print(fold, op, ',', NULL, &out, &err), PE_EDATA);
    ck_assert_str_eq(err.text, expected);
    pe_buffer_fini(&out);
}

#define ADD(fold, ...) pe_fold_add((fold), 0, (const void *const[]){__VA_ARGS__}, count)

START_TEST(fold_of_nothing_is_numpys)
{
    const pe_type types[] = {{PE_INT64, 0}, {PE_FLOAT64, 0}};
    pe_fold *fold = make(types, 2);
    prints(fold, PE_REDUCE_SUM, "sum,0,0.0\n");
    prints(fold, PE_REDUCE_COUNT, "count,0,0\n");
    prints(fold, PE_REDUCE_MEAN, "mean,nan,nan\n");
    refuses(fold, PE_REDUCE_MIN, "no item was counted, and there is no min of none");
    refuses(fold, PE_REDUCE_MAX, "no item was counted, and there is no max of none");
    pe_fold_free(fold);
}
END_TEST

#define INTEGER_ROW(dtype, type, least, most, sums, means)                                                             \
    do {                                                                                                               \
        const type values[] = {least, 1, most, most};                                                                  \
        const pe_type types[] = {{dtype, 0}};                                                                          \
        const size_t count = COUNT(values);                                                                            \
        pe_fold *fold = make(types, 1);                                                                                \
        ADD(fold, values);                                                                                             \
        prints(fold, PE_REDUCE_MIN, "min," #least "\n");                                                               \
        prints(fold, PE_REDUCE_MAX, "max," #most "\n");                                                                \
        prints(fold, PE_REDUCE_SUM, "sum," sums "\n");                                                                 \
        prints(fold, PE_REDUCE_MEAN, "mean," means "\n");                                                              \
        prints(fold, PE_REDUCE_COUNT, "count,4\n");                                                                    \
        pe_fold_free(fold);                                                                                            \
    } while (0)

START_TEST(fold_of_every_integer_is_exact) /* sums and means by Python: sum(x), sum(x) / 4 */
{
    INTEGER_ROW(PE_INT8, int8_t, -128, 127, "127", "31.75");
    INTEGER_ROW(PE_INT16, int16_t, -32768, 32767, "32767", "8191.75");
    INTEGER_ROW(PE_INT32, int32_t, -2147483648, 2147483647, "2147483647", "536870911.75");
    INTEGER_ROW(PE_INT64, int64_t, -9223372036854775807, 9223372036854775807, "9223372036854775808",
                "2.305843009213694e+18");
    INTEGER_ROW(PE_UINT8, uint8_t, 0, 255, "511", "127.75");
    INTEGER_ROW(PE_UINT16, uint16_t, 0, 65535, "131071", "32767.75");
    INTEGER_ROW(PE_UINT32, uint32_t, 0, 4294967295, "8589934591", "2147483647.75");
    const uint64_t words[] = {0, 1, UINT64_MAX, UINT64_MAX};
    const pe_type types[] = {{PE_UINT64, 0}};
    const size_t count = COUNT(words);
    pe_fold *fold = make(types, 1);
    ADD(fold, words);
    prints(fold, PE_REDUCE_MIN, "min,0\n");
    prints(fold, PE_REDUCE_MAX, "max,18446744073709551615\n");
    prints(fold, PE_REDUCE_SUM, "sum,36893488147419103231\n");
    prints(fold, PE_REDUCE_MEAN, "mean,9.223372036854776e+18\n");
    pe_fold_free(fold);
}
END_TEST

START_TEST(fold_of_bool_and_int128)
{
    const uint8_t truths[] = {0, 1, 1};
    const pe_int128 wide[] = {PE_INT128_MIN, 5, PE_INT128_MAX};
    const pe_type types[] = {{PE_BOOL, 0}, {PE_INT128, 0}};
    size_t count = COUNT(truths);
    pe_fold *fold = make(types, 2);
    ADD(fold, truths, wide);
    prints(fold, PE_REDUCE_MIN, "min,False,-170141183460469231731687303715884105728\n");
    prints(fold, PE_REDUCE_MAX, "max,True,170141183460469231731687303715884105727\n");
    prints(fold, PE_REDUCE_SUM, "sum,2,4\n");
    prints(fold, PE_REDUCE_MEAN, "mean,0.6666666666666666,1.3333333333333333\n");
    count = 1;
    ADD(fold, truths, wide);
    ADD(fold, truths, wide);
    refuses(fold, PE_REDUCE_SUM, "the sum of result 1 does not fit int128");
    prints(fold, PE_REDUCE_MEAN, "mean,0.4,-6.80564733841877e+37\n");
    pe_fold_free(fold);
}
END_TEST

START_TEST(fold_of_floats_orders_zeros_and_infs)
{
    const float narrow[] = {0.0F, -0.0F, 0.1F};
    const double wide[] = {-DBL_MAX, -INFINITY, INFINITY};
    const pe_type types[] = {{PE_FLOAT32, 0}, {PE_FLOAT64, 0}};
    size_t count = COUNT(narrow);
    pe_fold *fold = make(types, 2);
    ADD(fold, narrow, wide);
    prints(fold, PE_REDUCE_MIN, "min,-0.0,-inf\n");
    prints(fold, PE_REDUCE_MAX, "max,0.1,inf\n");
    prints(fold, PE_REDUCE_SUM, "sum,0.10000000149011612,nan\n");
    pe_fold_free(fold);
    fold = make(types, 2);
    count = 2;
    ADD(fold, narrow, wide);
    prints(fold, PE_REDUCE_MAX, "max,0.0,-1.7976931348623157e+308\n");
    prints(fold, PE_REDUCE_MEAN, "mean,0.0,-inf\n");
    pe_fold_free(fold);
}
END_TEST

START_TEST(fold_with_nan_of_either_sign_is_nan)
{
    const pe_type types[] = {{PE_FLOAT64, 0}, {PE_FLOAT32, 0}};
    for (int minus = 0; minus < 2; minus++) {
        const double wide[] = {1.0, minus ? -NAN : NAN, INFINITY, -INFINITY};
        const float narrow[] = {1.0F, 2.0F, 3.0F, minus ? -NAN : NAN};
        const size_t count = COUNT(wide);
        pe_fold *fold = make(types, 2);
        ADD(fold, wide, narrow);
        prints(fold, PE_REDUCE_MIN, "min,nan,nan\n");
        prints(fold, PE_REDUCE_MAX, "max,nan,nan\n");
        prints(fold, PE_REDUCE_SUM, "sum,nan,nan\n");
        prints(fold, PE_REDUCE_MEAN, "mean,nan,nan\n");
        pe_fold_free(fold);
    }
}
END_TEST

START_TEST(fold_of_vectors_is_by_element)
{
    const int16_t small[] = {1, -2, 3, 10, -20, 30};
    const double pairs[] = {0.5, 1e300, 0.25, -1e300};
    const pe_int128 wide[] = {7, 8, 9, 10};
    const pe_type types[] = {{PE_INT16, 3}, {PE_FLOAT64, 2}, {PE_INT128, 2}};
    const size_t count = 2;
    pe_fold *fold = make(types, 3);
    ADD(fold, small, pairs, wide);
    prints(fold, PE_REDUCE_SUM, "sum,11,-22,33,0.75,0.0,16,18\n");
    prints(fold, PE_REDUCE_MAX, "max,10,-2,30,0.5,1e+300,9,10\n");
    prints(fold, PE_REDUCE_COUNT, "count,2,2,2,2,2,2,2\n");
    pe_fold_free(fold);
}
END_TEST

START_TEST(fold_counts_texts)
{
    const pe_text texts[] = {{"a", 1}, {"", 0}, {"b", 1}};
    const int64_t numbers[] = {1, 2, 3};
    const pe_type types[] = {{PE_TEXT, 0}, {PE_INT64, 0}};
    const size_t count = COUNT(texts);
    pe_fold *fold = make(types, 2);
    ADD(fold, texts, numbers);
    prints(fold, PE_REDUCE_COUNT, "count,3,3\n");
    pe_fold_free(fold);
}
END_TEST

/* Long columns in parts of every length, merged as they come: the same as the whole at once. */
static void print_all(pe_fold *fold, pe_buffer *out)
{
    pe_error err = PE_ERROR_INIT;
    for (pe_reduce_op op = PE_REDUCE_SUM; op <= PE_REDUCE_ARGMAX; op++)
        ck_ok(pe_fold_print(fold, op, ',', NULL, out, &err), err);
    ck_ok(pe_fold_print_quantile(fold, 0.5, ',', out, &err), err);
    ck_ok(pe_fold_print_histogram(fold, ',', out, &err), err);
}

/* The state as bytes somewhere else, as a checkpoint has them. */
static void merge_saved(pe_fold *total, pe_fold *part)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer bytes = {0};
    size_t size = 0, count = 0;
    const uint64_t *const counts = pe_fold_counts(part, &count);
    ck_ok(pe_bins_save(counts, count, &bytes, &err), err);
    ck_assert_uint_lt(bytes.size, 100000);
    ck_ok(pe_bins_check(count, bytes.data, bytes.size, &err), err);
    pe_bins_load(pe_fold_counts(total, &count), count, bytes.data, bytes.size);
    pe_buffer_fini(&bytes);
    const void *const state = pe_fold_state(part, &size);
    void *const saved = malloc(size);
    ck_assert_ptr_nonnull(saved);
    memcpy(saved, state, size);
    pe_fold_free(part);
    pe_fold_merge(total, saved);
    free(saved);
}

START_TEST(fold_is_the_same_for_any_split)
{
    enum { ITEMS = 5003 };
    static double reals[ITEMS];
    static int64_t numbers[ITEMS];
    static const size_t splits[] = {997, 1024, 1025, 4096};
    const pe_type types[] = {{PE_FLOAT64, 0}, {PE_INT64, 0}};
    pe_buffer whole = {0}, parts = {0};
    for (size_t i = 0; i < ITEMS; i++) {
        reals[i] = ldexp((double)i - 2000.5, (int)(i * i % 90));
        numbers[i] = (int64_t)(i * UINT64_C(0x9e3779b97f4a7c15));
    }
    size_t count = ITEMS;
    pe_fold *all = make(types, 2);
    ADD(all, reals, numbers);
    print_all(all, &whole);
    for (size_t s = 0; s < COUNT(splits); s++) {
        pe_fold *total = make(types, 2);
        for (size_t done = 0; done < ITEMS; done += count) {
            pe_fold *part = make(types, 2);
            count = ITEMS - done < splits[s] ? ITEMS - done : splits[s];
            const void *const columns[] = {reals + done, numbers + done};
            (void)pe_fold_add(part, done, columns, count);
            merge_saved(total, part);
        }
        parts.size = 0;
        print_all(total, &parts);
        ck_assert_uint_eq(parts.size, whole.size);
        ck_assert_mem_eq(parts.data, whole.data, whole.size);
        pe_fold_free(total);
    }
    pe_fold_free(all);
    pe_buffer_fini(&whole);
    pe_buffer_fini(&parts);
}
END_TEST

/* Values of more exponents than a tally has pages for, in the parts of two workers that are merged whenever one is full. */
START_TEST(fold_of_parts_is_that_of_the_whole)
{
    enum { ITEMS = 50000, MERGES_LEAST = 5 };
    static double reals[ITEMS];
    const pe_type type = {PE_FLOAT64, 0};
    pe_buffer whole = {0}, parts = {0};
    int merges = 0;
    for (size_t i = 0; i < ITEMS; i++)
        reals[i] = ldexp((i % 2 == 0 ? 1 : -1) * (1 + (double)(i % 1000) / 1000), (int)(i * i % 2000) - 1000);
    reals[7] = INFINITY;
    pe_fold *const all = make(&type, 1), *const total = make(&type, 1);
    pe_fold *part[] = {make_as(&type, 1, true), make_as(&type, 1, true)};
    size_t count = ITEMS;
    ADD(all, reals);
    for (size_t done = 0, w = 0; done < ITEMS; done += count, w = 1 - w) {
        if (!pe_fold_has_room(part[w])) {
            pe_fold_take(total, part[w]);
            merges++;
        }
        count = ITEMS - done < pe_fold_run(part[w]) ? ITEMS - done : pe_fold_run(part[w]);
        (void)pe_fold_add(part[w], done, (const void *const[]){reals + done}, count);
    }
    ck_assert_int_ge(merges, MERGES_LEAST);
    for (size_t w = 0; w < COUNT(part); w++) {
        pe_fold_take(total, part[w]);
        pe_fold_take(total, part[w]); /* empty now */
        pe_fold_free(part[w]);
    }
    size_t bins = 0;
    const uint64_t *const expected = pe_fold_counts(all, &bins);
    ck_assert_mem_eq(pe_fold_counts(total, &bins), expected, bins * sizeof *expected);
    print_all(all, &whole);
    print_all(total, &parts);
    ck_assert_uint_eq(parts.size, whole.size);
    ck_assert_mem_eq(parts.data, whole.data, whole.size);
    pe_fold_free(all);
    pe_fold_free(total);
    pe_buffer_fini(&whole);
    pe_buffer_fini(&parts);
}
END_TEST

START_TEST(damaged_counts_are_refused)
{
    static const unsigned char runs[][4] = {
        {0, 3, 5, 1}, {0, 4, 1, 0}, {0, 6, 0, 0}, {0x80, 0x80, 0x80, 0x80}, {0, 0, 1, 1}};
    uint64_t bins[5] = {0};
    pe_error err = PE_ERROR_INIT;
    for (size_t i = 1; i < COUNT(runs); i++)
        ck_assert_int_eq(pe_bins_check(COUNT(bins), runs[i], sizeof runs[i], &err), PE_EDATA);
    ck_ok(pe_bins_check(COUNT(bins), runs[0], sizeof runs[0], &err), err);
    pe_bins_load(bins, COUNT(bins), runs[0], sizeof runs[0]);
    ck_assert_uint_eq(bins[3], 5);
    ck_assert_uint_eq(bins[4], 1);
}
END_TEST

/* Every step-th bin has this count. */
START_TEST(saved_counts_stay_below_what_is_planned)
{
    static const struct {
        size_t step;
        uint64_t count;
    } kinds[] = {
        {1, 1}, {1, 127}, {2, 1}, {2, 128}, {1, 1 << 21}, {2, 1 << 20}, {129, 1}, {20000, 1}, {PE_BINS, UINT64_MAX}};
    pe_error err = PE_ERROR_INIT;
    uint64_t *bins = NULL;
    for (size_t k = 0; k < COUNT(kinds); k++) {
        pe_buffer bytes = {0};
        uint64_t items = 0;
        ck_ok(pe_bins_make(1, &bins, &err), err);
        for (size_t b = kinds[k].step - 1; b < PE_BINS; b += kinds[k].step, items += kinds[k].count)
            bins[b] = kinds[k].count;
        ck_ok(pe_bins_save(bins, PE_BINS, &bytes, &err), err);
        ck_assert_uint_le(bytes.size, pe_bins_saved_most(items));
        pe_buffer_fini(&bytes);
        free(bins);
    }
}
END_TEST

UNIT_MAIN("fold", fold_of_nothing_is_numpys, fold_of_every_integer_is_exact, fold_of_bool_and_int128,
          fold_of_floats_orders_zeros_and_infs, fold_with_nan_of_either_sign_is_nan, fold_of_vectors_is_by_element,
          fold_counts_texts, fold_is_the_same_for_any_split, fold_of_parts_is_that_of_the_whole,
          damaged_counts_are_refused, saved_counts_stay_below_what_is_planned)
