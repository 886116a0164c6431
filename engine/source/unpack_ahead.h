/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* unpack_ahead.h - threads that unpack the members of a packed file before they are asked for.
 */
#ifndef PE_UNPACK_AHEAD_H
#define PE_UNPACK_AHEAD_H

#include "format/packed/unpack.h"

typedef struct pe_unpack_ahead pe_unpack_ahead;

/* Whole members, unpacked. */
typedef struct pe_unpacked {
    const unsigned char *data;
    size_t size;
    uint64_t end; /* the byte of the file after them */
} pe_unpacked;

/* pe_unpack_ahead_open - no thread begins before the first take.
 * Params:  most_bytes: of memory. fd: is read by pread alone, and outlives it
 * Returns: PE_OK; *out NULL: fd is no regular file, or a short one, or there is too little memory. PE_ENOMEM */
pe_status pe_unpack_ahead_open(pe_packing packing, int fd, size_t most_bytes, pe_unpack_ahead **out, pe_error *err);
void pe_unpack_ahead_close(pe_unpack_ahead *ahead); /* NULL is allowed */

/* pe_unpack_ahead_take - the members from byte `at` on, where a member begins, if they were unpacked; waits while they are
 * being unpacked. *out is valid until the next call. false: they were not, and the caller has to. `at` never falls. */
bool pe_unpack_ahead_take(pe_unpack_ahead *ahead, uint64_t at, pe_unpacked *out);

size_t pe_unpack_ahead_memory(const pe_unpack_ahead *ahead); /* at most; NULL is allowed */

#endif
