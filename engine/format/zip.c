/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* zip.c - finds the members of a zip archive.
 *
 * Design: every offset and size of the file is compared with what is left before it is used. The sizes of a local header
 *         are not read: numpy leaves them to the directory.
 * Threads: any; nothing is shared.
 * Not here: unpacking (source/binary/npz_source.c).
 */
#include "format/zip.h"

#include <string.h>

#define END_BYTES 22u
#define END64_BYTES 56u
#define LOCATOR_BYTES 20u
#define ENTRY_BYTES 46u
#define LOCAL_BYTES 30u
#define COMMENT_MOST 65535u
#define WIDE 0xffffffffu /* the value is in the 64-bit extra field */

static uint32_t get16(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static uint32_t get32(const unsigned char *p)
{
    return get16(p) | get16(p + 2) << 16;
}

static uint64_t get64(const unsigned char *p)
{
    return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static pe_status damaged(const char *name, const char *what, pe_error *err)
{
    return pe_fail(err, PE_EDATA, "%s: a damaged npz (zip) archive: %s", name, what);
}

/* The end record: the last one whose comment ends with the file. NULL: none. */
static const unsigned char *find_end(const unsigned char *data, size_t size)
{
    const size_t most = size < END_BYTES + COMMENT_MOST ? size : END_BYTES + COMMENT_MOST;
    for (size_t back = END_BYTES; back <= most; back++) {
        const unsigned char *const at = data + size - back;
        if (memcmp(at, "PK\5\6", 4) == 0 && get16(at + 20) + END_BYTES == back)
            return at;
    }
    return NULL;
}

/* The 64-bit end record, where its locator precedes the end record. */
static const unsigned char *find_end64(const unsigned char *data, const unsigned char *end)
{
    if ((size_t)(end - data) < LOCATOR_BYTES + END64_BYTES || memcmp(end - LOCATOR_BYTES, "PK\6\7", 4) != 0)
        return NULL;
    const uint64_t offset = get64(end - LOCATOR_BYTES + 8);
    if (offset > (size_t)(end - data) - LOCATOR_BYTES - END64_BYTES || memcmp(data + offset, "PK\6\6", 4) != 0)
        return NULL;
    return data + offset;
}

pe_status pe_zip_open(const void *data, size_t size, const char *name, pe_zip *out, pe_error *err)
{
    const unsigned char *const bytes = data;
    if (size < 4 || (memcmp(bytes, "PK\3\4", 4) != 0 && memcmp(bytes, "PK\5\6", 4) != 0))
        return pe_fail(err, PE_EDATA, "%s: not an npz file: it does not begin as a zip archive does (\"PK\")", name);
    const unsigned char *const end = find_end(bytes, size);
    if (end == NULL)
        return damaged(name, "its end is missing; is the file cut?", err);
    const unsigned char *const end64 = find_end64(bytes, end);
    const uint64_t count = end64 != NULL ? get64(end64 + 32) : get16(end + 10);
    const uint64_t length = end64 != NULL ? get64(end64 + 40) : get32(end + 12);
    const uint64_t offset = end64 != NULL ? get64(end64 + 48) : get32(end + 16);
    const uint64_t before = (uint64_t)((end64 != NULL ? end64 : end) - bytes);
    if (offset > before || length > before - offset)
        return damaged(name, "its directory is not where its end says", err);
    *out = (pe_zip){bytes, size, (size_t)offset, (size_t)(offset + length), count};
    return PE_OK;
}

/* Takes the values that are too large for 32 bits from the extra field, in the order of the standard. */
static bool take_wide(const unsigned char *extra, size_t size, pe_zip_member *member)
{
    uint64_t *const values[] = {&member->bytes, &member->stored_bytes, &member->header};
    size_t wanted = 0;
    for (size_t v = 0; v < 3; v++)
        wanted += *values[v] == WIDE ? 8 : 0;
    while (wanted > 0 && size >= 4) {
        const size_t length = get16(extra + 2);
        if (length > size - 4)
            return false;
        if (get16(extra) == 1) {
            const unsigned char *at = extra + 4;
            for (size_t v = 0; v < 3 && wanted <= length; v++)
                if (*values[v] == WIDE) {
                    *values[v] = get64(at);
                    at += 8;
                }
            return wanted <= length;
        }
        extra += 4 + length;
        size -= 4 + length;
    }
    return wanted == 0;
}

pe_status pe_zip_next(pe_zip *zip, const char *name, pe_zip_member *out, bool *is_there, pe_error *err)
{
    *is_there = false;
    if (zip->left == 0)
        return PE_OK;
    const unsigned char *const entry = zip->data + zip->at;
    const size_t room = zip->end - zip->at;
    if (room < ENTRY_BYTES || memcmp(entry, "PK\1\2", 4) != 0)
        return damaged(name, "its directory has fewer members than it says", err);
    const size_t name_size = get16(entry + 28), extra = get16(entry + 30), comment = get16(entry + 32);
    if (name_size + extra + comment > room - ENTRY_BYTES)
        return damaged(name, "an entry of its directory is cut", err);
    *out = (pe_zip_member){.method = get16(entry + 10),
                           .is_encrypted = (get16(entry + 8) & 1u) != 0,
                           .crc = get32(entry + 16),
                           .stored_bytes = get32(entry + 20),
                           .bytes = get32(entry + 24),
                           .header = get32(entry + 42)};
    const size_t kept = name_size < sizeof out->name ? name_size : sizeof out->name - 1;
    memcpy(out->name, entry + ENTRY_BYTES, kept);
    out->name[kept] = '\0';
    if (!take_wide(entry + ENTRY_BYTES + name_size, extra, out))
        return damaged(name, "a member has no size", err);
    zip->at += ENTRY_BYTES + name_size + extra + comment;
    zip->left--;
    *is_there = true;
    return PE_OK;
}

pe_status pe_zip_find_data(const pe_zip *zip, const char *name, const pe_zip_member *member, uint64_t *offset,
                           pe_error *err)
{
    if (zip->size < LOCAL_BYTES || member->header > zip->size - LOCAL_BYTES ||
        memcmp(zip->data + member->header, "PK\3\4", 4) != 0)
        return damaged(name, "a member is not where its directory says", err);
    const unsigned char *const local = zip->data + member->header;
    const uint64_t begin = member->header + LOCAL_BYTES + get16(local + 26) + get16(local + 28);
    if (begin > zip->size || member->stored_bytes > zip->size - begin)
        return damaged(name, "a member goes beyond its end", err);
    *offset = begin;
    return PE_OK;
}
