/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npz_source.c - one array of a numpy .npz file, which is a zip archive of npy files.
 *
 * Design:   a stored member is an npy file inside the mapping, read in place by every rank. A deflated one has no rows
 *           that could be found, so rank 0 unpacks it to a scratch file once, in pieces, and the other ranks get their
 *           rows from rank 0.
 * Threads:  see source_vtable.h.
 * Not here: the archive (format/zip.c), the array (npy_source.c).
 */
#define ZLIB_CONST /* input is const */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "format/zip.h"
#include "os/file/file.h"
#include "os/file/scratch_file.h"
#include "source/binary/npy_source.h"

#define NAMES_ROOM 400
#define PIECE_BYTES ((size_t)1 << 20)
#define STORED 0u
#define DEFLATED 8u

/* "a" for the member a.npy, as numpy calls it. */
static bool is_member(const char *member, const char *wanted)
{
    const size_t size = strlen(wanted);
    return strncmp(member, wanted, size) == 0 && (member[size] == '\0' || strcmp(member + size, ".npy") == 0);
}

static void add_name(char names[NAMES_ROOM], const char *member)
{
    const size_t used = strlen(names), size = strlen(member);
    const bool has_suffix = size > 4 && strcmp(member + size - 4, ".npy") == 0;
    if (used + size + 8 < NAMES_ROOM)
        (void)snprintf(names + used, NAMES_ROOM - used, "%s\"%.*s\"", used > 0 ? ", " : "",
                       (int)(has_suffix ? size - 4 : size), member);
    else if (used + 6 < NAMES_ROOM && used > 0 && names[used - 1] != '.')
        (void)snprintf(names + used, NAMES_ROOM - used, ", ...");
}

/* The member that the job names, or the only one. */
static pe_status find_member(const pe_source *source, pe_zip *zip, pe_zip_member *out, pe_error *err)
{
    const char *const wanted = source->spec->dataset, *const name = source->info.name;
    char names[NAMES_ROOM] = "";
    uint64_t found = 0, members = 0;
    pe_zip_member member;
    bool is_there = true;
    pe_status status = pe_zip_open(source->map.data, source->map.size, name, zip, err);
    while (status == PE_OK && is_there) {
        status = pe_zip_next(zip, name, &member, &is_there, err);
        if (status != PE_OK || !is_there)
            continue;
        members++;
        add_name(names, member.name);
        if (found == 0 && (wanted == NULL || is_member(member.name, wanted))) {
            *out = member;
            found++;
        }
    }
    if (status != PE_OK)
        return status;
    if (members == 0)
        return pe_fail(err, PE_EDATA, "%s: holds no array", name);
    if (wanted == NULL && members > 1)
        return pe_fail(err, PE_ECONFIG, "%s: %s holds %" PRIu64 " arrays: choose one with dataset = ...: %s",
                       source->spec->where, name, members, names);
    if (found == 0)
        return pe_fail(err, PE_ECONFIG, "%s: dataset: there is no \"%s\" in %s: it holds %s", source->spec->where,
                       wanted, name, names);
    return PE_OK;
}

/* Unpacking a member to a file. */
typedef struct unpack {
    const char *name;
    int file;
    unsigned char *piece;
    uint32_t crc;
    uint64_t written;
} unpack;

static pe_status put_piece(unpack *u, size_t size, pe_error *err)
{
    u->crc = (uint32_t)crc32(u->crc, u->piece, (uInt)size);
    u->written += size;
    return pe_write_full(u->file, u->piece, size, "the scratch file of an npz", err);
}

static pe_status inflate_all(unpack *u, z_stream *stream, const unsigned char *data, uint64_t left, pe_error *err)
{
    int code = Z_OK;
    pe_status status = PE_OK;
    while (code == Z_OK && status == PE_OK) {
        if (stream->avail_in == 0 && left > 0) {
            const uint64_t some = left < PIECE_BYTES ? left : PIECE_BYTES;
            stream->next_in = data;
            stream->avail_in = (uInt)some;
            data += some;
            left -= some;
        }
        stream->next_out = u->piece;
        stream->avail_out = (uInt)PIECE_BYTES;
        code = inflate(stream, Z_NO_FLUSH);
        if (code == Z_OK || code == Z_STREAM_END)
            status = put_piece(u, PIECE_BYTES - stream->avail_out, err);
    }
    if (status == PE_OK && code != Z_STREAM_END)
        status = pe_fail(err, PE_EDATA, "%s: its deflated data is damaged (%s)", u->name,
                         stream->msg != NULL ? stream->msg : "it ends too early");
    return status;
}

