/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_descr.c - converts between dtypes and numpy's names of them, such as "<f8".
 *
 * Design: a name is an optional byte order, a letter and a number of bytes. | and = mean the native order, as in numpy.
 * Threads: any; nothing is shared.
 * Not here: structured descrs (npy_fields.c).
 */
#include "format/npy.h"

#include <string.h>

#define MOST_BYTES ((size_t)1 << 20)

const char *pe_npy_descr(pe_dtype dtype)
{
    static const char *const descr[] = {
        [PE_BOOL] = "|b1",   [PE_INT8] = "|i1",    [PE_INT16] = "<i2",     [PE_INT32] = "<i4",
        [PE_INT64] = "<i8",  [PE_UINT8] = "|u1",   [PE_UINT16] = "<u2",    [PE_UINT32] = "<u4",
        [PE_UINT64] = "<u8", [PE_INT128] = NULL,   [PE_FLOAT32] = "<f4",   [PE_FLOAT64] = "<f8",
        [PE_TEXT] = NULL,    [PE_FLOAT16] = "<f2", [PE_COMPLEX64] = "<c8", [PE_COMPLEX128] = "<c16",
    };
    return (size_t)dtype < sizeof descr / sizeof *descr ? descr[dtype] : NULL;
}

static const char *kind_of(char letter)
{
    static const struct {
        char letter;
        const char *kind;
    } kinds[] = {
        {'O', "Python objects"},          {'c', "complex numbers of another size"}, {'V', "raw bytes"},
        {'f', "a float of another size"}, {'U', "a text without a length"},         {'S', "a text without a length"},
        {'a', "a text without a length"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].letter == letter)
            return kinds[i].kind;
    }
    return "an unknown dtype";
}

/* The number after the letter, which the text ends with; 0: none, or one of more than 2^20. */
static size_t number_of(const char *text)
{
    size_t number = 0;
    for (; *text >= '0' && *text <= '9' && number <= MOST_BYTES; text++)
        number = number * 10 + (size_t)(*text - '0');
    return *text == '\0' && number <= MOST_BYTES ? number : 0;
}

static bool decode_number(const char *code, pe_npy_element *out)
{
    for (int dtype = PE_BOOL; dtype <= PE_DTYPE_LAST; dtype++) {
        const char *ours = pe_npy_descr((pe_dtype)dtype);
        if (ours == NULL || strcmp(ours + 1, code) != 0)
            continue;
        out->dtype = (pe_dtype)dtype;
        out->bytes = pe_dtype_bytes(out->dtype);
        return true;
    }
    return false;
}

static bool decode_text(const char *code, pe_npy_element *out)
{
    const size_t length = number_of(code + 1);
    if ((*code != 'U' && *code != 'S' && *code != 'a') || length == 0)
        return false;
    out->dtype = PE_TEXT;
    out->is_utf32 = *code == 'U';
    out->bytes = out->is_utf32 ? 4 * length : length;
    return true;
}

/* Dates and time spans are counts of the unit in brackets. */
static bool decode_time(const char *code, pe_npy_element *out)
{
    if ((*code != 'M' && *code != 'm') || code[1] != '8' || (code[2] != '\0' && code[2] != '['))
        return false;
    out->dtype = PE_INT64;
    out->bytes = sizeof(int64_t);
    return true;
}

void pe_npy_decode(const char *descr, pe_npy_element *out)
{
    const char order = *descr;
    const char *const code = descr + (order != '\0' && strchr("<>|=", order) != NULL);
    *out = (pe_npy_element){0};
    out->is_ours = decode_number(code, out) || decode_text(code, out) || decode_time(code, out);
    if (out->is_ours) {
        const bool is_swapped = out->dtype == PE_TEXT ? out->is_utf32 : out->bytes > 1;
        out->is_big_endian = order == '>' && is_swapped;
        return;
    }
    out->kind = kind_of(*code);
    out->bytes = *code == '\0' ? 0 : number_of(code + 1);
}
