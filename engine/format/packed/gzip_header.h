/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* gzip_header.h - reads the header of a gzip member (RFC 1952), which may come in pieces.
 */
#ifndef PE_GZIP_HEADER_H
#define PE_GZIP_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialise for each member. */
typedef struct pe_gzip_header {
    uint64_t taken; /* bytes, all parts together */
    unsigned part;  /* which part of the header comes next */
    unsigned flags;
    uint64_t left; /* bytes of the extra field to come, or digits of a number seen */
    uint32_t crc;  /* of the bytes taken, without those of the checksum itself */
    uint32_t number;
} pe_gzip_header;

typedef enum pe_gzip_verdict {
    PE_GZIP_MORE,     /* the header goes on after these bytes */
    PE_GZIP_COMPLETE, /* the next byte is the first of the deflate data */
    PE_GZIP_NONE,     /* no header of a gzip member */
    PE_GZIP_METHOD,   /* the member is not deflate, or has flags that RFC 1952 does not know */
    PE_GZIP_CHECKSUM  /* the header's own checksum is wrong */
} pe_gzip_verdict;

/* pe_gzip_header_take - the next bytes; *used is how many of them were read. */
pe_gzip_verdict pe_gzip_header_take(pe_gzip_header *header, const unsigned char *data, size_t size, size_t *used);

#endif