static pe_status unpack_member(unpack *u, const unsigned char *data, const pe_zip_member *member, pe_error *err)
{
    z_stream stream = {0};
    pe_status status = pe_make_array(&u->piece, PIECE_BYTES, 1, err);
    if (status == PE_OK && inflateInit2(&stream, -MAX_WBITS) != Z_OK)
        status = pe_fail(err, PE_ENOMEM, "%s: out of memory for unpacking", u->name);
    if (status == PE_OK) {
        status = inflate_all(u, &stream, data, member->stored_bytes, err);
        (void)inflateEnd(&stream);
    }
    free(u->piece);
    if (status == PE_OK && (u->written != member->bytes || u->crc != member->crc))
        status =
            pe_fail(err, PE_EDATA, "%s: member \"%s\" is damaged: its checksum or size is not what the archive says",
                    u->name, member->name);
    return status;
}

/* Exchanges the mapping of the archive for one of the unpacked member. */
static pe_status map_unpacked(pe_binary_source *binary, const pe_zip_member *member, uint64_t offset, pe_error *err)
{
    const char *const folder = getenv("TMPDIR");
    pe_source *const source = &binary->base;
    char path[4096];
    pe_map unpacked = {0};
    unpack u = {.name = source->info.name};
    (void)snprintf(path, sizeof path, "%s/npz", folder != NULL && *folder != '\0' ? folder : "/tmp");
    pe_status status = pe_scratch_file_open(path, &u.file, err);
    if (status != PE_OK)
        return status;
    binary->file = u.file;
    status = unpack_member(&u, source->map.data + offset, member, err);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", u.file);
    if (status == PE_OK)
        status = pe_map_open(path, &unpacked, err);
    if (status != PE_OK)
        return status;
    pe_map_close(&source->map);
    source->map = unpacked;
    binary->layout.is_unpacked = true;
    return PE_OK;
}

static pe_status open_npz(pe_source *source, pe_error *err)
{
    pe_binary_source *const binary = (pe_binary_source *)source;
    pe_zip zip;
    pe_zip_member member;
    uint64_t offset = 0;
    binary->declared_rows = PE_COUNT_UNKNOWN;
    pe_status status = find_member(source, &zip, &member, err);
    if (status == PE_OK && (member.is_encrypted || (member.method != STORED && member.method != DEFLATED)))
        status = pe_fail(err, PE_EDATA, "%s: member \"%s\" is %s: expected one that is stored or deflated",
                         source->info.name, member.name, member.is_encrypted ? "encrypted" : "compressed another way");
    if (status == PE_OK)
        status = pe_zip_find_data(&zip, source->info.name, &member, &offset, err);
    if (status == PE_OK && member.method == STORED)
        return pe_npy_open_at(binary, offset, (size_t)member.stored_bytes, err);
    if (status == PE_OK)
        status = map_unpacked(binary, &member, offset, err);
    return status == PE_OK ? pe_npy_open_at(binary, 0, source->map.size, err) : status;
}

/* Another rank has not what rank 0 unpacked. */
static pe_status load_npz(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    pe_binary_layout layout;
    if (size >= sizeof layout)
        memcpy(&layout, data, sizeof layout);
    if (size >= sizeof layout && layout.is_unpacked) {
        source->is_local = false;
        pe_map_close(&source->map);
    }
    return pe_binary_load(source, data, size, err);
}

const pe_source_vtable pe_kind_npz = {
    .name = "npz",
    .source_bytes = sizeof(pe_binary_source),
    .reader_bytes = sizeof(pe_binary_reader),
    .open = open_npz,
    .save = pe_binary_save,
    .load = load_npz,
    .close = pe_binary_close,
    .bind = pe_binary_bind,
    .can_group = true,
    .byte_range = pe_binary_byte_range,
    .fetch = pe_binary_fetch_fortran,
    .reader_open = pe_binary_reader_open,
    .reader_close = pe_binary_reader_close,
    .rewind = pe_binary_reader_rewind,
    .read = pe_binary_read,
    .memory = pe_binary_memory,
    .chunk_bytes = pe_binary_chunk_bytes,
};
