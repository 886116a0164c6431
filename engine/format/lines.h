/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lines.h - text as lines: one line after the other, and how many newlines there are.
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

/* pe_bom_bytes - 3 when the text begins with a UTF-8 byte order mark, which is no part of it, else 0. */
size_t pe_bom_bytes(const unsigned char *data, size_t size);

/* pe_lines_next - the line that begins at data[*at], without its end; *at moves behind its end.
 * Owns:    line points into data.
 * Returns: false at the end of data: line is not written */
bool pe_lines_next(const unsigned char *data, size_t size, size_t *at, pe_text *line);

/* pe_lines_count - the LF bytes in data.
 * Speed:   several GB/s from cache */
uint64_t pe_lines_count(const unsigned char *data, size_t size);

#endif
