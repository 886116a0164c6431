// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// charconv_cxx.cc - prints numbers with C++'s charconv, for the C functions of number.h.
//
// Invariant: nothing in this file allocates memory or throws.
// Design:   Dragonbox gives the shortest digits that read back as the same float, of several such the closest to it;
//           std::to_chars, which gives the same digits in twice the time, stands in where Dragonbox is not installed. This
//           file formats them as Python does. Whole floats below 2^53 are printed as integers, which is faster and gives the same digits. An int128
//           is printed in parts of at most 19 digits.
// Threads:  no state.
// Not here: parsing (number.c, number_run_cxx.cc); job files (toml.cc, a separate file since toml++ throws).

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

#if defined(PENGINE_DRAGONBOX)
#include <dragonbox/dragonbox.h>
#endif

#include "types/decimals.h"
#include "types/half.h"
#include "types/number.h"

namespace
{

constexpr std::uint64_t ten_to_19 = 10000000000000000000u;

// A copy, since columns need no alignment.
template <typename T> T load(const void *element)
{
    T value;
    std::memcpy(&value, element, sizeof value);
    return value;
}

template <typename T> char *print_integer(char *out, T value)
{
    return std::to_chars(out, out + 20, value).ptr; // an integer of 64 bits has at most 20 characters
}

char *copy(char *out, const char *text, std::size_t size)
{
    std::memcpy(out, text, size);
    return out + size;
}

char *zeros(char *out, int count)
{
    if (count > 0) {
        std::memset(out, '0', static_cast<std::size_t>(count));
        out += count;
    }
    return out;
}

struct decimal {
    char text[24];
    const char *digits; // in text, without a point
    int count;
    int point; // the value is 0.digits * 10^point
};

// From the digits and the exponent of charconv's "d.ddde+XX".
void take_apart(const char *text, const char *end, decimal &out)
{
    const char *mark = end - 1;
    while (*mark != 'e')
        mark--;
    int exponent = 0;
    for (const char *c = mark + 2; c < end; c++)
        exponent = exponent * 10 + (*c - '0');
    out.text[0] = text[0];
    out.digits = out.text;
    out.count = 1;
    if (mark - text > 2) {
        out.count = static_cast<int>(mark - text) - 1;
        std::memcpy(out.text + 1, text + 2, static_cast<std::size_t>(out.count - 1));
    }
    out.point = (mark[1] == '-' ? -exponent : exponent) + 1;
}

#if defined(PENGINE_DRAGONBOX)
// The eight digits of a number below 10^8, the first one in the lowest byte: numbers of four digits, of two and of one are
// made in all lanes of a word at once. A lane's division by 100 or 10 is a multiplication and a shift, exact for such numbers.
std::uint64_t eight_digits(std::uint64_t value)
{
    const std::uint64_t fours = value / 10000 | (value % 10000) << 32;
    const std::uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007F0000007Fu;
    const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
    const std::uint64_t tens = (twos * 103 >> 10) & 0x000F000F000F000Fu;
    return (tens | (twos - 10 * tens) << 8) | 0x3030303030303030u;
}

// How many digits a number from 1 to 10^17 - 1 has: 1233 / 4096 is log10(2), and rounding down makes it one less at most.
int count_digits(std::uint64_t value)
{
    const int log = (64 - __builtin_clzll(value)) * 1233 >> 12;
    return log + (value >= pe_powers_of_ten[log] ? 1 : 0);
}

// The digits of a number from 1 to 10^17 - 1: all 17 of them are made, since branches on their number are mispredicted.
void make_digits(std::uint64_t value, decimal &out)
{
    const std::uint64_t high = value / 100000000;
    const std::uint64_t words[] = {eight_digits(high % 100000000), eight_digits(value % 100000000)};
    out.text[0] = static_cast<char>('0' + high / 100000000);
    std::memcpy(out.text + 1, words, sizeof words);
    out.count = count_digits(value);
    out.digits = out.text + 17 - out.count;
}
#endif

// The shortest digits of a positive finite number that read back as the same.
template <typename T> void shortest(T value, decimal &out)
{
#if defined(PENGINE_DRAGONBOX)
    const auto parts = jkj::dragonbox::to_decimal(value, jkj::dragonbox::policy::sign::ignore);
    make_digits(parts.significand, out);
    out.point = out.count + parts.exponent;
#else
    char text[32];
    take_apart(text, std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr, out);
#endif
}

char *lay_out_scientific(char *out, const decimal &number)
{
    *out++ = number.digits[0];
    if (number.count > 1) {
        *out++ = '.';
        out = copy(out, number.digits + 1, static_cast<std::size_t>(number.count - 1));
    }
    const int exponent = number.point - 1;
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    const int size = exponent < 0 ? -exponent : exponent;
    if (size < 10)
        *out++ = '0';
    return print_integer(out, size);
}

char *lay_out_positional(char *out, const decimal &number)
{
    if (number.point <= 0) {
        out = copy(out, "0.", 2);
        out = zeros(out, -number.point);
        return copy(out, number.digits, static_cast<std::size_t>(number.count));
    }
    if (number.point >= number.count) {
        out = copy(out, number.digits, static_cast<std::size_t>(number.count));
        out = zeros(out, number.point - number.count);
        return copy(out, ".0", 2);
    }
    out = copy(out, number.digits, static_cast<std::size_t>(number.point));
    *out++ = '.';
    return copy(out, number.digits + number.point, static_cast<std::size_t>(number.count - number.point));
}

template <typename T> char *print_float(char *out, T value)
{
    if (std::isnan(value))
        return copy(out, "nan", 3);
    if (std::signbit(value)) {
        *out++ = '-';
        value = -value;
    }
    if (std::isinf(value))
        return copy(out, "inf", 3);
    // Below this, every whole number is exact as a T, so its digits as an integer are the shortest ones.
    constexpr T whole_below = static_cast<T>(std::uint64_t{1} << std::numeric_limits<T>::digits);
    if (value < whole_below && static_cast<T>(static_cast<std::int64_t>(value)) == value) {
        out = print_integer(out, static_cast<std::int64_t>(value));
        return copy(out, ".0", 2);
    }
    // The notation is chosen by value, not by digits, as in numpy: float32(1e-4) is less than 1e-4 and prints as 1e-04.
    const double size = static_cast<double>(value);
    const bool is_scientific = size < 1e-4 || size >= 1e16;
    decimal number;
    shortest(value, number);
    return is_scientific ? lay_out_scientific(out, number) : lay_out_positional(out, number);
}

// The fewest digits that read back as the same float16: at most five. A tie between two texts of as many digits may have
// to be rounded up, as at a power of two, below which the numbers are closer; so a little more is tried as well.
void shortest_half(double value, decimal &out)
{
    const std::uint16_t bits = pe_half_round(value);
    for (int attempt = 0; attempt < 10; attempt++) {
        char text[32];
        const double tried = attempt % 2 == 0 ? value : value * (1 + 1e-9);
        const char *const end =
            std::to_chars(text, text + sizeof text, tried, std::chars_format::scientific, attempt / 2).ptr;
        double back = 0;
        (void)std::from_chars(text, end, back);
        if (pe_half_round(back) != bits)
            continue;
        take_apart(text, end, out);
        break;
    }
}

char *print_half(char *out, std::uint16_t bits)
{
    const double value = pe_half_widen(bits);
    const double size = std::fabs(value);
    if (!std::isfinite(value) || size < 2048) {
        if (!std::isfinite(value) || size == std::floor(size))
            return print_float(out, value);
    }
    if (value < 0)
        *out++ = '-';
    decimal number = {};
    shortest_half(size, number);
    return size < 1e-4 ? lay_out_scientific(out, number) : lay_out_positional(out, number);
}

// As a part of a complex number: a whole float without its ".0".
template <typename T> char *print_part(char *out, T value)
{
    char *const end = print_float(out, value);
    return end - out > 2 && end[-1] == '0' && end[-2] == '.' ? end - 2 : end;
}

// As Python's repr: the real part is left out where it is +0.
template <typename T> char *print_complex(char *out, T real, T imaginary)
{
    const bool has_real = real != 0 || std::signbit(real);
    if (has_real) {
        *out++ = '(';
        out = print_part(out, real);
        if (std::isnan(imaginary) || !std::signbit(imaginary))
            *out++ = '+';
    }
    out = print_part(out, imaginary);
    *out++ = 'j';
    if (has_real)
        *out++ = ')';
    return out;
}

char *print_int128(char *out, pe_int128 value)
{
    pe_uint128 rest = static_cast<pe_uint128>(value);
    if (value < 0) {
        *out++ = '-';
        rest = -rest;
    }
    const std::uint64_t high = static_cast<std::uint64_t>(rest / ten_to_19),
                        low = static_cast<std::uint64_t>(rest % ten_to_19);
    if (high == 0)
        return print_integer(out, low);
    out = print_integer(out, high);
    char digits[20];
    const char *const end = print_integer(digits, low);
    out = zeros(out, 19 - static_cast<int>(end - digits));
    return copy(out, digits, static_cast<std::size_t>(end - digits));
}

} // namespace

