/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* overload.h - overload resolution: picks the descriptor of a name that fits the input columns.
 */
#ifndef PE_OVERLOAD_H
#define PE_OVERLOAD_H

#include "kernel/signature.h"
#include <pengine/kernel.h>

/* The requirements that the descriptor must meet. */
typedef struct pe_kernel_request {
    const char *name;
    const char *where;      /* "squares.toml:9:8: kernel.name": messages begin with it */
    const char *signature;  /* [kernel] signature or NULL: then exactly that overload */
    const pe_type *columns; /* the inputs' columns */
    const bool *untyped;    /* column c can be parsed as any type; columns[c] is the type of its first records */
    int column_count;
    bool has_output_dtype; /* [output] dtype: preferred among overloads that fit */
    pe_dtype output_dtype;
} pe_kernel_request;

/* pe_overload_pick - pick the descriptor that fits, of those among rows that have the request's name (at least one has).
 *
 * Rules:   a given signature must be one of the overloads (PE_ECONFIG listing them), and the number of columns must be
 *          the number of arguments (PE_ECONFIG naming both). A column fits an argument when it is untyped, or when
 *          pe_dtype_cast is not refused and the widths are equal. Among the overloads that fit, in this order: the one
 *          whose first result is output_dtype; the one with most columns of the same type (for an untyped column the
 *          type of its first records); the one with fewest checked casts; the first one. When no overload has as many
 *          arguments as there are columns, one argument float64[k] also takes k scalar columns, untyped or float64:
 *          signature.args keeps that one vector, and the inputs are bound with count 1. When nothing fits: PE_ECONFIG
 *          with the columns' types and all signatures. For a descriptor whose signature does not parse: PE_EKERNEL.
 */
pe_status pe_overload_pick(const pe_kernel_request *request, const pe_kernel *const *rows, size_t count,
                           const pe_kernel **out, pe_signature *signature, pe_error *err);

#endif
