/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fold_widen.c - a run of one element of a column as a dense array of int64, float64 or int128.
 *
 * Design:   three kinds of loops suffice then for all dtypes and strides; the common columns need no conversion.
 * Threads:  any.
 */
#include <string.h>

#include "reduce/fold_internal.h"
#include "types/half.h"

/* widen_TYPE: elements `stride` bytes apart into a dense run of a wider type. */
#define WIDENER(type, member)                                                                                          \
    static void widen_##type(const unsigned char *from, size_t stride, size_t count, pe_run *to)                       \
    {                                                                                                                  \
        for (size_t i = 0; i < count; i++) {                                                                           \
            type value;                                                                                                \
            memcpy(&value, from + i * stride, sizeof value);                                                           \
            to->member[i] = value;                                                                                     \
        }                                                                                                              \
    }

WIDENER(int8_t, ints)
WIDENER(int16_t, ints)
WIDENER(int32_t, ints)
WIDENER(int64_t, ints)
WIDENER(uint8_t, ints)
WIDENER(uint16_t, ints)
WIDENER(uint32_t, ints)
WIDENER(pe_int128, wide)
WIDENER(float, reals)
WIDENER(double, reals)

static void widen_half(const unsigned char *from, size_t stride, size_t count, pe_run *to)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t bits;
        memcpy(&bits, from + i * stride, sizeof bits);
        to->reals[i] = pe_half_widen(bits);
    }
}

const void *pe_widen(pe_dtype dtype, const unsigned char *from, size_t stride, size_t count, pe_run *room)
{
    const size_t bytes = pe_dtype_bytes(dtype);
    if (bytes >= 8 && stride == bytes)
        return from;
    if (dtype == PE_INT8)
        widen_int8_t(from, stride, count, room);
    else if (dtype == PE_INT16)
        widen_int16_t(from, stride, count, room);
    else if (dtype == PE_INT32)
        widen_int32_t(from, stride, count, room);
    else if (dtype == PE_UINT8 || dtype == PE_BOOL)
        widen_uint8_t(from, stride, count, room);
    else if (dtype == PE_UINT16)
        widen_uint16_t(from, stride, count, room);
    else if (dtype == PE_UINT32)
        widen_uint32_t(from, stride, count, room);
    else if (dtype == PE_INT128)
        widen_pe_int128(from, stride, count, room);
    else if (dtype == PE_FLOAT16)
        widen_half(from, stride, count, room);
    else if (dtype == PE_FLOAT32)
        widen_float(from, stride, count, room);
    else if (dtype == PE_FLOAT64)
        widen_double(from, stride, count, room);
    else /* int64, and uint64 by its bits */
        widen_int64_t(from, stride, count, room);
    return room;
}
