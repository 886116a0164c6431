/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_expr.h - what an expression can use beside C and its library: abs, min, max, texts, and exact results.
 *
 * Design: everything works without statement expressions, since the result's type is found where they are not allowed.
 */
#include <float.h>
#include <limits.h>
#include <stdbool.h>

#define PE_INT128_HIGH ((__int128)(~(unsigned __int128)0 >> 1))

static inline int64_t pe_abs_int64(int64_t v)
{
    return v < 0 ? -v : v;
}

static inline __int128 pe_abs_int128(__int128 v)
{
    return v < 0 ? -v : v;
}

static inline uint64_t pe_abs_uint64(uint64_t v)
{
    return v;
}

/* ---- texts ---- */

static inline pe_object_text pe_text_same(pe_object_text text)
{
    return text;
}

static inline pe_object_text pe_text_of(const char *text)
{
    return (pe_object_text){text, strlen(text)};
}

static inline int pe_starts_with(pe_object_text text, pe_object_text with)
{
    return text.size >= with.size && (with.size == 0 || memcmp(text.data, with.data, with.size) == 0);
}

static inline int pe_equals(pe_object_text a, pe_object_text b)
{
    return a.size == b.size && pe_starts_with(a, b);
}

static inline int pe_ends_with(pe_object_text text, pe_object_text with)
{
    return text.size >= with.size &&
           (with.size == 0 || memcmp(text.data + (text.size - with.size), with.data, with.size) == 0);
}

static inline int pe_contains(pe_object_text text, pe_object_text part)
{
    return part.size == 0 || (text.size > 0 && memmem(text.data, text.size, part.data, part.size) != NULL);
}

/* A column's text, or a literal. */
#define PE_TEXT(text) _Generic((text), pe_object_text : pe_text_same, default : pe_text_of)(text)
#define equals(a, b) pe_equals(PE_TEXT(a), PE_TEXT(b))
#define starts_with(text, with) pe_starts_with(PE_TEXT(text), PE_TEXT(with))
#define ends_with(text, with) pe_ends_with(PE_TEXT(text), PE_TEXT(with))
#define contains(text, part) pe_contains(PE_TEXT(text), PE_TEXT(part))
#define length(text) ((int64_t)PE_TEXT(text).size)

/* ---- numbers ---- */

