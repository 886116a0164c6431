/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* digest.h - XXH3-128 of a stream whose partial digests are made in parallel and merged in order.
 *
 * Design: XXH3 adds each block of 1,024 bytes to eight accumulators and scrambles these after each block. The sums of a
 *         block do not depend on the bytes before the block. So the worker that encodes the bytes also sums them, while
 *         they are in the first-level cache: 1,024 bytes become 64 bytes of sums. Merging adds the sums to the
 *         accumulators and scrambles them. Bytes before the first whole block of a partial digest and after its last
 *         block are copied.
 * Source: XXH3 as in xxHash 0.8 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
 */
#ifndef PE_DIGEST_H
#define PE_DIGEST_H

#include <stdint.h>

#include "base/buffer.h"

#define PE_DIGEST_BLOCK ((size_t)1024)
#define PE_DIGEST_STRIPE ((size_t)64) /* xxHash's unit of input; the stream's last one may begin in the block before */
#define PE_DIGEST_UNSUMMED (PE_DIGEST_BLOCK + PE_DIGEST_STRIPE) /* fewer bytes than this stay unsummed */

/* ---- a partial digest: one thread ---- */

typedef struct pe_digest_partial {
    uint64_t offset; /* in the stream */
    uint64_t bytes;  /* number of bytes taken from rows so far */
    size_t header;   /* offset of its header in out */
} pe_digest_partial;

/* pe_digest_partial_begin - start a partial digest at `offset` of the stream, at the end of out. The caller
 * appends nothing else to out before pe_digest_partial_end. */
pe_status pe_digest_partial_begin(pe_digest_partial *partial, uint64_t offset, pe_buffer *out, pe_error *err);
/* pe_digest_partial_take - append to out the sums of the whole blocks at the beginning of rows. The bytes that are not
 * summed, fewer than PE_DIGEST_UNSUMMED, move to the beginning of rows. */
pe_status pe_digest_partial_take(pe_digest_partial *partial, pe_buffer *rows, pe_buffer *out, pe_error *err);
/* pe_digest_partial_end - append the unsummed bytes too, and complete the header. */
pe_status pe_digest_partial_end(pe_digest_partial *partial, pe_buffer *rows, pe_buffer *out, pe_error *err);

size_t pe_digest_partial_most(size_t bytes); /* upper bound for the partial digest of this many bytes */

/* ---- merging ---- */

typedef struct pe_digest pe_digest;

/* pe_digest_make - an empty digest; free with pe_digest_free. PE_ENOMEM. */
pe_status pe_digest_make(pe_digest **out, pe_error *err);
void pe_digest_free(pe_digest *digest); /* NULL is fine */

void pe_digest_add(pe_digest *digest, const void *data, size_t bytes);
/* pe_digest_merge - add complete partial digests, in the order of the stream. PE_EBUG when one is truncated, or does
 * not begin at the current end of the stream. */
pe_status pe_digest_merge(pe_digest *digest, const void *partials, size_t size, pe_error *err);

/* pe_digest_save - append the state as bytes. pe_digest_load - continue from them; PE_EDATA when they are none. */
pe_status pe_digest_save(const pe_digest *digest, pe_buffer *out, pe_error *err);
pe_status pe_digest_load(pe_digest *digest, const void *data, size_t size, pe_error *err);

uint64_t pe_digest_bytes(const pe_digest *digest);
/* pe_digest_hash - the digest of all bytes so far as {high, low}, the order in which xxhsum prints the halves. */
void pe_digest_hash(const pe_digest *digest, uint64_t out[2]);

#endif
