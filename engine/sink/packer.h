/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* packer.h - rows on their way to a .gz or .zst file; for the files of this folder.
 *
 * Invariant: a member holds PE_MEMBER_RECORDS records, the last one what is left; its bytes are decided by its records alone.
 * Threads: one at a time.
 */
#ifndef PE_PACKER_H
#define PE_PACKER_H

#include "base/dialect.h"
#include "sink/output_stream.h"

#define PE_MEMBER_RECORDS UINT64_C(65536)

typedef struct pe_packer pe_packer;

/* Where the file stands, for who wants to cut it there: everything before `offset` is whole members. */
typedef struct pe_packer_position {
    uint64_t offset;  /* of the first byte of the member at hand, in the file */
    uint64_t records; /* that were written into the member at hand */
} pe_packer_position;

/* pe_packer_open - threads that pack; stream is borrowed until close. The records are cut by the dialect. PE_ENOMEM. */
pe_status pe_packer_open(pe_packing packing, pe_dialect dialect, pe_output_stream *stream, pe_packer **out,
                         pe_error *err);

/* pe_packer_start - the line of names, which is no record. */
pe_status pe_packer_start(pe_packer *packer, const void *data, size_t size, pe_error *err);
/* pe_packer_write - the next records, in pieces of any size. Waits while too much is not packed yet. */
pe_status pe_packer_write(pe_packer *packer, const void *data, size_t size, pe_error *err);
/* pe_packer_end - end the member at hand (an empty file is one empty member) and write all of it. */
pe_status pe_packer_end(pe_packer *packer, pe_error *err);
pe_packer_position pe_packer_tell(const pe_packer *packer);
/* pe_packer_cut - the run failed: what was packed and not written is dropped, and the stream counts whole members only. */
void pe_packer_cut(pe_packer *packer);
void pe_packer_close(pe_packer *packer); /* NULL is allowed */

/* pe_packer_memory - the most bytes that a packer takes; 0 for PE_PACKING_NONE. */
size_t pe_packer_memory(pe_packing packing);

#endif
