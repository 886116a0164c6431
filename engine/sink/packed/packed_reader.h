/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* packed_reader.h - reads the rows back that a run has packed into a .gz or .zst file.
 *
 * Threads: one at a time.
 */
#ifndef PE_PACKED_READER_H
#define PE_PACKED_READER_H

#include <stddef.h>
#include <stdint.h>

#include "base/enum_names.h"
#include "base/error.h"

typedef struct pe_packed_reader pe_packed_reader;

/* pe_packed_reader_open - read from byte `begin`, where a member begins, up to byte `end`, which may be within a member.
 * Returns: PE_OK; PE_EOUTPUT when the file cannot be opened; PE_ENOMEM */
pe_status pe_packed_reader_open(pe_packing packing, const char *path, uint64_t begin, uint64_t end,
                                pe_packed_reader **out, pe_error *err);
void pe_packed_reader_close(pe_packed_reader *reader); /* NULL is allowed */

/* pe_packed_reader_read - read at most `room` bytes of rows; *made is 0 at the end only. PE_EIO; PE_EDATA: damaged, or shorter
 * than `end`. */
pe_status pe_packed_reader_read(pe_packed_reader *reader, unsigned char *out, size_t room, size_t *made, pe_error *err);

#endif
