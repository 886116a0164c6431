/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen_names.h - names, types and constants as C has them.
 */
#ifndef PE_CODEGEN_NAMES_H
#define PE_CODEGEN_NAMES_H

#include "base/buffer.h"
#include "kernel/signature.h"
#include <pengine/kernel.h>

/* pe_codegen_names_type - "int64_t"; a text is a pe_object_text. */
const char *pe_codegen_names_type(pe_dtype dtype);

/* pe_codegen_names_check - PE_ECONFIG when name cannot name something in C; what: "the argument". */
pe_status pe_codegen_names_check(const char *name, const char *what, pe_error *err);

/* pe_codegen_names_param - append "const double name = 0x1p-1;"; text_type: "char" for an array, or "pe_object_text". */
pe_status pe_codegen_names_param(const pe_param *param, const char *text_type, pe_buffer *out, pe_error *err);

/* pe_codegen_names_mentions - is name a word of the C text? (Also true for a word in a comment.) */
bool pe_codegen_names_mentions(const char *text, const char *name);

/* pe_codegen_names_count - how often. */
size_t pe_codegen_names_count(const char *text, const char *name);

#endif
