/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* registry.c - the table of built-in kernels.
 *
 * Design: one row per descriptor; the descriptors of one name follow one another, the default first.
 * Threads: constant data, any thread.
 * Not here: overload resolution (overload.c).
 */
#include "kernel/registry.h"

#include <string.h>

#include "base/suggest.h"

#define KERNEL_TABLE(X)                                                                                                \
    X(square_int64)                                                                                                    \
    X(square_int128)                                                                                                   \
    X(square_float64)                                                                                                  \
    X(cube_int64)                                                                                                      \
    X(cube_int128)                                                                                                     \
    X(cube_float64)                                                                                                    \
    X(sum_of_squares_int64)                                                                                            \
    X(sum_of_squares_int128)                                                                                           \
    X(sum_of_squares_float64)                                                                                          \
    X(divmod_int64)                                                                                                    \
    X(hypot_float64)                                                                                                   \
    X(norm3_float64)                                                                                                   \
    X(is_prime_int64)                                                                                                  \
    X(collatz_steps_int64)                                                                                             \
    X(mandelbrot_float64)                                                                                              \
    X(black_scholes_float64)                                                                                           \
    X(ep_int64)                                                                                                        \
    X(text_length_text)                                                                                                \
    X(text_upper_text)

#define X(id) extern const pe_kernel pe_kernel_##id;
KERNEL_TABLE(X)
#undef X

static const pe_kernel *const kernels[] = {
#define X(id) &pe_kernel_##id,
    KERNEL_TABLE(X)
#undef X
};

#define KERNEL_COUNT (sizeof kernels / sizeof *kernels)

const pe_kernel *const *pe_registry_all(size_t *count)
{
    *count = KERNEL_COUNT;
    return kernels;
}

void pe_registry_print(FILE *out)
{
    size_t name = 0;
    size_t signature = 0;
    for (size_t k = 0; k < KERNEL_COUNT; k++) {
        const size_t name_size = strlen(kernels[k]->name);
        const size_t signature_size = strlen(kernels[k]->signature);
        name = name_size > name ? name_size : name;
        signature = signature_size > signature ? signature_size : signature;
    }
    for (size_t k = 0; k < KERNEL_COUNT; k++) {
        (void)fprintf(out, "%-*s  %-*s  %s\n", (int)name, kernels[k]->name, (int)signature, kernels[k]->signature,
                      kernels[k]->summary);
    }
}

static pe_status refuse_name(const pe_kernel_request *request, pe_error *err)
{
    const char *names[KERNEL_COUNT];
    for (size_t k = 0; k < KERNEL_COUNT; k++)
        names[k] = kernels[k]->name;
    const char *const meant = pe_suggest(request->name, names, KERNEL_COUNT);
    if (meant == NULL) {
        return pe_fail(err, PE_EKERNEL, "%s: there is no kernel \"%s\"; pengine --kernels lists them", request->where,
                       request->name);
    }
    return pe_fail(err, PE_EKERNEL, "%s: there is no kernel \"%s\"; did you mean \"%s\"?", request->where,
                   request->name, meant);
}

pe_status pe_registry_pick(const pe_kernel_request *request, const pe_kernel **out, pe_signature *signature,
                           pe_error *err)
{
    size_t k = 0;
    while (k < KERNEL_COUNT && strcmp(kernels[k]->name, request->name) != 0)
        k++;
    if (k == KERNEL_COUNT)
        return refuse_name(request, err);
    return pe_overload_pick(request, kernels, KERNEL_COUNT, out, signature, err);
}
