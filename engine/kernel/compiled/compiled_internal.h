/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_internal.h - what compiled_form.c, compilation.c and their neighbours share.
 */
#ifndef PE_COMPILED_INTERNAL_H
#define PE_COMPILED_INTERNAL_H

#include "kernel/form.h"

#define PE_COMPILED_NAME_ROOM 48

/* The arguments' names when the job gives none: x, y, z. */
extern const char *const pe_compiled_names[];

/* pe_compiled_name - the kernel's name in messages: the expression, cut, or the function; returns out. */
const char *pe_compiled_name(const pe_form_spec *spec, char out[PE_COMPILED_NAME_ROOM]);

/* pe_compiled_signature - as the job has it, or of the inputs' types; result_count is 0 when the compiler decides it. */
pe_status pe_compiled_signature(const pe_form_spec *spec, pe_signature *out, pe_error *err);

/* pe_compiled_check_expr - the expression by its grammar, and that it reads the job's params and seed. Warnings are
 * logged. PE_EKERNEL.
 * pe_compiled_check_source - that the C text after the preprocessor (a terminator is appended) reads them. PE_EKERNEL. */
pe_status pe_compiled_check_expr(const pe_form_spec *spec, const pe_signature *signature, const char *const *names,
                                 pe_error *err);
pe_status pe_compiled_check_source(const pe_form_spec *spec, pe_buffer *expanded, pe_error *err);

/* pe_compiled_prepare - pe_form_ops.prepare. */
pe_status pe_compiled_prepare(const pe_form_spec *spec, pe_buffer *object, pe_error *err);

#endif
