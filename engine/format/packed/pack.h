/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pack.h - bytes packed as gzip members or zstd frames, piece by piece.
 *
 * Invariant: what comes out is decided by the bytes of the member and by where its pieces end, and by the version of zlib or
 *            libzstd; by no clock, no machine and no thread.
 * Threads: one at a time.
 */
#ifndef PE_PACK_H
#define PE_PACK_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/enum_names.h"

typedef struct pe_pack pe_pack;

/* pe_pack_open - open a packer for PE_PACKING_GZIP or PE_PACKING_ZSTD. PE_ENOMEM. */
pe_status pe_pack_open(pe_packing packing, pe_pack **out, pe_error *err);
void pe_pack_close(pe_pack *pack); /* NULL is allowed */

/* pe_pack_piece - pack the next piece of a member and append what comes of it to out: all of it, so that a reader gets the
 * whole piece from what is written. The first piece after open or after a last one begins a member. size may be 0. is_last:
 * the member ends here. PE_ENOMEM; PE_EBUG. */
pe_status pe_pack_piece(pe_pack *pack, const unsigned char *data, size_t size, bool is_last, pe_buffer *out,
                        pe_error *err);

/* pe_pack_library - append "zlib 1.2.13": what decides the bytes beside the member. Nothing for PE_PACKING_NONE. */
pe_status pe_pack_library(pe_packing packing, pe_buffer *out, pe_error *err);

/* pe_pack_memory - the most bytes that one pe_pack takes. */
size_t pe_pack_memory(pe_packing packing);

#endif
