/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* row_file.h - a file of rows of equal size, which any thread of any rank writes at their offsets, in any order.
 *
 * Design: whether two ranks see the same file is tested: each rank writes a probe (random bytes) where rows will be, and
 *         rank 0 reads all of them. A probe goes through a descriptor of its own that is closed at once, since network
 *         file systems send data at a close and read it anew at an open. Rows overwrite the probes, or the run fails
 *         and truncates them.
 * Not here: which outputs are row files (sink.h); the exchange of the probes (run/output/shared_output.c).
 */
#ifndef PE_ROW_FILE_H
#define PE_ROW_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PE_PROBE_BYTES 16

/* Zero-initialise: closed. */
typedef struct pe_row_file {
    char *path; /* absolute; NULL: closed */
    int fd;
    uint64_t first;     /* offset of the first row */
    uint64_t first_row; /* its number in the job; not 0 in a part of a job */
    size_t row_bytes;
    uint64_t probe; /* offset of the probes: bytes that no row has yet */
} pe_row_file;

/* pe_row_file_open - open an existing file for writing; probes go where its rows begin. PE_EOUTPUT, and *out is closed. */
pe_status pe_row_file_open(const char *path, uint64_t first, size_t row_bytes, pe_row_file *out, pe_error *err);
bool pe_row_file_is_open(const pe_row_file *row_file);

/* pe_row_file_write - write complete rows from number `row` on; any thread, several at once. PE_EIO. */
pe_status pe_row_file_write(const pe_row_file *row_file, uint64_t row, const void *data, size_t bytes, pe_error *err);

/* pe_row_file_close - is_durable: the rows of this rank are on stable storage when this returns. PE_EIO when a write failed
 * after all. A closed one is allowed. */
pe_status pe_row_file_close(pe_row_file *row_file, bool is_durable, pe_error *err);

/* pe_row_file_write_probe, pe_row_file_has_probe - write or read probe number `number`. The complete file is longer than the
 * probes. */
bool pe_row_file_write_probe(const pe_row_file *row_file, uint64_t number, const unsigned char probe[PE_PROBE_BYTES]);
bool pe_row_file_has_probe(const pe_row_file *row_file, uint64_t number, const unsigned char probe[PE_PROBE_BYTES]);

#endif
