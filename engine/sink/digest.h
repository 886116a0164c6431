/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* digest.h - XXH3-128 of a stream whose pieces are made apart, by any thread of any rank, and joined in order.
 *
 * Design: XXH3 adds a block of 1,024 bytes up in eight accumulators and scrambles them between two blocks. What a block
 *         adds does not depend on what came before it. So whoever makes the bytes sums them while they are in the
 *         nearest cache, 64 bytes remain of 1,024, and the one who joins the pieces has only to add and to scramble.
 *         Bytes before the first whole block of a piece, and those behind its last one, travel as they are.
 * Source: XXH3 as in xxHash 0.8 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
 */
#ifndef PE_DIGEST_H
#define PE_DIGEST_H

#include <stdint.h>

#include "base/buffer.h"

#define PE_DIGEST_BLOCK ((size_t)1024)
#define PE_DIGEST_STRIPE ((size_t)64) /* the last one of all may reach back into the last but one block */
#define PE_DIGEST_UNSUMMED (PE_DIGEST_BLOCK + PE_DIGEST_STRIPE) /* fewer bytes are left at the end */

/* ---- making a piece: one thread ---- */

typedef struct pe_digest_piece {
    uint64_t offset; /* in the stream */
    uint64_t bytes;  /* taken from rows so far */
    size_t header;   /* its place in out */
} pe_digest_piece;

/* pe_digest_piece_begin - a piece at `offset` of the stream is appended to out; nothing else is, until its end. */
pe_status pe_digest_piece_begin(pe_digest_piece *piece, uint64_t offset, pe_buffer *out, pe_error *err);
/* pe_digest_piece_take - whole blocks leave the beginning of rows, and their sums are appended to out; what is left, fewer
 * than PE_DIGEST_UNSUMMED bytes, moves to the beginning. */
pe_status pe_digest_piece_take(pe_digest_piece *piece, pe_buffer *rows, pe_buffer *out, pe_error *err);
/* pe_digest_piece_end - take what is left too. */
pe_status pe_digest_piece_end(pe_digest_piece *piece, pe_buffer *rows, pe_buffer *out, pe_error *err);

size_t pe_digest_piece_room(size_t bytes); /* that a piece of so many bytes takes at most */

/* ---- joining ---- */

typedef struct pe_digest pe_digest;

pe_status pe_digest_make(pe_digest **out, pe_error *err);
void pe_digest_free(pe_digest *digest); /* NULL is fine */

void pe_digest_add(pe_digest *digest, const void *data, size_t bytes);
/* pe_digest_join - whole pieces, one after the other. PE_EBUG when one is torn or does not begin where the stream ends. */
pe_status pe_digest_join(pe_digest *digest, const void *pieces, size_t size, pe_error *err);

uint64_t pe_digest_bytes(const pe_digest *digest);
/* pe_digest_hash - of all bytes so far: {high, low} half, in the order that xxhsum prints them. */
void pe_digest_hash(const pe_digest *digest, uint64_t out[2]);

#endif
