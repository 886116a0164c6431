/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* types.h - the element types that kernels, sources and sinks share.
 *
 * Design: dtypes carry numpy's names; an item is `width` elements of one dtype, and a text is one (pointer, size) pair.
 *         Everything is little-endian, row-major and naturally aligned.
 */
#ifndef PENGINE_TYPES_H
#define PENGINE_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

__extension__ typedef __int128 pe_int128;
__extension__ typedef unsigned __int128 pe_uint128;

/* The numbers are part of the plugin ABI: append, never reorder. */
typedef enum pe_dtype {
    PE_BOOL = 1, /* one byte, 0 or 1 */
    PE_INT8 = 2,
    PE_INT16 = 3,
    PE_INT32 = 4,
    PE_INT64 = 5,
    PE_UINT8 = 6,
    PE_UINT16 = 7,
    PE_UINT32 = 8,
    PE_UINT64 = 9,
    PE_INT128 = 10, /* 16 bytes, aligned to 16 */
    PE_FLOAT32 = 11,
    PE_FLOAT64 = 12,
    PE_TEXT = 13,      /* an array of pe_text */
    PE_FLOAT16 = 14,   /* IEEE binary16 */
    PE_COMPLEX64 = 15, /* two float32: real and imaginary part */
    PE_COMPLEX128 = 16
} pe_dtype;

/* One text item: UTF-8 bytes, not terminated; data may be NULL when size is 0. */
typedef struct pe_text {
    const char *data;
    size_t size;
} pe_text;

#ifdef __cplusplus
}
#endif
#endif
