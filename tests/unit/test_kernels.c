/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_kernels.c - the built-in kernels against values from Python and numpy (kernel_tables.h) and from papers.
 *
 * Design: each table is run as one batch through a pe_call, as the engine does, and compared item by item: the result
 *         where it fits, a failure where it does not. Splits into other batches must give the same bytes.
 */
#include <check.h>
#include <inttypes.h>
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
    void *results[2];
    const pe_failure *failures;
    size_t failed;
} bench;

static void *column(pe_type type)
{
    void *out = NULL;
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_make_array(&out, MOST, pe_type_bytes(type), &err), err);
    return out;
}

static bench open_kernel(const pe_kernel *kernel)
{
    bench b = {.kernel = kernel};
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_signature_parse(kernel->signature, &b.signature, &err), err);
    ck_ok(pe_call_make(kernel, &b.signature, &b.call, &err), err);
    for (int a = 0; a < b.signature.arg_count; a++)
        b.args[a] = column(b.signature.args[a]);
    for (int r = 0; r < b.signature.result_count; r++)
        b.results[r] = column(b.signature.results[r]);
    return b;
}

static bench open_named(const char *name, const char *signature)
{
    size_t count = 0;
    const pe_kernel *const *all = pe_registry_all(&count);
    size_t k = 0;
    while (k < count && (strcmp(all[k]->name, name) != 0 || strcmp(all[k]->signature, signature) != 0))
        k++;
    ck_assert_msg(k < count, "no kernel %s %s", name, signature);
    return open_kernel(all[k]);
}

static void close_kernel(bench *b)
{
    for (int a = 0; a < b->signature.arg_count; a++)
        free(b->args[a]);
    for (int r = 0; r < b->signature.result_count; r++)
        free(b->results[r]);
    pe_call_free(b->call);
}

static void run(bench *b, size_t count)
{
    pe_error err = PE_ERROR_INIT;
    const void *args[8] = {NULL};
    ck_assert_uint_le(count, MOST);
    memcpy(args, b->args, sizeof args);
    ck_ok(pe_call_run(b->call, 0, count, args, b->results, &err), err);
    b->failures = pe_call_failures(b->call, &b->failed);
}

/* Why item i of the last run failed, or NULL. */
static const char *reason_of(const bench *b, size_t i)
{
    size_t f = 0;
    while (f < b->failed && b->failures[f].item != i)
        f++;
    return f < b->failed ? b->failures[f].reason : NULL;
}

/* True when item i succeeded; its failure must be the expected one, with the reason. */
static bool succeeds(const bench *b, size_t i, bool fits, const char *reason)
{
    const char *seen = reason_of(b, i);
    ck_assert_msg((seen == NULL) == fits, "%s item %zu: %s", b->kernel->name, i, seen == NULL ? "passed" : seen);
    if (seen != NULL)
        ck_assert_str_eq(seen, reason);
    return fits;
}

static void check_int64(const char *name, const int64_row *rows, size_t count)
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

static void check_int128(const char *name, const int128_row *rows, size_t count)
{
    bench b = open_named(name, "(int128) -> int128");
    words *x = b.args[0];
    const words *y = b.results[0];
    for (size_t i = 0; i < count; i++)
        x[i] = rows[i].x;
    run(&b, count);
    for (size_t i = 0; i < count; i++)
        if (succeeds(&b, i, rows[i].fits, "result does not fit int128"))
            ck_assert_msg(memcmp(&y[i], &rows[i].y, sizeof y[i]) == 0, "%s row %zu", name, i);
    close_kernel(&b);
}

START_TEST(square_int64_equals_python)
{
    check_int64("square", square_int64, COUNT(square_int64));
}
END_TEST

START_TEST(cube_int64_equals_python)
{
    check_int64("cube", cube_int64, COUNT(cube_int64));
}
END_TEST

START_TEST(square_int128_equals_python)
{
    check_int128("square", square_int128, COUNT(square_int128));
}
END_TEST

START_TEST(cube_int128_equals_python)
{
    check_int128("cube", cube_int128, COUNT(cube_int128));
}
END_TEST

START_TEST(sum_of_squares_int64_equals_python)
{
    bench b = open_named("sum_of_squares", "(int64, int64) -> int64");
    int64_t *x = b.args[0], *y = b.args[1];
    const int64_t *z = b.results[0];
    for (size_t i = 0; i < COUNT(sum_int64); i++) {
        x[i] = sum_int64[i].x;
        y[i] = sum_int64[i].y;
    }
    run(&b, COUNT(sum_int64));
    for (size_t i = 0; i < COUNT(sum_int64); i++)
        if (succeeds(&b, i, sum_int64[i].fits, "result does not fit int64"))
            ck_assert_int_eq(z[i], sum_int64[i].z);
    close_kernel(&b);
}
END_TEST

