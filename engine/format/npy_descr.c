/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_descr.c - converts between dtypes and numpy's names of them, such as "<f8".
 *
 * Design: a name is an optional byte order, a letter and a number of bytes. | and = mean the native order, as in numpy.
 * Threads: any; nothing is shared.
 * Not here: structured descrs, which are recognised (npy.c) but not read.
 */
#include "format/npy.h"

#include <string.h>

const char *pe_npy_descr(pe_dtype dtype)
{
    static const char *const descr[] = {
        [PE_BOOL] = "|b1",    [PE_INT8] = "|i1",    [PE_INT16] = "<i2",  [PE_INT32] = "<i4",  [PE_INT64] = "<i8",
        [PE_UINT8] = "|u1",   [PE_UINT16] = "<u2",  [PE_UINT32] = "<u4", [PE_UINT64] = "<u8", [PE_INT128] = NULL,
        [PE_FLOAT32] = "<f4", [PE_FLOAT64] = "<f8", [PE_TEXT] = NULL,
    };
    return (size_t)dtype < sizeof descr / sizeof *descr ? descr[dtype] : NULL;
}

static const char *kind_of(char letter)
{
    static const struct {
        char letter;
        const char *kind;
    } kinds[] = {{'O', "Python objects"},
                 {'U', "unicode text of fixed length"},
                 {'S', "bytes of fixed length"},
                 {'a', "bytes of fixed length"},
                 {'c', "complex numbers"},
                 {'M', "dates"},
                 {'m', "time spans"},
                 {'V', "raw bytes"},
                 {'f', "a float of another size"}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kinds[i].letter == letter)
            return kinds[i].kind;
    }
    return "an unknown dtype";
}

void pe_npy_decode(pe_npy_header *out)
{
    const char *code = out->descr;
    const char order = *code;
    code += order != '\0' && strchr("<>|=", order) != NULL;
    for (int dtype = PE_BOOL; dtype <= PE_FLOAT64; dtype++) {
        const char *ours = pe_npy_descr((pe_dtype)dtype);
        if (ours != NULL && strcmp(ours + 1, code) == 0) {
            out->is_ours = true;
            out->dtype = (pe_dtype)dtype;
            out->is_big_endian = order == '>' && pe_dtype_bytes((pe_dtype)dtype) > 1;
            return;
        }
    }
    out->kind = kind_of(*code);
}
