/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* integer_range.h - which integers of a range a dtype holds exactly.
 */
#ifndef PE_INTEGER_RANGE_H
#define PE_INTEGER_RANGE_H

#include "base/block.h"
#include "types/dtype.h"
#include "types/number.h"

typedef struct pe_integer_range {
    pe_int128 start, step;
} pe_integer_range;

/* pe_integer_range_at - item i: computed modulo 2^128, which is right since every item of a range is an int128. */
static inline pe_int128 pe_integer_range_at(const pe_integer_range *range, uint64_t i)
{
    return (pe_int128)((pe_uint128)range->start + (pe_uint128)i * (pe_uint128)range->step);
}

/* pe_integer_range_find_misfit - find an item of the block that the dtype cannot hold exactly; of integers one of the two
 * ends. */
bool pe_integer_range_find_misfit(const pe_integer_range *range, pe_block block, pe_dtype dtype, pe_int128 *misfit);

/* pe_exact_limits - between these the dtype holds every integer. False: it is text. */
bool pe_exact_limits(pe_dtype dtype, pe_int128 *low, pe_int128 *high);

/* pe_exact_bits - the bits of an integer that a float, or the parts of a complex number, hold; 0: the dtype is neither. */
int pe_exact_bits(pe_dtype dtype);

#endif
