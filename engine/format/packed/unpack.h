/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* unpack.h - the bytes inside a gzip or zstd file, piece by piece.
 *
 * Design: a file is any number of members (gzip) or frames (zstd), one after the other, at least one. Zero bytes after a
 *         gzip member are padding. Each member's checksum is verified.
 * Threads: one at a time.
 */
#ifndef PE_UNPACK_H
#define PE_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/enum_names.h"
#include "base/error.h"

typedef struct pe_unpack pe_unpack;

/* pe_unpack_open - open an unpacker for PE_PACKING_GZIP or PE_PACKING_ZSTD. PE_ENOMEM. */
pe_status pe_unpack_open(pe_packing packing, pe_unpack **out, pe_error *err);
void pe_unpack_close(pe_unpack *unpack); /* NULL is allowed */

/* pe_unpack_run - unpack some of in.
 *
 * Shape:   *used is how much of in was taken, *made how much of out was filled. Both 0 only where in is empty and nothing
 *          is left to give; where out was filled, more may be left.
 * Returns: PE_OK; PE_EDATA: these bytes are damaged or not packed so. The message is the reason alone; it happened at byte
 *          pe_unpack_offset of the file. PE_ENOMEM
 */
pe_status pe_unpack_run(pe_unpack *unpack, const unsigned char *in, size_t in_size, size_t *used, unsigned char *out,
                        size_t room, size_t *made, pe_error *err);

/* pe_unpack_bound - before the first run: it takes at most PE_UNPACK_BOUND bytes of memory; zstd of a larger window fails. */
#define PE_UNPACK_BOUND ((size_t)3 << 20)
void pe_unpack_bound(pe_unpack *unpack);

/* pe_unpack_jump - skip the members up to byte `offset`, which were unpacked elsewhere; between members. */
void pe_unpack_jump(pe_unpack *unpack, uint64_t offset);

/* pe_unpack_is_whole - may the file end here: after a complete member? */
bool pe_unpack_is_whole(const pe_unpack *unpack);
uint64_t pe_unpack_offset(const pe_unpack *unpack); /* packed bytes taken so far */
size_t pe_unpack_memory(const pe_unpack *unpack);

#endif
