/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_internal.h - functions shared by the files of the compiled forms, for use in this folder only.
 */
#ifndef PE_COMPILED_INTERNAL_H
#define PE_COMPILED_INTERNAL_H

#include "kernel/form.h"

#define PE_COMPILED_NAME_ROOM 48

/* The default names of arguments: x, y, z. */
extern const char *const pe_compiled_names[];

/* pe_compiled_name - the kernel's name in messages: the expression, cut, or the function; returns out. */
const char *pe_compiled_name(const pe_form_spec *spec, char out[PE_COMPILED_NAME_ROOM]);

/* pe_compiled_signature - the job's signature, or one made from the inputs' types. result_count is 0 when the compiler
 * determines the result type. */
pe_status pe_compiled_signature(const pe_form_spec *spec, pe_signature *out, pe_error *err);

/* pe_compiled_check_expr - check the expression's grammar, and that it reads the job's params and seed. Logs warnings.
 * PE_EKERNEL.
 * pe_compiled_check_source - check that the C text after the preprocessor reads them; appends a terminator. PE_EKERNEL.
 */
pe_status pe_compiled_check_expr(const pe_form_spec *spec, const pe_signature *signature, const char *const *names,
                                 pe_error *err);
pe_status pe_compiled_check_source(const pe_form_spec *spec, pe_buffer *expanded, pe_error *err);

/* pe_compiled_prepare - pe_form_ops.prepare. */
pe_status pe_compiled_prepare(const pe_form_spec *spec, pe_buffer *object, pe_error *err);

#endif
