/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lines.c - splits text into lines, and counts newlines.
 *
 * Design:   memchr finds the end of a line; newlines are counted eight bytes at a time (bytes8.h).
 * Threads:  no state.
 * Not here: offsets of lines in a large file (line_index.c).
 */
#include "format/lines.h"

#include <string.h>

#include "format/bytes8.h"

size_t pe_bom_bytes(const unsigned char *data, size_t size)
{
    static const unsigned char mark[3] = {0xEF, 0xBB, 0xBF};
    return size >= sizeof mark && memcmp(data, mark, sizeof mark) == 0 ? sizeof mark : 0;
}

bool pe_lines_next(const unsigned char *data, size_t size, size_t *at, pe_text *line)
{
    if (*at >= size)
        return false;
    const unsigned char *const begin = data + *at;
    const unsigned char *const end = memchr(begin, '\n', size - *at);
    size_t length = end == NULL ? size - *at : (size_t)(end - begin);
    *at += end == NULL ? length : length + 1;
    if (end != NULL && length > 0 && begin[length - 1] == '\r')
        length--;
    *line = (pe_text){(const char *)begin, length};
    return true;
}

uint64_t pe_lines_count(const unsigned char *data, size_t size)
{
    uint64_t count = 0;
    size_t at = 0;
    for (; size - at >= 64; at += 64)
        count += bytes8_count64(data + at, '\n');
    for (; at < size; at++)
        count += data[at] == '\n';
    return count;
}
