/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* row_file.h - a file in which every row has its place from the start: any rank and thread fills it, in any order.
 *
 * Design: that ranks see one file is shown, not assumed: each writes a mark where rows will be, through a descriptor that
 *         it closes again, since network file systems pass on at a close and look anew at an open. Marks need no
 *         cleaning: rows come over them, or the run fails and all that was never told of is cut off.
 * Not here: which output has row_file (sink.h), who asks whom for marks (run/direct.c).
 */
#ifndef PE_ROW_FILE_H
#define PE_ROW_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PE_MARK_BYTES 16

/* Zero-initialise: none. */
typedef struct pe_row_file {
    char *path; /* absolute; NULL for none */
    int fd;
    uint64_t first;     /* offset of the first row */
    uint64_t first_row; /* its number: 0, or more in a part of a job */
    size_t row_bytes;
} pe_row_file;

/* pe_row_file_open - in an existing file. PE_EOUTPUT, and *out is none. */
pe_status pe_row_file_open(const char *path, uint64_t first, size_t row_bytes, pe_row_file *out, pe_error *err);
bool pe_row_file_is_open(const pe_row_file *row_file);

/* pe_row_file_write - whole rows from number `row` on; any thread, several at once. PE_EIO. */
pe_status pe_row_file_write(const pe_row_file *row_file, uint64_t row, const void *data, size_t bytes, pe_error *err);

/* pe_row_file_close - PE_EIO when what was written could not be kept; none is fine. */
pe_status pe_row_file_close(pe_row_file *row_file, pe_error *err);

/* pe_row_file_set_mark, pe_row_file_has_mark - mark number `number` at its place, in a file that will hold as many rows. */
bool pe_row_file_set_mark(const pe_row_file *row_file, uint64_t number, const unsigned char mark[PE_MARK_BYTES]);
bool pe_row_file_has_mark(const pe_row_file *row_file, uint64_t number, const unsigned char mark[PE_MARK_BYTES]);

#endif
