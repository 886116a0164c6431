/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* is_prime.c - kernel: is n a prime number?
 *
 * Design: trial division by the primes below 59, then Miller and Rabin's test to bases that are proven to leave no
 *         composite: {2, 7, 61} below 4,759,123,141 (Jaeschke 1993), else the seven of Sinclair (2011), verified up to
 *         2^64. Products are reduced by Montgomery's method (1985): no division in the loop.
 * Threads: no state.
 */
#include <stdbool.h>

#include "builtin.h"

#define JAESCHKE UINT64_C(4759123141)
#define COUNT(array) (sizeof(array) / sizeof *(array))

static const uint64_t few_bases[] = {2, 7, 61};
static const uint64_t all_bases[] = {2, 325, 9375, 28178, 450775, 9780504, 1795265022};
static const unsigned char small_primes[] = {3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53};

/* An odd modulus n, and what is needed to multiply modulo n with numbers kept as x * 2^64 mod n. */
typedef struct montgomery {
    uint64_t n;
    uint64_t inverse; /* n * inverse == 1 mod 2^64 */
    uint64_t one;     /* 2^64 mod n */
} montgomery;

static montgomery montgomery_make(uint64_t n)
{
    uint64_t inverse = n; /* right in 3 bits; each turn doubles them */
    for (int i = 0; i < 5; i++)
        inverse *= 2 - n * inverse;
    return (montgomery){.n = n, .inverse = inverse, .one = (0 - n) % n};
}

/* a * b / 2^64 mod n, for a, b < n. */
static inline uint64_t multiply(const montgomery *m, uint64_t a, uint64_t b)
{
    const pe_uint128 product = (pe_uint128)a * b;
    const uint64_t high = (uint64_t)(product >> 64);
    const uint64_t taken = (uint64_t)(((pe_uint128)((uint64_t)product * m->inverse) * m->n) >> 64);
    return high >= taken ? high - taken : high - taken + m->n;
}

/* x * 2^64 mod n */
static inline uint64_t enter(const montgomery *m, uint64_t x)
{
    return (uint64_t)(((pe_uint128)(x % m->n) << 64) % m->n);
}

/* Does n, with n - 1 == odd * 2^twos, pass the test to this base? n is larger than every base here. */
static bool passes(const montgomery *m, uint64_t odd, int twos, uint64_t base)
{
    const uint64_t minus_one = m->n - m->one;
    uint64_t square = enter(m, base);
    uint64_t power = m->one;
    for (uint64_t left = odd; left != 0; left >>= 1) {
        if ((left & 1) != 0)
            power = multiply(m, power, square);
        square = multiply(m, square, square);
    }
    if (power == m->one || power == minus_one)
        return true;
    for (int i = 1; i < twos; i++) {
        power = multiply(m, power, power);
        if (power == minus_one)
            return true;
    }
    return false;
}

static bool is_prime_odd(uint64_t n)
{
    const montgomery m = montgomery_make(n);
    const int twos = __builtin_ctzll(n - 1);
    const uint64_t odd = (n - 1) >> twos;
    const uint64_t *bases = n < JAESCHKE ? few_bases : all_bases;
    const size_t count = n < JAESCHKE ? COUNT(few_bases) : COUNT(all_bases);
    for (size_t i = 0; i < count; i++)
        if (!passes(&m, odd, twos, bases[i]))
            return false;
    return true;
}

static bool is_prime(int64_t n)
{
    if (n < 4)
        return n >= 2;
    if (n % 2 == 0)
        return false;
    for (size_t i = 0; i < COUNT(small_primes); i++)
        if ((uint64_t)n % small_primes[i] == 0)
            return n == small_primes[i];
    return n < INT64_C(59) * 59 || is_prime_odd((uint64_t)n);
}

static int map_int64(pe_batch *batch)
{
    const int64_t *restrict n = batch->args[0];
    unsigned char *restrict result = batch->results[0];
    for (size_t i = 0; i < batch->count; i++)
        result[i] = is_prime(n[i]);
    return 0;
}

const pe_kernel pe_kernel_is_prime_int64 = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "is_prime",
    .signature = "(int64) -> bool",
    .summary = "whether n is a prime number, exact for every int64; 1, 0 and below are not",
    .map = map_int64,
};
