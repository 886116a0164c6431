/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* convert.c - converts arrays from one dtype to another.
 *
 * Invariant: a value is converted exactly, or the conversion fails.
 * Design:   a block of elements is widened (integers to int128, floats to float64, which hold every source value), then
 *           narrowed with a check of each value. So one loop per dtype and direction is enough, instead of one per pair
 *           of dtypes. Elements are copied by memcpy, so columns need no alignment.
 * Threads:  no state.
 * Not here: the conversions that a job may request (pe_dtype_cast).
 */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "types/dtype.h"
#include "types/half.h"
#include "types/number.h"

#define BLOCK 128u
#define REALS (2 * BLOCK) /* the parts of a block of complex numbers */

#define TWO_TO_127 0x1p127

#define WIDEN(type)                                                                                                    \
    for (size_t i = 0; i < count; i++) {                                                                               \
        type value;                                                                                                    \
        memcpy(&value, bytes + i * sizeof value, sizeof value);                                                        \
        out[i] = value;                                                                                                \
    }

static void widen_integers(pe_dtype dtype, const unsigned char *bytes, pe_int128 *out, size_t count)
{
    switch ((int)dtype) {
    case PE_BOOL:
        for (size_t i = 0; i < count; i++)
            out[i] = bytes[i] != 0;
        break;
    case PE_INT8:
        WIDEN(int8_t)
        break;
    case PE_INT16:
        WIDEN(int16_t)
        break;
    case PE_INT32:
        WIDEN(int32_t)
        break;
    case PE_INT64:
        WIDEN(int64_t)
        break;
    case PE_UINT8:
        WIDEN(uint8_t)
        break;
    case PE_UINT16:
        WIDEN(uint16_t)
        break;
    case PE_UINT32:
        WIDEN(uint32_t)
        break;
    case PE_UINT64:
        WIDEN(uint64_t)
        break;
    default:
        memcpy(out, bytes, count * sizeof *out);
        break;
    }
}

static void widen_floats(pe_dtype dtype, const unsigned char *bytes, double *out, size_t count)
{
    if (dtype == PE_FLOAT64) {
        memcpy(out, bytes, count * sizeof *out);
    } else if (dtype == PE_FLOAT32) {
        WIDEN(float)
    } else {
        for (size_t i = 0; i < count; i++) {
            uint16_t bits;
            memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
            out[i] = pe_half_widen(bits);
        }
    }
}

/* The loops below end at the first element that is not exact; the functions return the number of exact ones before it.
 */
#define NARROW(type, least, most)                                                                                      \
    while (done < count && in[done] >= (least) && in[done] <= (most)) {                                                \
        const type value = (type)in[done];                                                                             \
        memcpy(bytes + done * sizeof value, &value, sizeof value);                                                     \
        done++;                                                                                                        \
    }

static size_t narrow_to_integers(const pe_int128 *in, pe_dtype dtype, unsigned char *bytes, size_t count)
{
    size_t done = 0;
    switch ((int)dtype) {
    case PE_BOOL:
        NARROW(uint8_t, 0, 1)
        break;
    case PE_INT8:
        NARROW(int8_t, INT8_MIN, INT8_MAX)
        break;
    case PE_INT16:
        NARROW(int16_t, INT16_MIN, INT16_MAX)
        break;
    case PE_INT32:
        NARROW(int32_t, INT32_MIN, INT32_MAX)
        break;
    case PE_INT64:
        NARROW(int64_t, INT64_MIN, INT64_MAX)
        break;
    case PE_UINT8:
        NARROW(uint8_t, 0, UINT8_MAX)
        break;
    case PE_UINT16:
        NARROW(uint16_t, 0, UINT16_MAX)
        break;
    case PE_UINT32:
        NARROW(uint32_t, 0, UINT32_MAX)
        break;
    case PE_UINT64:
        NARROW(uint64_t, 0, UINT64_MAX)
        break;
    default:
        memcpy(bytes, in, count * sizeof *in);
        done = count;
        break;
    }
    return done;
}

