/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cpu.c - the instruction set extensions of this processor that compilers use.
 *
 * Design:  rank 0 compiles for its own processor (-march=native) and sends the object to all ranks. A rank on a node with
 *          an older processor must refuse it. On other architectures the list is empty, and code is for all their processors.
 * Threads: no state.
 */
#include "kernel/cpu.h"

#include <string.h>

#if defined(__x86_64__)
/* the macro of the compiler, the name for __builtin_cpu_supports */
#define FEATURES(X)                                                                                                    \
    X(__POPCNT__, "popcnt")                                                                                            \
    X(__SSE4_2__, "sse4.2")                                                                                            \
    X(__AVX__, "avx")                                                                                                  \
    X(__AVX2__, "avx2")                                                                                                \
    X(__FMA__, "fma")                                                                                                  \
    X(__BMI__, "bmi")                                                                                                  \
    X(__BMI2__, "bmi2")                                                                                                \
    X(__AVX512F__, "avx512f")                                                                                          \
    X(__AVX512CD__, "avx512cd")                                                                                        \
    X(__AVX512VL__, "avx512vl")                                                                                        \
    X(__AVX512BW__, "avx512bw")                                                                                        \
    X(__AVX512DQ__, "avx512dq")                                                                                        \
    X(__AVX512VBMI__, "avx512vbmi")                                                                                    \
    X(__AVX512IFMA__, "avx512ifma")                                                                                    \
    X(__AVX512VBMI2__, "avx512vbmi2")                                                                                  \
    X(__AVX512VNNI__, "avx512vnni")                                                                                    \
    X(__AVX512BITALG__, "avx512bitalg")                                                                                \
    X(__AVX512VPOPCNTDQ__, "avx512vpopcntdq")                                                                          \
    X(__GFNI__, "gfni")                                                                                                \
    X(__VPCLMULQDQ__, "vpclmulqdq")
#else
#define FEATURES(X)
#endif

/* The first row is empty, since C has no empty arrays. */
#define X(macro, name) #macro,
static const char *const macros[] = {"", FEATURES(X)};
#undef X
#define X(macro, name) name,
static const char *const names[] = {"", FEATURES(X)};
#undef X

#define FEATURE_COUNT (sizeof names / sizeof *names)

static bool has(size_t feature)
{
#define X(macro, name) __builtin_cpu_supports(name) != 0,
    const bool here[] = {true, FEATURES(X)};
#undef X
    return here[feature];
}

pe_status pe_cpu_features(pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t f = 1; f < FEATURE_COUNT && status == PE_OK; f++)
        if (has(f))
            status = pe_buffer_printf(out, err, "%s ", names[f]);
    return status;
}

static bool names_feature(const char *features, const char *name)
{
    const size_t size = strlen(name);
    const char *at = features;
    while (at != NULL && (strncmp(at, name, size) != 0 || at[size] != ' ')) {
        at = strchr(at, ' ');
        at = at == NULL ? NULL : at + 1;
    }
    return at != NULL;
}

const char *pe_cpu_lacks(const char *features)
{
    for (size_t f = 1; f < FEATURE_COUNT; f++)
        if (!has(f) && names_feature(features, names[f]))
            return names[f];
    return NULL;
}

pe_status pe_cpu_text(pe_buffer *out, pe_error *err)
{
    pe_status status =
        pe_buffer_printf(out, err, "#define PE_FEATURES pe_features\nstatic const char pe_features[] = \"\"\n");
    for (size_t f = 1; f < FEATURE_COUNT && status == PE_OK; f++)
        status = pe_buffer_printf(out, err, "#ifdef %s\n\"%s \"\n#endif\n", macros[f], names[f]);
    return status == PE_OK ? pe_buffer_printf(out, err, ";\n") : status;
}