START_TEST(sum_of_squares_int128_equals_python)
{
    bench b = open_named("sum_of_squares", "(int128, int128) -> int128");
    words *x = b.args[0], *y = b.args[1];
    const words *z = b.results[0];
    for (size_t i = 0; i < COUNT(sum_int128); i++) {
        x[i] = sum_int128[i].x;
        y[i] = sum_int128[i].y;
    }
    run(&b, COUNT(sum_int128));
    for (size_t i = 0; i < COUNT(sum_int128); i++)
        if (succeeds(&b, i, sum_int128[i].fits, "result does not fit int128"))
            ck_assert_msg(memcmp(&z[i], &sum_int128[i].z, sizeof z[i]) == 0, "row %zu", i);
    close_kernel(&b);
}
END_TEST

/* The first failing item alone: a batch where all else fits must not hide it, wherever it stands. */
START_TEST(square_one_too_large_fails_alone)
{
    bench b = open_named("square", "(int64) -> int64");
    int64_t *x = b.args[0];
    const int64_t *y = b.results[0];
    for (size_t at = 0; at < 70; at++) {
        for (size_t i = 0; i < 70; i++)
            x[i] = 3037000499;
        x[at] = at % 2 == 0 ? 3037000500 : -3037000500;
        run(&b, 70);
        ck_assert_uint_eq(b.failed, 1);
        ck_assert_uint_eq(b.failures[0].item, at);
        ck_assert_int_eq(y[at == 0 ? 1 : 0], INT64_C(9223372030926249001));
    }
    close_kernel(&b);
}
END_TEST

static bool same_bits(double a, double b)
{
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return x == y;
}

START_TEST(powers_float64_equal_python)
{
    bench square = open_named("square", "(float64) -> float64");
    bench cube = open_named("cube", "(float64) -> float64");
    bench sum = open_named("sum_of_squares", "(float64, float64) -> float64");
    for (size_t i = 0; i < COUNT(powers_float64); i++) {
        ((double *)square.args[0])[i] = powers_float64[i].x;
        ((double *)cube.args[0])[i] = powers_float64[i].x;
        ((double *)sum.args[0])[i] = powers_float64[i].x;
        ((double *)sum.args[1])[i] = powers_float64[i].y;
    }
    run(&square, COUNT(powers_float64));
    run(&cube, COUNT(powers_float64));
    run(&sum, COUNT(powers_float64));
    for (size_t i = 0; i < COUNT(powers_float64); i++) {
        ck_assert(same_bits(((double *)square.results[0])[i], powers_float64[i].square));
        ck_assert(same_bits(((double *)cube.results[0])[i], powers_float64[i].cube));
        ck_assert(same_bits(((double *)sum.results[0])[i], powers_float64[i].sum));
    }
    ck_assert_uint_eq(square.failed + cube.failed + sum.failed, 0);
    close_kernel(&square);
    close_kernel(&cube);
    close_kernel(&sum);
}
END_TEST

static bool within_one_ulp(double a, double b)
{
    return a == b || nextafter(a, b) == b;
}

START_TEST(hypot_float64_is_exact_to_one_ulp)
{
    bench b = open_named("hypot", "(float64, float64) -> float64");
    for (size_t i = 0; i < COUNT(hypot_float64); i++) {
        ((double *)b.args[0])[i] = hypot_float64[i].x;
        ((double *)b.args[1])[i] = hypot_float64[i].y;
    }
    run(&b, COUNT(hypot_float64));
    for (size_t i = 0; i < COUNT(hypot_float64); i++)
        ck_assert_msg(within_one_ulp(((double *)b.results[0])[i], hypot_float64[i].length), "row %zu", i);
    close_kernel(&b);
}
END_TEST

START_TEST(norm3_float64_equals_formula_and_numpy)
{
    bench b = open_named("norm3", "(float64[3]) -> float64");
    for (size_t i = 0; i < COUNT(norm3_float64); i++) {
        const double v[] = {norm3_float64[i].x, norm3_float64[i].y, norm3_float64[i].z};
        memcpy((double *)b.args[0] + 3 * i, v, sizeof v);
    }
    run(&b, COUNT(norm3_float64));
    for (size_t i = 0; i < COUNT(norm3_float64); i++) {
        const double norm = ((double *)b.results[0])[i];
        ck_assert(same_bits(norm, norm3_float64[i].formula));
        ck_assert_msg(within_one_ulp(norm, norm3_float64[i].numpy), "row %zu: %.17g", i, norm);
    }
    close_kernel(&b);
}
END_TEST

