/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_kernels.c - the built-in kernels of number theory, pictures, prices, texts against values from Python and
 * papers.
 *
 * Design: each table is run as one batch and compared item by item. At the end every built-in kernel there is: splits
 *         into other batches must give the same bytes.
 */
#include <check.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "kernel_helpers.h"
#include "kernel_tables.h"

START_TEST(is_prime_equals_python)
{
    bench b = open_named("is_prime", "(int64) -> bool");
    const unsigned char *result = b.results[0];
    for (size_t i = 0; i < COUNT(primes); i++)
        ((int64_t *)b.args[0])[i] = primes[i].n;
    run(&b, COUNT(primes));
    ck_assert_uint_eq(b.failed, 0);
    for (size_t i = 0; i < COUNT(primes); i++)
        ck_assert_msg(result[i] == primes[i].is_prime, "%" PRId64 ": %d", primes[i].n, result[i]);
    close_kernel(&b);
}
END_TEST

START_TEST(is_prime_below_a_million_counts_78498)
{
    bench b = open_named("is_prime", "(int64) -> bool");
    size_t count = 0;
    for (int64_t first = 0; first < 1000000; first += 4000) {
        for (int64_t i = 0; i < 4000; i++)
            ((int64_t *)b.args[0])[i] = first + i;
        run(&b, 4000);
        for (size_t i = 0; i < 4000; i++)
            count += ((unsigned char *)b.results[0])[i];
    }
    ck_assert_uint_eq(count, 78498); /* OEIS A006880 */
    close_kernel(&b);
}
END_TEST

START_TEST(collatz_steps_equal_python)
{
    check_int64("collatz_steps", collatz, COUNT(collatz));
}
END_TEST

START_TEST(collatz_steps_up_to_a_million_sum_as_pythons)
{
    bench b = open_named("collatz_steps", "(int64) -> int64");
    int64_t sum = 0;
    for (int64_t first = 1; first < 1000000; first += 4000) {
        for (int64_t i = 0; i < 4000; i++)
            ((int64_t *)b.args[0])[i] = first + i;
        run(&b, 4000);
        ck_assert_uint_eq(b.failed, 0);
        for (int64_t i = 0; i < 4000; i++)
            sum += (first + i) * ((int64_t *)b.results[0])[i];
    }
    ck_assert_int_eq(sum, INT64_C(68332491616277));
    close_kernel(&b);
}
END_TEST

START_TEST(collatz_steps_known_values_and_failures)
{
    static const int64_t starts[] = {27, 837799, 0, -1, INT64_MIN, 1};
    bench b = open_named("collatz_steps", "(int64) -> int64");
    const int64_t *steps = b.results[0];
    memcpy(b.args[0], starts, sizeof starts);
    run(&b, COUNT(starts));
    ck_assert_int_eq(steps[0], 111); /* OEIS A006577 */
    ck_assert_int_eq(steps[1], 524); /* the longest below a million: Project Euler, problem 14 */
    ck_assert_int_eq(steps[5], 0);
    ck_assert_uint_eq(b.failed, 3);
    for (size_t i = 2; i < 5; i++)
        ck_assert_str_eq(reason_of(&b, i), "collatz_steps needs an integer of 1 or more");
    close_kernel(&b);
}
END_TEST

START_TEST(mandelbrot_equals_python)
{
    bench b = open_named("mandelbrot", "(float64, float64) -> int64");
    for (size_t i = 0; i < COUNT(escapes); i++) {
        ((double *)b.args[0])[i] = escapes[i].re;
        ((double *)b.args[1])[i] = escapes[i].im;
    }
    run(&b, COUNT(escapes));
    for (size_t i = 0; i < COUNT(escapes); i++)
        ck_assert_int_eq(((int64_t *)b.results[0])[i], escapes[i].steps);
    close_kernel(&b);
}
END_TEST

static void set_option(bench *b, size_t i, const double option[5])
{
    for (int a = 0; a < 5; a++)
        ((double *)b->args[a])[i] = option[a];
}

static const char options_signature[] = "(float64, float64, float64, float64, float64) -> float64";