char *pe_print_int64(char *out, int64_t value)
{
    return print_integer(out, value);
}

char *pe_print_uint64(char *out, uint64_t value)
{
    return print_integer(out, value);
}

char *pe_print_int128(char *out, pe_int128 value)
{
    const std::int64_t low = static_cast<std::int64_t>(value);
    return low == value ? print_integer(out, low) : print_int128(out, value);
}

char *pe_print_float64(char *out, double value)
{
    return print_float(out, value);
}

char *pe_print_float32(char *out, float value)
{
    return print_float(out, value);
}

char *pe_print_element(char *out, pe_dtype dtype, const void *element)
{
    switch (static_cast<int>(dtype)) {
    case PE_BOOL:
        return load<std::uint8_t>(element) != 0 ? copy(out, "True", 4) : copy(out, "False", 5);
    case PE_INT8:
        return print_integer(out, static_cast<int>(load<std::int8_t>(element)));
    case PE_INT16:
        return print_integer(out, static_cast<int>(load<std::int16_t>(element)));
    case PE_INT32:
        return print_integer(out, load<std::int32_t>(element));
    case PE_INT64:
        return print_integer(out, load<std::int64_t>(element));
    case PE_UINT8:
        return print_integer(out, static_cast<unsigned>(load<std::uint8_t>(element)));
    case PE_UINT16:
        return print_integer(out, static_cast<unsigned>(load<std::uint16_t>(element)));
    case PE_UINT32:
        return print_integer(out, load<std::uint32_t>(element));
    case PE_UINT64:
        return print_integer(out, load<std::uint64_t>(element));
    case PE_INT128:
        return pe_print_int128(out, load<pe_int128>(element));
    case PE_FLOAT16:
        return print_half(out, load<std::uint16_t>(element));
    case PE_FLOAT32:
        return print_float(out, load<float>(element));
    case PE_COMPLEX64:
        return print_complex(out, load<float>(element), load<float>(static_cast<const char *>(element) + 4));
    case PE_COMPLEX128:
        return print_complex(out, load<double>(element), load<double>(static_cast<const char *>(element) + 8));
    default:
        return print_float(out, load<double>(element));
    }
}