/* The greatest int128 rounds up to 2^127, which must not be cast back. */
#define NARROW_TO_FLOAT(type)                                                                                          \
    while (done < count) {                                                                                             \
        const type value = (type)in[done];                                                                             \
        const bool exact = value < (type)TWO_TO_127 && (pe_int128)value == in[done];                                   \
        count = exact ? count : done;                                                                                  \
        if (exact)                                                                                                     \
            memcpy(bytes + done++ * sizeof value, &value, sizeof value);                                               \
    }

static bool int_to_half(pe_int128 value, unsigned char *bytes)
{
    const uint16_t bits = pe_half_round((double)value);
    memcpy(bytes, &bits, sizeof bits);
    return value >= -65504 && value <= 65504 && pe_half_widen(bits) == (double)value;
}

static size_t narrow_integers(const pe_int128 *in, pe_dtype dtype, unsigned char *bytes, size_t count)
{
    size_t done = 0;
    if (dtype == PE_FLOAT16)
        while (done < count && int_to_half(in[done], bytes + done * 2))
            done++;
    else if (dtype == PE_FLOAT32)
        NARROW_TO_FLOAT(float)
    else if (dtype == PE_FLOAT64)
        NARROW_TO_FLOAT(double)
    else
        done = narrow_to_integers(in, dtype, bytes, count);
    return done;
}

static bool double_to_integer(double value, pe_dtype dtype, unsigned char *bytes)
{
    if (!(value >= -TWO_TO_127 && value < TWO_TO_127))
        return false;
    const pe_int128 integer = (pe_int128)value;
    return (double)integer == value && narrow_to_integers(&integer, dtype, bytes, 1) == 1;
}

/* A NaN stays a NaN; another value must be the same when it is converted back. */
static bool double_to_float(double value, unsigned char *bytes)
{
    if (isfinite(value) && fabs(value) > (double)FLT_MAX)
        return false;
    const float single = (float)value;
    memcpy(bytes, &single, sizeof single);
    return isnan(value) || (double)single == value;
}

static bool double_to_half(double value, unsigned char *bytes)
{
    const uint16_t bits = pe_half_round(value);
    memcpy(bytes, &bits, sizeof bits);
    return isnan(value) || pe_half_widen(bits) == value;
}

static size_t narrow_floats(const double *in, pe_dtype dtype, unsigned char *bytes, size_t count)
{
    const size_t size = pe_dtype_bytes(dtype);
    size_t done = 0;
    if (dtype == PE_FLOAT64) {
        memcpy(bytes, in, count * size);
        done = count;
    } else if (dtype == PE_FLOAT32) {
        while (done < count && double_to_float(in[done], bytes + done * size))
            done++;
    } else if (dtype == PE_FLOAT16) {
        while (done < count && double_to_half(in[done], bytes + done * size))
            done++;
    } else {
        while (done < count && double_to_integer(in[done], dtype, bytes + done * size))
            done++;
    }
    return done;
}

/* At most REALS elements that are not complex; how many of them were exact. */
static size_t convert_reals(pe_dtype from, const unsigned char *in, pe_dtype to, unsigned char *out, size_t count)
{
    if (from == to) {
        memcpy(out, in, count * pe_dtype_bytes(from));
        return count;
    }
    if (pe_dtype_is_float(from)) {
        double wide[REALS];
        widen_floats(from, in, wide, count);
        return narrow_floats(wide, to, out, count);
    }
    pe_int128 wide[REALS];
    widen_integers(from, in, wide, count);
    return narrow_integers(wide, to, out, count);
}

/* Each element gets an imaginary part of 0. */
static size_t add_imaginary(pe_dtype from, const unsigned char *in, pe_dtype to, unsigned char *out, size_t count)
{
    unsigned char reals[BLOCK * sizeof(double)];
    const pe_dtype part = pe_dtype_part(to);
    const size_t size = pe_dtype_bytes(part);
    const size_t done = convert_reals(from, in, part, reals, count);
    memset(out, 0, done * 2 * size);
    for (size_t i = 0; i < done; i++)
        memcpy(out + i * 2 * size, reals + i * size, size);
    return done;
}

