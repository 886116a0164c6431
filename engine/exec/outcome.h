/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* outcome.h - what a chunk, a slice or a pulled message came to.
 */
#ifndef PE_OUTCOME_H
#define PE_OUTCOME_H

#include <stdbool.h>

#include "base/buffer.h"

typedef struct pe_outcome {
    pe_buffer bytes; /* encoded rows, for the sink */
    pe_buffer log;   /* what is to be told of single items, in a form of the caller's own */
    uint64_t items;  /* computed */
    uint64_t rows;   /* in bytes: fewer than items where some were left out */
    bool is_placed;  /* the caller has written bytes to where they belong: only their size counts */
} pe_outcome;

#endif