START_TEST(divmod_equals_python)
{
    bench b = open_named("divmod", "(int64, int64) -> (int64, int64)");
    for (size_t i = 0; i < COUNT(quotients); i++) {
        ((int64_t *)b.args[0])[i] = quotients[i].x;
        ((int64_t *)b.args[1])[i] = quotients[i].y;
    }
    run(&b, COUNT(quotients));
    ck_assert_uint_eq(b.failed, 0);
    for (size_t i = 0; i < COUNT(quotients); i++) {
        ck_assert_int_eq(((int64_t *)b.results[0])[i], quotients[i].quotient);
        ck_assert_int_eq(((int64_t *)b.results[1])[i], quotients[i].remainder);
    }
    close_kernel(&b);
}
END_TEST

START_TEST(divmod_by_zero_or_too_large_fails)
{
    static const int64_t x[] = {0, 7, INT64_MIN, INT64_MIN, INT64_MIN};
    static const int64_t y[] = {0, 0, 0, -1, 1};
    bench b = open_named("divmod", "(int64, int64) -> (int64, int64)");
    memcpy(b.args[0], x, sizeof x);
    memcpy(b.args[1], y, sizeof y);
    run(&b, COUNT(x));
    for (size_t i = 0; i < 3; i++)
        ck_assert_str_eq(reason_of(&b, i), "integer division or modulo by zero"); /* Python's words */
    ck_assert_str_eq(reason_of(&b, 3), "result does not fit int64");
    ck_assert_ptr_null(reason_of(&b, 4));
    close_kernel(&b);
}
END_TEST

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
    for (size_t i = 0; i < count; i++) {
        const char *reason = reason_of(whole, first + i);
        const char *seen = reason_of(part, i);
        ck_assert((reason == NULL) == (seen == NULL));
        ck_assert(reason == NULL || strcmp(reason, seen) == 0);
        for (int r = 0; reason == NULL && r < whole->signature.result_count; r++) {
            const size_t bytes = pe_type_bytes(whole->signature.results[r]);
            const char *a = (char *)whole->results[r] + (first + i) * bytes;
            const char *b = (char *)part->results[r] + i * bytes;
            const pe_text *x = (const void *)a, *y = (const void *)b;
            const bool same = whole->signature.results[r].dtype != PE_TEXT
                                  ? memcmp(a, b, bytes) == 0
                                  : x->size == y->size && (x->size == 0 || memcmp(x->data, y->data, x->size) == 0);
            ck_assert_msg(same, "%s item %zu", whole->kernel->name, first + i);
        }
    }
}

START_TEST(every_kernel_gives_the_same_bytes_for_any_split)
{
    static const size_t splits[] = {1, 2, 3, 7, 8, 9, 31, 100, 333};
    size_t kernels = 0;
    const pe_kernel *const *all = pe_registry_all(&kernels);
    for (size_t k = 0; k < kernels; k++) {
        bench whole = open_kernel(all[k]), part = open_kernel(all[k]);
        uint64_t state = 42;
        for (int a = 0; a < whole.signature.arg_count; a++)
            fill(whole.args[a], whole.signature.args[a], 400, &state);
        run(&whole, 400);
        ck_assert_uint_lt(whole.failed, 400);
        for (size_t s = 0; s < COUNT(splits); s++)
            for (size_t first = 0; first < 400; first += splits[s])
                compare_part(&whole, &part, first, 400 - first < splits[s] ? 400 - first : splits[s]);
        close_kernel(&whole);
        close_kernel(&part);
    }
}
END_TEST

UNIT_MAIN("kernels", square_int64_equals_python, cube_int64_equals_python, square_int128_equals_python,
          cube_int128_equals_python, sum_of_squares_int64_equals_python, sum_of_squares_int128_equals_python,
          square_one_too_large_fails_alone, powers_float64_equal_python, hypot_float64_is_exact_to_one_ulp,
          norm3_float64_equals_formula_and_numpy, divmod_equals_python, divmod_by_zero_or_too_large_fails,
          is_prime_equals_python, is_prime_below_a_million_counts_78498, collatz_steps_equal_python,
          collatz_steps_known_values_and_failures, mandelbrot_equals_python, black_scholes_equals_python_decimals,
          black_scholes_outside_its_domain_fails, texts_equal_python,
          text_length_of_broken_utf8_fails_where_python_does, every_kernel_gives_the_same_bytes_for_any_split)
