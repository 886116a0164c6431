/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen_names.c - prints names, types and constants as C text.
 *
 * Design:  floats are printed in hexadecimal, so that the compiler reads the same bits.
 * Threads: no state.
 */
#include "kernel/compiled/codegen_names.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9');
}

const char *pe_codegen_names_type(pe_dtype dtype)
{
    static const char *const types[] = {[PE_BOOL] = "_Bool",
                                        [PE_INT8] = "int8_t",
                                        [PE_INT16] = "int16_t",
                                        [PE_INT32] = "int32_t",
                                        [PE_INT64] = "int64_t",
                                        [PE_UINT8] = "uint8_t",
                                        [PE_UINT16] = "uint16_t",
                                        [PE_UINT32] = "uint32_t",
                                        [PE_UINT64] = "uint64_t",
                                        [PE_INT128] = "__int128",
                                        [PE_FLOAT32] = "float",
                                        [PE_FLOAT64] = "double",
                                        [PE_TEXT] = "pe_object_text",
                                        [PE_FLOAT16] = "_Float16",
                                        [PE_COMPLEX64] = "float _Complex",
                                        [PE_COMPLEX128] = "double _Complex"};
    return types[dtype];
}

static bool is_keyword(const char *name)
{
    static const char *const words[] = {
        "asm",    "auto", "bool",     "break",    "case",   "char",     "const",  "continue", "default", "do",
        "double", "else", "enum",     "extern",   "false",  "float",    "for",    "goto",     "if",      "inline",
        "int",    "long", "register", "restrict", "return", "short",    "signed", "sizeof",   "static",  "struct",
        "switch", "true", "typedef",  "typeof",   "union",  "unsigned", "void",   "volatile", "while"};
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        if (strcmp(words[w], name) == 0)
            return true;
    return false;
}

pe_status pe_codegen_names_check(const char *name, const char *what, pe_error *err)
{
    size_t size = 0;
    while (is_word(name[size]))
        size++;
    if (!is_letter(name[0]) || name[size] != '\0')
        return pe_fail(err, PE_ECONFIG,
                       "%s \"%s\" cannot be a name in C: a name has letters, digits and _, and begins with no digit",
                       what, name);
    if (is_keyword(name) || strncmp(name, "pe_", 3) == 0 || strncmp(name, "PE_", 3) == 0 || strncmp(name, "__", 2) == 0)
        return pe_fail(err, PE_ECONFIG, "%s \"%s\" has a name that is taken: choose another", what, name);
    return PE_OK;
}

static pe_status print_text(const pe_text *text, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "\"", 1, err);
    for (size_t b = 0; b < text->size && status == PE_OK; b++)
        status = pe_buffer_printf(out, err, "\\%03o", (unsigned)(unsigned char)text->data[b]);
    return status == PE_OK ? pe_buffer_append(out, "\"", 1, err) : status;
}

static pe_status print_real(double value, pe_buffer *out, pe_error *err)
{
    if (isnan(value))
        return pe_buffer_printf(out, err, "__builtin_nan(\"\")");
    if (isinf(value))
        return pe_buffer_printf(out, err, "%s__builtin_inf()", value < 0 ? "-" : "");
    return pe_buffer_printf(out, err, "%a", value);
}

static pe_status print_integer(int64_t value, pe_buffer *out, pe_error *err)
{
    if (value == INT64_MIN) /* C has no negative constants, and 2^63 does not fit */
        return pe_buffer_printf(out, err, "-9223372036854775807 - 1");
    return pe_buffer_printf(out, err, "%" PRId64, value);
}

/* Prints a text param: an array of char for a C function, a pe_object_text for an expression. */
static pe_status print_text_param(const pe_param *param, const char *text_type, pe_buffer *out, pe_error *err)
{
    const bool is_array = strcmp(text_type, "char") == 0;
    pe_status status = pe_buffer_printf(out, err, "const %s %s%s = %s", text_type, param->name, is_array ? "[]" : "",
                                        is_array ? "" : "{");
    if (status == PE_OK)
        status = print_text(&param->text, out, err);
    if (status == PE_OK && !is_array)
        status = pe_buffer_printf(out, err, ", %zu}", param->text.size);
    return status == PE_OK ? pe_buffer_append(out, ";\n", 2, err) : status;
}

pe_status pe_codegen_names_param(const pe_param *param, const char *text_type, pe_buffer *out, pe_error *err)
{
    const bool is_real = param->dtype == PE_FLOAT64;
    pe_status status = pe_codegen_names_check(param->name, "the parameter", err);
    if (status == PE_OK && param->dtype == PE_TEXT)
        return print_text_param(param, text_type, out, err);
    if (status == PE_OK)
        status = pe_buffer_printf(out, err, "const %s %s = ", is_real ? "double" : "__INT64_TYPE__", param->name);
    if (status == PE_OK)
        status = is_real ? print_real(param->real, out, err) : print_integer(param->integer, out, err);
    return status == PE_OK ? pe_buffer_append(out, ";\n", 2, err) : status;
}

size_t pe_codegen_names_count(const char *text, const char *name)
{
    const size_t size = strlen(name);
    size_t count = 0;
    for (const char *at = strstr(text, name); at != NULL; at = strstr(at + 1, name))
        if ((at == text || !is_word(at[-1])) && !is_word(at[size]))
            count++;
    return count;
}

bool pe_codegen_names_mentions(const char *text, const char *name)
{
    return pe_codegen_names_count(text, name) > 0;
}
