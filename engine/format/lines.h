/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lines.h - splits text into lines, and counts newlines.
 *
 * Design: a line ends with LF or CRLF; the last one may end with the text. A CR elsewhere is data, as is any other
 * byte.
 */
#ifndef PE_LINES_H
#define PE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pengine/types.h>

/* pe_bom_bytes - the size of the UTF-8 byte order mark at the beginning of the text: 3, or 0 without one. */
size_t pe_bom_bytes(const unsigned char *data, size_t size);

/* pe_lines_next - find the line that begins at data[*at], without its LF or CRLF; *at moves to the next line.
 * Owns:    line points into data.
 * Returns: false at the end of data; line is then unchanged */
bool pe_lines_next(const unsigned char *data, size_t size, size_t *at, pe_text *line);

/* pe_lines_count - the number of LF bytes in data.
 * Speed:   several GB/s from cache */
uint64_t pe_lines_count(const unsigned char *data, size_t size);

#endif
