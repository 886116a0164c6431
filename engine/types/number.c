/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* number.c - parses a whole text as one number of a dtype.
 *
 * Invariant: an integer is never rounded. Digits without point or exponent are an integer (an identifier or a count),
 *            and are refused for a float that does not hold them exactly.
 * Design:   integers are parsed here, since charconv has no int128; floats are parsed by charconv, without their sign.
 *           Other numbers are rounded to the nearest float: one too small becomes zero, one too large is refused.
 * Threads:  no state.
 * Not here: printing numbers (charconv_cxx.cc); file, line and column of a bad number in messages (source).
 */
#include "types/number.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "types/charconv.h"
#include "types/half.h"

typedef struct span {
    const char *text;
    size_t size;
} span;

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static span trim(span in)
{
    while (in.size > 0 && is_space(in.text[0])) {
        in.text++;
        in.size--;
    }
    while (in.size > 0 && is_space(in.text[in.size - 1]))
        in.size--;
    return in;
}

/* Removes a leading sign; true for a minus. */
static bool take_sign(span *in)
{
    const char first = in->size > 0 ? in->text[0] : '\0';
    if (first == '-' || first == '+') {
        in->text++;
        in->size--;
    }
    return first == '-';
}

/* Parses digits only; false for a number that is clearly beyond int128. */
static bool parse_digits(span in, pe_uint128 *out)
{
    const pe_uint128 most = (pe_uint128)PE_INT128_MAX / 10;
    uint64_t first = 0;
    size_t i = 0;
    for (; i < in.size && i < 19; i++) { /* 19 digits always fit 64 bits */
        if (!is_digit(in.text[i]))
            return false;
        first = first * 10 + (uint64_t)(in.text[i] - '0');
    }
    pe_uint128 value = first;
    for (; i < in.size; i++) {
        if (!is_digit(in.text[i]) || value > most)
            return false;
        value = value * 10u + (unsigned)(in.text[i] - '0');
    }
    *out = value;
    return in.size > 0;
}

static bool parse_integer(span in, pe_dtype dtype, void *out)
{
    const bool negative = take_sign(&in);
    pe_uint128 size = 0;
    if (!parse_digits(in, &size))
        return false;
    const size_t bytes = pe_dtype_bytes(dtype);
    const bool is_signed = dtype < PE_UINT8 || dtype > PE_UINT64;
    const pe_uint128 beyond = (pe_uint128)1 << (8 * bytes - (is_signed ? 1 : 0));
    if (negative ? size > (is_signed ? beyond : 0) : size >= beyond)
        return false;
    const pe_uint128 value = negative ? -size : size;
    memcpy(out, &value, bytes); /* two's complement, little-endian: the low bytes are the value */
    return true;
}

static bool is_word(span in, const char *lower)
{
    size_t i = 0;
    while (i < in.size && lower[i] != '\0' && (in.text[i] | 0x20) == lower[i])
        i++;
    return i == in.size && lower[i] == '\0';
}

/* The power of ten of the first nonzero digit of a plain number, without the exponent part. */
static int64_t leading_exponent(span in)
{
    size_t point = 0, first = 0;
    while (point < in.size && in.text[point] != '.')
        point++;
    while (first < in.size && (in.text[first] == '0' || in.text[first] == '.'))
        first++;
    const int64_t exponent = (int64_t)point - (int64_t)first;
    return first < point ? exponent - 1 : exponent;
}

/* Is a number that is out of range too small (less than one) and not too large? */
static bool is_tiny(span in)
{
    const int64_t no_text_is_so_long = INT64_MAX / 4;
    size_t mark = 0;
    while (mark < in.size && in.text[mark] != 'e' && in.text[mark] != 'E')
        mark++;
    int64_t exponent = 0;
    bool negative = false;
    if (mark < in.size) {
        span power = {in.text + mark + 1, in.size - mark - 1};
        pe_uint128 size = 0;
        negative = take_sign(&power);
        const bool fits = parse_digits(power, &size) && size < (pe_uint128)no_text_is_so_long;
        exponent = fits ? (int64_t)size : no_text_is_so_long;
    }
    return leading_exponent((span){in.text, mark}) + (negative ? -exponent : exponent) < 0;
}

static bool parse_word(span in, double *out)
{
    const bool is_nan = is_word(in, "nan");
    *out = is_nan ? (double)NAN : (double)INFINITY;
    return is_nan || is_word(in, "inf") || is_word(in, "infinity");
}

static bool is_all_digits(span in)
{
    size_t i = 0;
    while (i < in.size && is_digit(in.text[i]))
        i++;
    return in.size > 0 && i == in.size;
}

/* Does the float differ from the integer that it was parsed from? */
static bool is_rounded(span digits, double value)
{
    char exact[DBL_MAX_10_EXP + 8];
    pe_uint128 size = 0;
    if (parse_digits(digits, &size))
        return (pe_uint128)value != size;
    while (digits.size > 0 && digits.text[0] == '0') {
        digits.text++;
        digits.size--;
    }
    const int count = snprintf(exact, sizeof exact, "%.0f", value); /* the exact decimal digits */
    return count < 0 || (size_t)count != digits.size || memcmp(exact, digits.text, digits.size) != 0;
}

/* Parses a number that begins with a digit or a point. A float32 is parsed directly: through float64 it would be
 * rounded twice. */
