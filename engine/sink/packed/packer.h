/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* packer.h - rows on their way to a .gz or .zst file; for sinks.
 *
 * Invariant: a member holds PE_MEMBER_RECORDS records, the last one what is left; its bytes are decided by its records alone.
 * Threads: one at a time.
 */
#ifndef PE_PACKER_H
#define PE_PACKER_H

#include "base/dialect.h"
#include "sink/output_stream.h"

#define PE_MEMBER_RECORDS UINT64_C(65536)
#define PE_PIECE_BYTES ((size_t)128 << 10)

typedef struct pe_packer pe_packer;

/* pe_packer_open - threads that pack; stream is borrowed until close. The records are cut by the dialect. PE_ENOMEM. */
pe_status pe_packer_open(pe_packing packing, pe_dialect dialect, pe_output_stream *stream, pe_packer **out,
                         pe_error *err);

/* pe_packer_start - write the line of names, which is not a record. */
pe_status pe_packer_start(pe_packer *packer, const void *data, size_t size, pe_error *err);
/* pe_packer_write - the next records, in pieces of any size. Waits while too much is not packed yet. */
pe_status pe_packer_write(pe_packer *packer, const void *data, size_t size, pe_error *err);
/* pe_packer_end - end the current member (an empty file is one empty member) and write all of it. */
pe_status pe_packer_end(pe_packer *packer, pe_error *err);
/* pe_packer_tell - the offset where the first member begins that is not whole in the file. */
uint64_t pe_packer_tell(const pe_packer *packer);
/* pe_packer_cut - end the packer of a run that failed: what was packed and not written is dropped, and the stream counts whole
 * members only. */
void pe_packer_cut(pe_packer *packer);
void pe_packer_close(pe_packer *packer); /* NULL is allowed */

/* pe_packer_flush - write all pieces that are full. pe_packer_tail - the rows that are in none of them; valid until the next
 * write. */
pe_status pe_packer_flush(pe_packer *packer, pe_error *err);
const pe_buffer *pe_packer_tail(pe_packer *packer);

/* pe_packer_begin_at - the current member begins at offset `begin` of the file, which has its bytes up to
 * `written_end`: it is packed again and those bytes are not written. Call: after open, before any rows. */
void pe_packer_begin_at(pe_packer *packer, uint64_t begin, uint64_t written_end);

/* pe_packer_memory - the most bytes that a packer takes; 0 for PE_PACKING_NONE. */
size_t pe_packer_memory(pe_packing packing);

#endif
