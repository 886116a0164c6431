/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* gzip_header.c - reads the header of a gzip member byte by byte.
 *
 * Design:   libisal 2.30 refuses a header with a checksum that comes in pieces, so the header is read here.
 * Threads:  the state is the caller's.
 * Not here: the data and the checksum after them (unpack.c).
 */
#include "format/packed/gzip_header.h"

#include <stdbool.h>
#include <zlib.h>

enum part { FIXED, EXTRA_SIZE, EXTRA, NAME, COMMENT, CHECKSUM, END };
enum { FIXED_BYTES = 10, FLAG_CHECKSUM = 2, FLAG_EXTRA = 4, FLAG_NAME = 8, FLAG_COMMENT = 16, FLAGS_KNOWN = 31 };

static pe_gzip_verdict take_fixed(pe_gzip_header *header, unsigned char byte)
{
    static const unsigned char begin[3] = {0x1F, 0x8B, Z_DEFLATED};
    const uint64_t at = header->taken - 1;
    if (at < sizeof begin && byte != begin[at])
        return at < 2 ? PE_GZIP_NONE : PE_GZIP_METHOD;
    if (at == sizeof begin) {
        header->flags = byte;
        if ((byte & ~FLAGS_KNOWN) != 0)
            return PE_GZIP_METHOD;
    }
    header->part += at + 1 == FIXED_BYTES;
    return PE_GZIP_MORE;
}

/* Is this part in the header? */
static bool has_part(const pe_gzip_header *header)
{
    static const unsigned flags[] = {[EXTRA_SIZE] = FLAG_EXTRA,
                                     [EXTRA] = FLAG_EXTRA,
                                     [NAME] = FLAG_NAME,
                                     [COMMENT] = FLAG_COMMENT,
                                     [CHECKSUM] = FLAG_CHECKSUM};
    if (header->part == FIXED)
        return true;
    if ((header->flags & flags[header->part]) == 0)
        return false;
    return header->part != EXTRA || header->left > 0;
}

/* Two bytes, the lower one first; true with the second. */
static bool take_number(pe_gzip_header *header, unsigned char byte)
{
    header->number |= (uint32_t)byte << (8 * header->left);
    header->left++;
    return header->left == 2;
}

static pe_gzip_verdict take_byte(pe_gzip_header *header, unsigned char byte)
{
    const uint32_t crc = header->crc;
    header->taken++;
    header->crc = (uint32_t)crc32(crc, &byte, 1);
    switch ((enum part)header->part) {
    case FIXED:
        return take_fixed(header, byte);
    case EXTRA_SIZE:
        if (take_number(header, byte)) {
            header->left = header->number;
            header->number = 0;
            header->part++;
        }
        return PE_GZIP_MORE;
    case EXTRA:
        header->left--;
        header->part += header->left == 0;
        return PE_GZIP_MORE;
    case NAME:
    case COMMENT:
        header->part += byte == 0;
        return PE_GZIP_MORE;
    case CHECKSUM:
        header->crc = crc;
        if (!take_number(header, byte))
            return PE_GZIP_MORE;
        header->part++;
        return header->number == (crc & 0xFFFFu) ? PE_GZIP_MORE : PE_GZIP_CHECKSUM;
    case END:
        break;
    }
    return PE_GZIP_MORE;
}

pe_gzip_verdict pe_gzip_header_take(pe_gzip_header *header, const unsigned char *data, size_t size, size_t *used)
{
    pe_gzip_verdict verdict = PE_GZIP_MORE;
    *used = 0;
    while (verdict == PE_GZIP_MORE) {
        while (header->part != END && !has_part(header))
            header->part++;
        if (header->part == END)
            return PE_GZIP_COMPLETE;
        if (*used == size)
            break;
        verdict = take_byte(header, data[(*used)++]);
    }
    return verdict;
}