START_TEST(black_scholes_equals_python_decimals)
{
    bench b = open_named("black_scholes", options_signature);
    for (size_t i = 0; i < COUNT(options); i++)
        set_option(&b, i, options[i].given);
    run(&b, COUNT(options));
    for (size_t i = 0; i < COUNT(options); i++) {
        const double price = ((double *)b.results[0])[i];
        ck_assert_msg(fabs(price - options[i].price) <= 1e-14 * options[i].given[0], "row %zu: %.17g", i, price);
    }
    ck_assert(fabs(((double *)b.results[0])[0] - 4.76) < 0.005); /* Hull, Options, Futures and Other Derivatives */
    close_kernel(&b);
}
END_TEST

START_TEST(black_scholes_outside_its_domain_fails)
{
    static const double good[] = {42, 40, 0.5, 0.1, 0.2};
    static const char *const names[] = {"spot", "strike", "years", "rate", "volatility"};
    const double values[] = {0, -1, NAN, INFINITY, -0.0};
    bench b = open_named("black_scholes", options_signature);
    for (int a = 0; a < 5; a++)
        for (size_t v = 0; v < COUNT(values); v++) {
            double option[5];
            memcpy(option, good, sizeof option);
            option[a] = values[v];
            set_option(&b, 0, option);
            run(&b, 1);
            const bool is_rate = a == 3 && isfinite(values[v]);
            ck_assert_uint_eq(b.failed, is_rate ? 0 : 1);
            ck_assert(is_rate || strncmp(b.failures[0].reason, names[a], strlen(names[a])) == 0);
        }
    set_option(&b, 0, (const double[]){1, 1, 1e-300, 0, 1e-200}); /* 0 / 0 on the way */
    run(&b, 1);
    ck_assert_uint_eq(b.failed, 1);
    close_kernel(&b);
}
END_TEST

START_TEST(texts_equal_python)
{
    bench length = open_named("text_length", "(text) -> int64");
    bench upper = open_named("text_upper", "(text) -> text");
    for (size_t i = 0; i < COUNT(texts); i++) {
        const pe_text text = {texts[i].data, texts[i].size};
        ((pe_text *)length.args[0])[i] = text;
        ((pe_text *)upper.args[0])[i] = text;
    }
    run(&length, COUNT(texts));
    run(&upper, COUNT(texts));
    ck_assert_uint_eq(length.failed + upper.failed, 0);
    for (size_t i = 0; i < COUNT(texts); i++) {
        const pe_text seen = ((pe_text *)upper.results[0])[i];
        ck_assert_int_eq(((int64_t *)length.results[0])[i], texts[i].length);
        ck_assert_uint_eq(seen.size, texts[i].upper_size);
        ck_assert(seen.size == 0 || memcmp(seen.data, texts[i].upper, seen.size) == 0);
    }
    close_kernel(&length);
    close_kernel(&upper);
}
END_TEST

START_TEST(text_length_of_broken_utf8_fails_where_python_does)
{
    bench b = open_named("text_length", "(text) -> int64");
    for (size_t i = 0; i < COUNT(broken); i++)
        ((pe_text *)b.args[0])[i] = (pe_text){broken[i].data, broken[i].size};
    run(&b, COUNT(broken));
    ck_assert_uint_eq(b.failed, COUNT(broken));
    for (size_t i = 0; i < COUNT(broken); i++) {
        char reason[PE_REASON_ROOM];
        snprintf(reason, sizeof reason, "not UTF-8 at byte %zu", broken[i].at);
        ck_assert_str_eq(b.failures[i].reason, reason);
    }
    close_kernel(&b);
}
END_TEST

START_TEST(ep_equals_python)
{
    bench b = open_named("ep", "(int64) -> (float64, float64, int64[10])");
    for (size_t i = 0; i < COUNT(batches); i++)
        ((int64_t *)b.args[0])[i] = batches[i].number;
    ((int64_t *)b.args[0])[COUNT(batches)] = -1;
    run(&b, COUNT(batches) + 1);
    ck_assert_uint_eq(b.failed, 1);
    ck_assert_str_eq(reason_of(&b, COUNT(batches)), "ep needs the number of a batch, 0 or more");
    for (size_t i = 0; i < COUNT(batches); i++) {
        ck_assert_double_eq_tol(((double *)b.results[0])[i], batches[i].x, 1e-9);
        ck_assert_double_eq_tol(((double *)b.results[1])[i], batches[i].y, 1e-9);
        ck_assert_mem_eq((int64_t *)b.results[2] + 10 * i, batches[i].counts, sizeof batches[i].counts);
    }
    close_kernel(&b);
}
END_TEST