/* An element with an imaginary part is not exact. */
static size_t drop_imaginary(pe_dtype from, const unsigned char *in, pe_dtype to, unsigned char *out, size_t count)
{
    unsigned char reals[BLOCK * sizeof(double)];
    double parts[REALS];
    const pe_dtype part = pe_dtype_part(from);
    const size_t size = pe_dtype_bytes(part);
    widen_floats(part, in, parts, 2 * count);
    size_t fit = 0;
    for (; fit < count && parts[2 * fit + 1] == 0; fit++)
        memcpy(reals + fit * size, in + fit * 2 * size, size);
    return convert_reals(part, reals, to, out, fit);
}

/* At most BLOCK elements; how many of them were exact. */
static size_t convert_block(pe_dtype from, const unsigned char *in, pe_dtype to, unsigned char *out, size_t count)
{
    const bool is_from = pe_dtype_is_complex(from), is_to = pe_dtype_is_complex(to);
    if (is_from && is_to)
        return convert_reals(pe_dtype_part(from), in, pe_dtype_part(to), out, 2 * count) / 2;
    if (is_to)
        return add_imaginary(from, in, to, out, count);
    return is_from ? drop_imaginary(from, in, to, out, count) : convert_reals(from, in, to, out, count);
}

static bool is_integral(pe_dtype dtype)
{
    return dtype == PE_BOOL || pe_dtype_is_int(dtype);
}

static pe_status refuse(pe_dtype from, const unsigned char *element, pe_dtype to, pe_error *err)
{
    char value[PE_NUMBER_ROOM + 1];
    *pe_print_element(value, from, element) = '\0';
    const bool between_integers = is_integral(from) && is_integral(to);
    return pe_fail(err, PE_EDATA, between_integers ? "%s does not fit %s" : "%s is not exact as %s", value,
                   pe_dtype_name(to));
}

pe_status pe_convert(pe_dtype from, const void *in, pe_dtype to, void *out, size_t count, size_t *bad, pe_error *err)
{
    const size_t from_bytes = pe_dtype_bytes(from), to_bytes = pe_dtype_bytes(to);
    if (count == 0)
        return PE_OK;
    if (from == to) {
        memcpy(out, in, count * from_bytes);
        return PE_OK;
    }
    assert(from != PE_TEXT && to != PE_TEXT);
    for (size_t at = 0; at < count; at += BLOCK) {
        const unsigned char *const source = (const unsigned char *)in + at * from_bytes;
        unsigned char *const target = (unsigned char *)out + at * to_bytes;
        const size_t block = count - at < BLOCK ? count - at : BLOCK;
        const size_t done = convert_block(from, source, to, target, block);
        if (done < block) {
            *bad = at + done;
            return refuse(from, source + done * from_bytes, to, err);
        }
    }
    return PE_OK;
}

bool pe_dtype_rounds(pe_dtype from, pe_dtype to)
{
    const bool are_floats = pe_dtype_is_float(from) && pe_dtype_is_float(to);
    const bool are_complex = pe_dtype_is_complex(from) && pe_dtype_is_complex(to);
    return (are_floats || are_complex) && pe_dtype_bytes(to) < pe_dtype_bytes(from);
}

static void round_to_float32(const unsigned char *in, unsigned char *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, in + i * sizeof value, sizeof value);
        const float single = (float)value;
        memcpy(out + i * sizeof single, &single, sizeof single);
    }
}

void pe_round_floats(pe_dtype from, const void *in, pe_dtype to, void *out, size_t count)
{
    const pe_dtype wide = pe_dtype_part(from);
    count = pe_dtype_is_complex(from) ? 2 * count : count;
    if (pe_dtype_part(to) == PE_FLOAT32) {
        round_to_float32(in, out, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        double value;
        widen_floats(wide, (const unsigned char *)in + i * pe_dtype_bytes(wide), &value, 1);
        const uint16_t bits = pe_half_round(value);
        memcpy((unsigned char *)out + i * sizeof bits, &bits, sizeof bits);
    }
}
