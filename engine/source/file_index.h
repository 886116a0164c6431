/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* file_index.h - the index of the records of a mapped file, made by several threads.
 */
#ifndef PE_FILE_INDEX_H
#define PE_FILE_INDEX_H

#include "format/line_index.h"
#include "os/file/file.h"

/* pe_file_index_make - indexes the `size` bytes from start on. The pages are given back while they are scanned, so that the
 * file does not pile up in memory.
 *
 * Params:  threads: at most; 0: as many as this process has cores
 * Returns: PE_OK, and pe_line_index_end comes next; PE_ENOMEM
 */
pe_status pe_file_index_make(const pe_map *map, pe_line_position start, size_t size, pe_dialect dialect, int threads,
                             pe_line_index *out, pe_error *err);

#endif