static uint64_t draw(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state ^ *state >> 29;
}

/* Items that succeed and items that fail, of any type that the built-ins take. */
static void fill(void *data, pe_type type, size_t count, uint64_t *state)
{
    static const char *const words_of[] = {"", "alpha", "Straße", "x\xFF", "a longer text, twice the length"};
    for (size_t i = 0; i < count * pe_type_elements(type); i++) {
        const int64_t integer = (int64_t)draw(state) >> draw(state) % 64;
        const char *word = words_of[draw(state) % COUNT(words_of)];
        if (type.dtype == PE_INT64)
            ((int64_t *)data)[i] = integer;
        else if (type.dtype == PE_INT128)
            ((pe_int128 *)data)[i] = (pe_int128)integer * (draw(state) % 3 == 0 ? INT32_MAX : 1);
        else if (type.dtype == PE_FLOAT64)
            ((double *)data)[i] = (double)(draw(state) % 4001) / 1000 - 2;
        else
            ((pe_text *)data)[i] = (pe_text){word, strlen(word)};
    }
}

/* Runs items [first, first + count) alone and compares with the same items of the whole run. */
static void compare_part(const bench *whole, bench *part, size_t first, size_t count)
{
    for (int a = 0; a < whole->signature.arg_count; a++) {
        const size_t bytes = pe_type_bytes(whole->signature.args[a]);
        memcpy(part->args[a], (char *)whole->args[a] + first * bytes, count * bytes);
    }
    run(part, count);
    size_t wrong = 0, last = 0;
    for (size_t i = 0; i < count; i++) {
        const char *reason = reason_of(whole, first + i);
        const char *seen = reason_of(part, i);
        bool is_same = reason == NULL ? seen == NULL : seen != NULL && strcmp(reason, seen) == 0;
        for (int r = 0; reason == NULL && r < whole->signature.result_count; r++) {
            const size_t bytes = pe_type_bytes(whole->signature.results[r]);
            const char *a = (char *)whole->results[r] + (first + i) * bytes;
            const char *b = (char *)part->results[r] + i * bytes;
            const pe_text *x = (const void *)a, *y = (const void *)b;
            const bool same = whole->signature.results[r].dtype != PE_TEXT
                                  ? memcmp(a, b, bytes) == 0
                                  : x->size == y->size && (x->size == 0 || memcmp(x->data, y->data, x->size) == 0);
            is_same = is_same && same;
        }
        wrong += !is_same;
        last = is_same ? last : first + i;
    }
    ck_assert_msg(wrong == 0, "%s: %zu items differ, the last is %zu", whole->kernel->name, wrong, last);
}

START_TEST(every_kernel_gives_the_same_bytes_for_any_split)
{
    static const size_t splits[] = {1, 2, 3, 7, 8, 9, 31, 100, 333};
    size_t kernels = 0;
    const pe_kernel *const *all = pe_registry_all(&kernels);
    for (size_t k = 0; k < kernels; k++) {
        bench whole = open_kernel(all[k]), part = open_kernel(all[k]);
        const size_t items = strcmp(all[k]->name, "ep") == 0 ? 16 : 400; /* an item of ep takes a millisecond */
        uint64_t state = 42;
        for (int a = 0; a < whole.signature.arg_count; a++)
            fill(whole.args[a], whole.signature.args[a], items, &state);
        run(&whole, items);
        ck_assert_uint_lt(whole.failed, items);
        for (size_t s = 0; s < COUNT(splits); s++)
            for (size_t first = 0; first < items; first += splits[s])
                compare_part(&whole, &part, first, items - first < splits[s] ? items - first : splits[s]);
        close_kernel(&whole);
        close_kernel(&part);
    }
}
END_TEST

UNIT_MAIN("kernels", is_prime_equals_python, is_prime_below_a_million_counts_78498, collatz_steps_equal_python,
          collatz_steps_up_to_a_million_sum_as_pythons, collatz_steps_known_values_and_failures,
          mandelbrot_equals_python, black_scholes_equals_python_decimals, black_scholes_outside_its_domain_fails,
          ep_equals_python, texts_equal_python, text_length_of_broken_utf8_fails_where_python_does,
          every_kernel_gives_the_same_bytes_for_any_split)
