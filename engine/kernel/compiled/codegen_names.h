/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen_names.h - prints names, types and constants as C text.
 */
#ifndef PE_CODEGEN_NAMES_H
#define PE_CODEGEN_NAMES_H

#include "base/buffer.h"
#include "kernel/signature.h"
#include <pengine/kernel.h>

/* pe_codegen_names_type - the C type of a dtype, such as "int64_t"; of text it is pe_object_text. */
const char *pe_codegen_names_type(pe_dtype dtype);

/* pe_codegen_names_check - fail with PE_ECONFIG when name is not valid in C; `what` is "the argument" in the message.
 */
pe_status pe_codegen_names_check(const char *name, const char *what, pe_error *err);

/* pe_codegen_names_param - append "const double name = 0x1p-1;"; text_type: "char" for an array, or "pe_object_text".
 */
pe_status pe_codegen_names_param(const pe_param *param, const char *text_type, pe_buffer *out, pe_error *err);

/* pe_codegen_names_mentions - does the C text contain name as a word? Words in comments count too. */
bool pe_codegen_names_mentions(const char *text, const char *name);

/* pe_codegen_names_count - the number of times that the C text contains name as a word. */
size_t pe_codegen_names_count(const char *text, const char *name);

#endif
