/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* row_copy.h - reads the rows of an output file one after the other, and copies or drops them.
 *
 * Threads: one.
 */
#ifndef PE_ROW_COPY_H
#define PE_ROW_COPY_H

#include "sink/packed/packed_reader.h"
#include "sink/sink.h"

/* Zero-initialise. */
typedef struct pe_row_copy {
    const char *name;         /* for messages; borrowed */
    pe_packed_reader *packed; /* NULL: the rows are read from fd */
    int fd;                   /* the caller's */
    size_t row_bytes;         /* 0: a row is a line */
    char quote;               /* of lines: line ends between two of these belong to the row; '\0': none do */
    pe_buffer bytes;          /* that were read */
    size_t at;                /* of these: where the next row begins */
} pe_row_copy;

/* pe_row_copy_rows - copy the next rows to the sink, or drop them when it is NULL.
 * Returns: PE_OK; PE_EDATA when there are fewer; PE_EIO; errors of the sink */
pe_status pe_row_copy_rows(pe_row_copy *copy, uint64_t rows, pe_sink *sink, pe_error *err);
void pe_row_copy_fini(pe_row_copy *copy);

#endif
