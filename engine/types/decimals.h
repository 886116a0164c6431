/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* decimals.h - the digits of a run of decimal numbers as integers (private to this folder).
 *
 * Design: no branch depends on a digit or on how many there are, so that the processor works on several numbers at once. With
 *         AVX2 all digits of a number are converted together; the results are the same with plain C, which leaves a few more
 *         numbers to the caller.
 */
#ifndef PE_DECIMALS_H
#define PE_DECIMALS_H

#include <stdbool.h>

#include "types/number_run.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The number is mantissa / 10^places. */
typedef struct pe_decimal {
    uint64_t mantissa; /* below 10^19 */
    uint32_t places;   /* at most PE_DECIMAL_PLACES */
    bool is_negative;
    bool has_point;
    bool is_common; /* false: the caller has to look at the text; the rest means nothing */
} pe_decimal;

#define PE_DECIMAL_PLACES 18

/* pe_read_decimals - numbers from .. from + count - 1. One with an exponent, blanks, no digit in front of its point or
 * more than 19 digits is never common. */
void pe_read_decimals(const pe_number_run *run, size_t from, size_t count, pe_decimal *out);

/* What pe_read_decimals chooses from, for the test that compares them: those that this processor can run, the best one
 * first; the last one is plain C. */
typedef struct pe_decimals_way {
    const char *name;
    void (*read)(const pe_number_run *run, size_t from, size_t count, pe_decimal *out);
} pe_decimals_way;
const pe_decimals_way *pe_decimals_ways(size_t *count);

#if defined(__x86_64__)
/* decimals_x86.c */
bool pe_decimals_have_avx2(void);
void pe_read_decimals_avx2(const pe_number_run *run, size_t from, size_t count, pe_decimal *out);
#endif

extern const uint64_t pe_powers_of_ten[PE_DECIMAL_PLACES + 1];

#ifdef __cplusplus
}
#endif

#endif