#undef complex /* of complex.h, whose I is a float: an integer beside it would lose value */
#undef imaginary
#undef I
#define I (__builtin_complex(0.0, 1.0))
#undef linux /* names that a compiler for GNU's C defines as 1 */
#undef unix
#undef abs
#undef min
#undef max
/* clang-format off */
#define PE_OF(name, type)                                                                                              \
    _Generic((type), float: pe_##name##_float32, double: pe_##name##_float64, long double: pe_##name##_float64,        \
             __int128: pe_##name##_int128, unsigned long: pe_##name##_uint64,                                          \
             unsigned long long: pe_##name##_uint64, default: pe_##name##_int64)
#define pe_abs_float32 fabsf
#define pe_abs_float64 fabs
#define abs(v) PE_OF(abs, v)(v)
#define min(a, b) ((b) < (a) ? (b) : (a))
#define max(a, b) ((a) < (b) ? (b) : (a))

/* What a C type holds, and its name as a dtype. clang 14 has no _Float16 for x86. */
#ifdef __FLT16_MAX__
#define PE_HALF(value) _Float16: value,
#else
#define PE_HALF(value)
#endif
#define PE_IS_FLOAT(v)                                                                                                 \
    _Generic((v), PE_HALF(1) float: 1, double: 1, long double: 1, float _Complex: 1, double _Complex: 1,               \
             long double _Complex: 1, default: 0)
#define PE_LOW(type)                                                                                                   \
    _Generic((type)0, _Bool: (__int128)0, int8_t: (__int128)INT8_MIN, int16_t: (__int128)INT16_MIN,                    \
             int32_t: (__int128)INT32_MIN, int64_t: (__int128)INT64_MIN, __int128: -PE_INT128_HIGH - 1,                \
             default: (__int128)0)
#define PE_HIGH(type)                                                                                                  \
    _Generic((type)0, _Bool: (__int128)1, int8_t: (__int128)INT8_MAX, int16_t: (__int128)INT16_MAX,                    \
             int32_t: (__int128)INT32_MAX, int64_t: (__int128)INT64_MAX, __int128: PE_INT128_HIGH,                     \
             uint8_t: (__int128)UINT8_MAX, uint16_t: (__int128)UINT16_MAX, uint32_t: (__int128)UINT32_MAX,             \
             uint64_t: (__int128)UINT64_MAX, default: (__int128)0)
#define PE_DTYPE_NAME(type)                                                                                            \
    _Generic((type)0, int8_t: "int8", int16_t: "int16", int32_t: "int32", int64_t: "int64", __int128: "int128",        \
             uint8_t: "uint8", uint16_t: "uint16", uint32_t: "uint32", uint64_t: "uint64", default: "bool")
/* clang-format on */

static inline void pe_check_float(double value, double low, double beyond, const char *name)
{
    if (!(value >= low && value < beyond))
        pe_refuse("result does not fit ", name);
    if (value != trunc(value))
        pe_refuse("result is not a whole number: ", name);
}

/* value as type: exact where type is an integer, rounded where it is a float, compared with 0 where it is bool. */
#define PE_RESULT_OF(type, value)                                                                                      \
    ({                                                                                                                 \
        __auto_type pe_kept = (value);                                                                                 \
        if (!PE_IS_FLOAT((type)0) && !__builtin_types_compatible_p(type, _Bool)) {                                     \
            if (PE_IS_FLOAT(pe_kept))                                                                                  \
                pe_check_float((double)pe_kept, (double)PE_LOW(type), (double)PE_HIGH(type) + 1, PE_DTYPE_NAME(type)); \
            else if (!PE_MAY_WRAP &&                                                                                   \
                     (_Generic(pe_kept, unsigned __int128                                                              \
                               : (unsigned __int128)pe_kept > (unsigned __int128)PE_INT128_HIGH, default : 0) ||       \
                      (__int128)pe_kept < PE_LOW(type) || (__int128)pe_kept > PE_HIGH(type)))                          \
                pe_refuse("result does not fit ", PE_DTYPE_NAME(type));                                                \
        }                                                                                                              \
        (type) pe_kept;                                                                                                \
    })

/* clang-format off */
/* ---- the expression's own type ---- */

/* pe_probe is a prototype whose last parameter points to the expression's type: integers up to 64 bits are int64_t. */
#define PE_PROBE(type, result) void (*)(PE_PROBE_PARAMETERS, type *): (result)0
#ifdef __FLT16_MAX__
#define PE_PROBE_HALF PE_PROBE(_Float16, float),
#else
#define PE_PROBE_HALF
#endif
#define PE_PROBED_TYPE                                                                                                 \
    __typeof__(_Generic(&pe_probe, PE_PROBE(float, float), PE_PROBE(double, double), PE_PROBE(long double, double),    \
                        PE_PROBE_HALF PE_PROBE(float _Complex, float _Complex),                                        \
                        PE_PROBE(double _Complex, double _Complex), PE_PROBE(long double _Complex, double _Complex),   \
                        PE_PROBE(__int128, __int128), PE_PROBE(unsigned __int128, __int128),                           \
                        PE_PROBE(unsigned long, uint64_t), PE_PROBE(unsigned long long, uint64_t),                     \
                        default: (int64_t)0))
#define PE_DTYPE_OF(type)                                                                                              \
    _Generic((type)0, float: PE_FLOAT32, double: PE_FLOAT64, float _Complex: PE_COMPLEX64,                             \
             double _Complex: PE_COMPLEX128, __int128: PE_INT128, uint64_t: PE_UINT64, default: PE_INT64)
/* clang-format on */
