/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* registry.h - the table of built-in kernels.
 */
#ifndef PE_REGISTRY_H
#define PE_REGISTRY_H

#include <stdio.h>

#include "kernel/overload.h"

/* All built-in descriptors in the order of --kernels; overloads of one name follow one another, the default first. */
const pe_kernel *const *pe_registry_all(size_t *count);
void pe_registry_print(FILE *out); /* --kernels: name, signature, summary in aligned columns */

/* pe_registry_pick - pick the built-in descriptor that fits, by the rules of overload.h. The name must exist (PE_EKERNEL with
 * the nearest name). */
pe_status pe_registry_pick(const pe_kernel_request *request, const pe_kernel **out, pe_signature *signature,
                           pe_error *err);

#endif