static bool parse_plain(span in, pe_dtype dtype, double *out)
{
    double wide = 0;
    float single = 0;
    if (in.size == 0 || !(is_digit(in.text[0]) || in.text[0] == '.'))
        return false;
    const pe_chars got = dtype == PE_FLOAT32 ? pe_chars_to_float32(in.text, in.size, &single)
                                             : pe_chars_to_float64(in.text, in.size, &wide);
    if (got == PE_CHARS_BAD || (got == PE_CHARS_RANGE && !is_tiny(in)))
        return false;
    *out = dtype == PE_FLOAT32 ? (double)single : wide;
    if (dtype == PE_FLOAT16 && is_all_digits(in))
        return pe_half_widen(pe_half_round(*out)) == *out;
    const double exact_below = dtype == PE_FLOAT32 ? 0x1p24 : 0x1p53;
    return *out < exact_below || !is_all_digits(in) || !is_rounded(in, *out);
}

/* The nearest float16; one that is out of range is refused. */
static bool store_half(double value, void *out)
{
    const uint16_t bits = pe_half_round(value);
    memcpy(out, &bits, sizeof bits);
    return isinf(value) || !isinf(pe_half_widen(bits));
}

static bool parse_float(span in, pe_dtype dtype, void *out)
{
    const bool negative = take_sign(&in);
    double value = 0;
    if (!parse_word(in, &value) && !parse_plain(in, dtype, &value))
        return false;
    value = negative ? -value : value;
    const float single = (float)value; /* used only for float32, where parse_plain gave a float32 */
    if (dtype == PE_FLOAT16)
        return store_half(value, out);
    if (dtype == PE_FLOAT32)
        memcpy(out, &single, sizeof single);
    else
        memcpy(out, &value, sizeof value);
    return true;
}

/* The sign that the imaginary part begins with, from the right: no sign of an exponent; 0: there is no real part. */
static size_t find_imaginary(span in)
{
    size_t at = in.size;
    while (at > 0) {
        at--;
        const bool is_sign = in.text[at] == '+' || in.text[at] == '-';
        if (is_sign && (at == 0 || (in.text[at - 1] | 0x20) != 'e'))
            return at;
    }
    return 0;
}

/* A factor of j: a float, or a sign alone, or nothing. */
static bool parse_imaginary(span in, pe_dtype part, void *out)
{
    if (in.size == 0 || (in.size == 1 && (in.text[0] == '+' || in.text[0] == '-')))
        return parse_float(in.size == 1 && in.text[0] == '-' ? (span){"-1", 2} : (span){"1", 1}, part, out);
    return parse_float(in, part, out);
}

static bool parse_complex(span in, pe_dtype dtype, unsigned char *out)
{
    const pe_dtype part = pe_dtype_part(dtype);
    if (in.size >= 2 && in.text[0] == '(' && in.text[in.size - 1] == ')')
        in = trim((span){in.text + 1, in.size - 2});
    memset(out, 0, pe_dtype_bytes(dtype));
    if (in.size == 0 || (in.text[in.size - 1] | 0x20) != 'j')
        return parse_float(in, part, out);
    in.size--;
    const size_t at = find_imaginary(in);
    return (at == 0 || parse_float((span){in.text, at}, part, out)) &&
           parse_imaginary((span){in.text + at, in.size - at}, part, out + pe_dtype_bytes(part));
}

static bool equals(span in, const char *word)
{
    return in.size == strlen(word) && memcmp(in.text, word, in.size) == 0;
}

static bool parse_bool(span in, void *out)
{
    const bool is_true = equals(in, "True") || equals(in, "true") || equals(in, "1");
    const bool is_false = equals(in, "False") || equals(in, "false") || equals(in, "0");
    const uint8_t byte = is_true ? 1 : 0;
    if (is_true || is_false)
        memcpy(out, &byte, 1);
    return is_true || is_false;
}

bool pe_parse_element(const char *text, size_t size, pe_dtype dtype, void *out)
{
    assert(dtype != PE_TEXT);
    const span in = trim((span){text, size});
    if (dtype == PE_BOOL)
        return parse_bool(in, out);
    if (pe_dtype_is_float(dtype))
        return parse_float(in, dtype, out);
    if (pe_dtype_is_complex(dtype))
        return parse_complex(in, dtype, out);
    return parse_integer(in, dtype, out);
}

bool pe_is_integer_text(const char *text, size_t size)
{
    span in = trim((span){text, size});
    (void)take_sign(&in);
    return is_all_digits(in);
}

size_t pe_number_room(pe_dtype dtype)
{
    /* The longest float32 is -9999999000000000.0, the longest float64 -2.2250738585072014e-308. */
    static const unsigned char rooms[] = {
        [PE_BOOL] = 5,    [PE_INT8] = 4,     [PE_INT16] = 6,      [PE_INT32] = 11,
        [PE_INT64] = 20,  [PE_UINT8] = 3,    [PE_UINT16] = 5,     [PE_UINT32] = 10,
        [PE_UINT64] = 20, [PE_INT128] = 40,  [PE_FLOAT32] = 19,   [PE_FLOAT64] = 24,
        [PE_TEXT] = 0,    [PE_FLOAT16] = 12, [PE_COMPLEX64] = 42, [PE_COMPLEX128] = 52,
    };
    assert(dtype >= PE_BOOL && dtype <= PE_DTYPE_LAST);
    return rooms[dtype];
}
