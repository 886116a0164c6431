// SPDX-FileCopyrightText: the pengine authors
// SPDX-License-Identifier: BSD-3-Clause
//
// number_run_cxx.cc - parses decimal numbers with fast_float, for the C functions of charconv.h and number_run.h.
//
// Invariant: the floats are those of std::from_chars, which stands in where fast_float is not installed: both round to the
//            nearest.
// Design:    decimals.c makes an integer of the digits of a number of a common form. Where it is exact, one division rounds it,
//            else fast_float's multiplication does. Every other number goes through fast_float alone, which is a header and is
//            compiled into the loop with -O3 (CMakeLists.txt).
// Threads:   no state.
// Not here:  the syntax of numbers (number.c); printing (charconv_cxx.cc).

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <system_error>

#if defined(PENGINE_FAST_FLOAT)
#include <fast_float/fast_float.h>
#endif

#include "base/attr.h"
#include "types/charconv.h"
#include "types/decimals.h"
#include "types/number_run.h"

namespace
{

struct text {
    const char *begin, *end;
};

#if defined(PENGINE_FAST_FLOAT)
// fast_float 3 gives infinity for a number that is too large, and zero for one that is too small.
template <typename T> PE_INLINE pe_chars parse_float(text in, T &out)
{
    const fast_float::from_chars_result got = fast_float::from_chars(in.begin, in.end, out);
    if (got.ec == std::errc::invalid_argument || got.ptr != in.end)
        return PE_CHARS_BAD;
    return got.ec == std::errc() && !std::isinf(out) ? PE_CHARS_OK : PE_CHARS_RANGE;
}
#else
template <typename T> PE_INLINE pe_chars parse_float(text in, T &out)
{
    const std::from_chars_result got = std::from_chars(in.begin, in.end, out);
    if (got.ec == std::errc::invalid_argument || got.ptr != in.end)
        return PE_CHARS_BAD;
    return got.ec == std::errc() ? PE_CHARS_OK : PE_CHARS_RANGE;
}
#endif

template <typename T> pe_chars parse_whole(const char *data, std::size_t size, T *out)
{
    T value = 0;
    const pe_chars got = size == 0 ? PE_CHARS_BAD : parse_float(text{data, data + size}, value);
    if (got == PE_CHARS_OK)
        *out = value;
    return got;
}

// ---- any decimal number ----

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool is_all_digits(text in)
{
    in.begin += *in.begin == '-';
    while (in.begin != in.end && is_digit(*in.begin))
        in.begin++;
    return in.begin == in.end;
}

// Digits alone are an integer, which may be too large to be exact: number.c checks it.
template <typename T> bool take_any(text in, T &out)
{
    constexpr T exact_below = sizeof(T) == 4 ? static_cast<T>(0x1p24) : static_cast<T>(0x1p53);
    if (in.begin == in.end || parse_float(in, out) != PE_CHARS_OK)
        return false;
    return std::fabs(out) < exact_below || (std::isfinite(out) && !is_all_digits(in));
}

// Up to 18 digits.
bool take_any(text in, std::int64_t &out)
{
    const bool is_negative = in.begin != in.end && *in.begin == '-';
    in.begin += is_negative;
    if (in.begin == in.end || in.end - in.begin > 18)
        return false;
    std::uint64_t value = 0;
    for (; in.begin != in.end && is_digit(*in.begin); in.begin++)
        value = value * 10 + static_cast<unsigned>(*in.begin - '0');
    out = static_cast<std::int64_t>(is_negative ? -value : value);
    return in.begin == in.end;
}

// ---- the common numbers ----

// mantissa / 10^places, rounded to the nearest; false: the digits have to be looked at.
template <typename T> PE_INLINE bool scale(std::uint64_t mantissa, std::size_t places, T &out)
{
    constexpr std::uint64_t exact = std::uint64_t{1} << std::numeric_limits<T>::digits;
    constexpr std::size_t most = sizeof(T) == 4 ? 10 : PE_DECIMAL_PLACES; // powers that are exact as a T
    if (mantissa <= exact && places <= most) {
        const auto power = static_cast<T>(static_cast<std::int64_t>(pe_powers_of_ten[places]));
        out = static_cast<T>(static_cast<std::int64_t>(mantissa)) / power;
        return true;
    }
#if defined(PENGINE_FAST_FLOAT)
    using format = fast_float::binary_format<T>;
    const fast_float::adjusted_mantissa rounded =
        fast_float::compute_float<format>(-static_cast<std::int64_t>(places), mantissa);
    fast_float::to_float(false, rounded, out);
    return rounded.power2 >= 0;
#else
    return false;
#endif
}

template <typename T> PE_INLINE bool take_common(const pe_decimal &in, T &out)
{
    constexpr std::uint64_t exact = std::uint64_t{1} << std::numeric_limits<T>::digits;
    T size;
    if (!in.is_common || (!in.has_point && in.mantissa > exact) || !scale(in.mantissa, in.places, size))
        return false;
    out = in.is_negative ? -size : size;
    return true;
}

PE_INLINE bool take_common(const pe_decimal &in, std::int64_t &out)
{
    const auto size = static_cast<std::int64_t>(in.mantissa); // of at most 16 digits, without a point
    out = in.is_negative ? -size : size;
    return in.is_common && !in.has_point;
}

// ---- the loop ----

bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

text trimmed_text(const pe_number_run &run, std::size_t i)
{
    const std::uint32_t *const ends = run.ends + i * run.stride;
    text in = {run.data + static_cast<std::uint32_t>(ends[0] + 1), run.data + ends[1]};
    if (run.may_end_in_cr != 0 && in.begin != in.end && in.end[-1] == '\r')
        in.end--;
    while (in.begin != in.end && is_blank(*in.begin))
        in.begin++;
    while (in.begin != in.end && is_blank(in.end[-1]))
        in.end--;
    return in;
}

template <typename T> bool take_empty(const pe_number_run &run, std::size_t i, T &out)
{
    const std::uint32_t *const ends = run.ends + i * run.stride;
    if constexpr (std::numeric_limits<T>::has_quiet_NaN)
        out = std::numeric_limits<T>::quiet_NaN();
    return std::numeric_limits<T>::has_quiet_NaN && run.empty_is_nan != 0 &&
           static_cast<std::uint32_t>(ends[0] + 1) == ends[1];
}

template <typename T> std::size_t parse(const pe_number_run &run, std::size_t from, char *out, std::size_t step)
{
    constexpr std::size_t most = 64; // numbers at once
    pe_decimal decimals[most];
    for (std::size_t first = from; first < run.count; first += most) {
        const std::size_t count = run.count - first < most ? run.count - first : most;
        pe_read_decimals(&run, first, count, decimals);
        for (std::size_t i = 0; i < count; i++) {
            T value;
            if (!take_common(decimals[i], value) && !take_any(trimmed_text(run, first + i), value) &&
                !take_empty(run, first + i, value))
                return first + i;
            std::memcpy(out + (first + i) * step, &value, sizeof value);
        }
    }
    return run.count;
}

} // namespace

bool pe_can_parse_run(pe_dtype dtype)
{
    return dtype == PE_FLOAT64 || dtype == PE_FLOAT32 || dtype == PE_INT64;
}

size_t pe_parse_run(const pe_number_run *run, size_t from, pe_dtype dtype, void *out, size_t step)
{
    char *const at = static_cast<char *>(out);
    if (dtype == PE_FLOAT64)
        return parse<double>(*run, from, at, step);
    return dtype == PE_FLOAT32 ? parse<float>(*run, from, at, step) : parse<std::int64_t>(*run, from, at, step);
}

pe_chars pe_chars_to_float64(const char *data, size_t size, double *out)
{
    return parse_whole(data, size, out);
}

pe_chars pe_chars_to_float32(const char *data, size_t size, float *out)
{
    return parse_whole(data, size, out);
}
