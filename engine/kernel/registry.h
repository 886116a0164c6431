/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* registry.h - the built-in kernels, and which of a name's descriptors fits the inputs.
 */
#ifndef PE_REGISTRY_H
#define PE_REGISTRY_H

#include <stdio.h>

#include "kernel/signature.h"
#include <pengine/kernel.h>

/* All built-in descriptors in the order of --kernels; overloads of one name follow one another, the default first. */
const pe_kernel *const *pe_registry_all(size_t *count);
void pe_registry_print(FILE *out); /* --kernels: name, signature, summary in aligned columns */

/* What a kernel is asked to fit. */
typedef struct pe_kernel_request {
    const char *name;
    const char *where;      /* "squares.toml:9:8: kernel.name": opens the messages */
    const char *signature;  /* [kernel] signature or NULL: then exactly that overload */
    const pe_type *columns; /* the inputs' columns */
    const bool *untyped;    /* column c can be parsed as any type */
    int column_count;
    bool has_output_dtype; /* [output] dtype: preferred among overloads that fit */
    pe_dtype output_dtype;
} pe_kernel_request;

/* pe_registry_pick - the descriptor that fits.
 *
 * Rules:   the name must exist (PE_EKERNEL with the nearest name); a given signature must be one of its overloads
 *          (PE_ECONFIG listing them); the number of columns must be the number of arguments (PE_ECONFIG naming both).
 *          A column fits an argument when it is untyped, or pe_dtype_cast is not refused and widths are equal. Among
 *          those that fit: the one whose first result is output_dtype; then the one with most columns of the very same
 *          type; then fewest checked casts; then the first. When no overload has as many arguments as there are
 *          columns, one argument float64[k] also takes k scalar columns, untyped or float64: signature.args stays that
 *          one vector, and the inputs are bound with count 1. Nothing fits: PE_ECONFIG with the columns' types and the
 *          signatures there are.
 */
pe_status pe_registry_pick(const pe_kernel_request *request, const pe_kernel **out, pe_signature *signature,
                           pe_error *err);

#endif
