/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* gzip_file.h - a file of a report, written as it is or compressed, which appears whole.
 *
 * Threads: one at a time.
 */
#ifndef PE_GZIP_FILE_H
#define PE_GZIP_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "os/file/out_file.h"

/* Zero-initialise. */
typedef struct pe_gzip_file {
    pe_out_file file;
    const char *path;     /* borrowed */
    struct pe_gzip *gzip; /* NULL: as it is */
} pe_gzip_file;

/* pe_gzip_file_begin - compressed when the path ends in .gz. PE_EOUTPUT, PE_ENOMEM. */
pe_status pe_gzip_file_begin(pe_gzip_file *self, const char *path, pe_error *err);
pe_status pe_gzip_file_write(pe_gzip_file *self, const void *bytes, size_t size, pe_error *err);
/* pe_gzip_file_end - give the file its name, or with an error in err remove it. */
pe_status pe_gzip_file_end(pe_gzip_file *self, pe_error *err);

#endif
