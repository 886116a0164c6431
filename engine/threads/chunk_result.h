/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* chunk_result.h - what a chunk, a slice or a pulled message came to.
 */
#ifndef PE_CHUNK_RESULT_H
#define PE_CHUNK_RESULT_H

#include <stddef.h>

#include "base/buffer.h"

typedef struct pe_chunk_result {
    pe_buffer bytes; /* encoded rows, for the sink */
    pe_buffer log;   /* what is to be told of single items, in a form of the caller's own */
    uint64_t items;  /* computed */
    uint64_t rows;   /* in bytes: fewer than items where some were left out */
    size_t placed;   /* encoded bytes that are where they belong already, in place of bytes */
} pe_chunk_result;

#endif
