/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* zip.h - finds the members of a zip archive, which a numpy .npz file is.
 *
 * Design: pure functions over the bytes of the whole file. The central directory at its end is what counts, with the
 *         64-bit extensions; a member's data is found by its local header.
 * Threads: any.
 */
#ifndef PE_ZIP_H
#define PE_ZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PE_ZIP_NAME_ROOM 256

/* The central directory, and where the next member's entry begins. */
typedef struct pe_zip {
    const unsigned char *data;
    size_t size, at, end;
    uint64_t left; /* members not read yet */
} pe_zip;

typedef struct pe_zip_member {
    char name[PE_ZIP_NAME_ROOM]; /* a longer one is cut */
    unsigned method;             /* 0: stored, 8: deflated */
    bool is_encrypted;
    uint32_t crc;
    uint64_t stored_bytes; /* in the archive */
    uint64_t bytes;        /* unpacked */
    uint64_t header;       /* offset of the local header */
} pe_zip_member;

/* pe_zip_open - find the central directory. PE_EDATA: not a zip archive, or cut. */
pe_status pe_zip_open(const void *data, size_t size, const char *name, pe_zip *out, pe_error *err);

/* pe_zip_next - the next member, in the order of the directory. PE_EDATA: the directory is damaged. */
pe_status pe_zip_next(pe_zip *zip, const char *name, pe_zip_member *out, bool *is_there, pe_error *err);

/* pe_zip_find_data - find where the bytes of a member begin; all stored_bytes of them are inside. PE_EDATA: damaged. */
pe_status pe_zip_find_data(const pe_zip *zip, const char *name, const pe_zip_member *member, uint64_t *offset,
                           pe_error *err);

#endif
