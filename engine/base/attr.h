/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* attr.h - the compiler extensions that the engine uses.
 */
#ifndef PE_ATTR_H
#define PE_ATTR_H

#include <pengine/types.h>

#define PE_PRINTF(text, first) __attribute__((format(printf, text, first)))
#define PE_INLINE static inline __attribute__((always_inline)) /* where a call costs more than a few percent */
#define PE_CACHE_LINE 64u
/* In front of a loop: its body eight times in a row, so that what a turn stores can stay in a register for the next. */
#if defined(__clang__)
#define PE_UNROLL_8 _Pragma("clang loop unroll_count(8)")
#else
#define PE_UNROLL_8 _Pragma("GCC unroll 8")
#endif
/* Calls a function of a program with main's arguments before any library is initialised. Not for libraries. */
#define PE_BEFORE_LIBRARIES(function)                                                                                  \
    __attribute__((section(".preinit_array"), used)) static void (*const before_libraries)(int, char **, char **) =    \
        (function)
#if defined(__x86_64__)
/* For a function that only a processor with AVX2 may run, and BMI: where PE_HAS_AVX2() is true. */
#define PE_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2")))
#define PE_HAS_AVX2()                                                                                                  \
    (__builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0 && __builtin_cpu_supports("bmi2") != 0)
#define PE_PAUSE() __builtin_ia32_pause()
#else
#define PE_PAUSE() ((void)0)
#endif
#define PE_INT128_MAX ((pe_int128)(~(pe_uint128)0 >> 1))
#define PE_INT128_MIN (-PE_INT128_MAX - 1)

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "pengine writes numbers as they lie in memory, which has to be little-endian"
#endif

#endif
