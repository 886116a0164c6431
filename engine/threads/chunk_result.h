/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* chunk_result.h - the encoded results of a chunk, of a slice, or of a slice that another rank sent.
 */
#ifndef PE_CHUNK_RESULT_H
#define PE_CHUNK_RESULT_H

#include <stddef.h>

#include "base/buffer.h"

typedef struct pe_chunk_result {
    pe_buffer bytes; /* encoded rows, for the sink */
    pe_buffer log;   /* records of failed items, in the worker's own form */
    uint64_t first;  /* item, as the pool counts them; set when the result is delivered */
    uint64_t items;  /* computed */
    uint64_t rows;   /* encoded: fewer than items where failed ones were left out */
    size_t placed;   /* bytes of rows that the worker wrote to the output itself; `bytes` is empty then */
} pe_chunk_result;

#endif
