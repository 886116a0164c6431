/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_print.c - writes the header of a numpy .npy file.
 *
 * Design: the length is computed as if the first dimension had the most digits that it can have, so that a header
 *         can be overwritten by that of a longer array; unused digits become padding. The room and the padding are
 *         those of numpy 1.23 and later, so the bytes equal those of numpy.save.
 * Threads: any; nothing is shared.
 * Not here: reading (npy.c); when a header is rewritten (npy_sink.c).
 */
#include "format/npy.h"

#include <inttypes.h>
#include <string.h>

#define ALIGN 64u
#define DIGITS 21u /* 2^64 - 1 has 20; 21 is numpy's room */

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

/* The dict without its padding. */
static pe_status print_dict(const char *descr, const uint64_t *shape, int dims, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_printf(out, err, "{'descr': %s, 'fortran_order': False, 'shape': (", descr);
    for (int d = 0; d < dims && status == PE_OK; d++) {
        const char *after = dims == 1 ? "," : d + 1 < dims ? ", " : "";
        status = pe_buffer_printf(out, err, "%" PRIu64 "%s", shape[d], after);
    }
    return status != PE_OK ? status : pe_buffer_printf(out, err, "), }");
}

static size_t count_digits(uint64_t value)
{
    size_t digits = 1;
    for (; value >= 10; value /= 10)
        digits++;
    return digits;
}

pe_status pe_npy_print(const char *descr, const uint64_t *shape, int dims, pe_buffer *out, pe_error *err)
{
    if (dims < 1 || dims > PE_NPY_PRINT_DIMS)
        return pe_fail(err, PE_EBUG, "npy header with %d dimensions", dims);
    pe_buffer dict = {NULL, 0, 0};
    pe_status status = print_dict(descr, shape, dims, &dict, err);
    if (status != PE_OK) {
        pe_buffer_fini(&dict);
        return status;
    }
    const size_t longest = dict.size + DIGITS - count_digits(shape[0]) + 1; /* the newline */
    unsigned char major = is_ascii(descr) ? 1 : 3;
    size_t start = major == 1 ? 10 : 12;
    size_t total = (start + longest) / ALIGN * ALIGN + ALIGN;
    if (major == 1 && total - start > UINT16_MAX) {
        major = 2;
        start = 12;
        total = (start + longest) / ALIGN * ALIGN + ALIGN;
    }
    const size_t length = total - start;
    const unsigned char head[12] = {0x93,
                                    'N',
                                    'U',
                                    'M',
                                    'P',
                                    'Y',
                                    major,
                                    0,
                                    (unsigned char)length,
                                    (unsigned char)(length >> 8),
                                    (unsigned char)(length >> 16),
                                    (unsigned char)(length >> 24)};
    status = pe_buffer_reserve(out, total, err);
    if (status == PE_OK) {
        unsigned char *at = out->data + out->size;
        memcpy(at, head, start);
        memcpy(at + start, dict.data, dict.size);
        memset(at + start + dict.size, ' ', length - dict.size - 1);
        at[total - 1] = '\n';
        out->size += total;
    }
    pe_buffer_fini(&dict);
    return status;
}
