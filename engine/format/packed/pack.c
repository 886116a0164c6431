/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pack.c - packs with zlib and libzstd at fixed levels.
 *
 * Design:   zlib and not libisal, whose bytes differ between processors. The header of a gzip member has no time and no
 *           name. Each piece is flushed, which costs a few bytes of 128 KiB: an interrupted run goes on from what is in the
 *           file, without a copy of the rows beside it.
 * Threads:  no state but the caller's.
 * Not here: where members end, which thread packs (sink/packed/packer.c); unpacking (unpack.c).
 */
#include "format/packed/pack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/alloc.h"

#define GZIP_LEVEL 4 /* a third of the time of level 6, for one to two percent more bytes */
#define ZSTD_LEVEL 3
#define GZIP_WINDOW (15 + 16) /* 16: with gzip's header and trailer */
#define GZIP_MEMORY 8         /* zlib's default */
#define GZIP_BYTES ((size_t)300 << 10)
#define ZSTD_BYTES ((size_t)4 << 20)

struct pe_pack {
    pe_packing packing;
    bool has_zlib;
    z_stream zlib;
    ZSTD_CStream *zstd;
};

static pe_status open_zlib(pe_pack *pack, pe_error *err)
{
    const int code = deflateInit2(&pack->zlib, GZIP_LEVEL, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY, Z_DEFAULT_STRATEGY);
    pack->has_zlib = code == Z_OK;
    return code == Z_OK ? PE_OK : pe_fail(err, PE_ENOMEM, "out of memory: a gzip encoder");
}

static pe_status open_zstd(pe_pack *pack, pe_error *err)
{
    pack->zstd = ZSTD_createCStream();
    const bool is_set = pack->zstd != NULL &&
                        !ZSTD_isError(ZSTD_CCtx_setParameter(pack->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
                        !ZSTD_isError(ZSTD_CCtx_setParameter(pack->zstd, ZSTD_c_checksumFlag, 1));
    return is_set ? PE_OK : pe_fail(err, PE_ENOMEM, "out of memory: a zstd encoder");
}

pe_status pe_pack_open(pe_packing packing, pe_pack **out, pe_error *err)
{
    pe_pack *pack = NULL;
    pe_status status = pe_make_array(&pack, 1, sizeof *pack, err);
    if (status != PE_OK)
        return status;
    pack->packing = packing;
    status = packing == PE_PACKING_GZIP ? open_zlib(pack, err) : open_zstd(pack, err);
    if (status == PE_OK)
        *out = pack;
    else
        pe_pack_close(pack);
    return status;
}

void pe_pack_close(pe_pack *pack)
{
    if (pack == NULL)
        return;
    if (pack->has_zlib)
        (void)deflateEnd(&pack->zlib);
    ZSTD_freeCStream(pack->zstd);
    free(pack);
}

static pe_status pack_zlib(pe_pack *pack, const unsigned char *data, size_t size, bool is_last, pe_buffer *out,
                           pe_error *err)
{
    z_stream *const z = &pack->zlib;
    memcpy(&z->next_in, &data, sizeof data); /* zlib only reads there */
    z->avail_in = (uInt)size;
    for (int code = Z_OK; code == Z_OK;) {
        const size_t room = deflateBound(z, (uLong)size) + 64;
        const pe_status status = pe_buffer_reserve(out, room, err);
        if (status != PE_OK)
            return status;
        z->next_out = out->data + out->size;
        z->avail_out = (uInt)room;
        code = deflate(z, is_last ? Z_FINISH : Z_SYNC_FLUSH);
        out->size += room - z->avail_out;
        if (code == Z_STREAM_END)
            return deflateReset(z) == Z_OK ? PE_OK : pe_fail(err, PE_EBUG, "zlib cannot begin another member");
        if (code == Z_STREAM_ERROR)
            return pe_fail(err, PE_EBUG, "zlib's state is damaged");
        if (!is_last && z->avail_out > 0)
            return PE_OK;
    }
    return pe_fail(err, PE_EBUG, "zlib does not go on");
}

static pe_status pack_zstd(pe_pack *pack, const unsigned char *data, size_t size, bool is_last, pe_buffer *out,
                           pe_error *err)
{
    ZSTD_inBuffer from = {data, size, 0};
    for (;;) {
        const size_t room = ZSTD_compressBound(size) + 64;
        const pe_status status = pe_buffer_reserve(out, room, err);
        if (status != PE_OK)
            return status;
        ZSTD_outBuffer to = {out->data + out->size, room, 0};
        const size_t left = ZSTD_compressStream2(pack->zstd, &to, &from, is_last ? ZSTD_e_end : ZSTD_e_flush);
        out->size += to.pos;
        if (ZSTD_isError(left))
            return pe_fail(err, PE_EBUG, "zstd: %s", ZSTD_getErrorName(left));
        if (left == 0 && from.pos == size)
            return PE_OK;
    }
}

pe_status pe_pack_piece(pe_pack *pack, const unsigned char *data, size_t size, bool is_last, pe_buffer *out,
                        pe_error *err)
{
    return pack->packing == PE_PACKING_GZIP ? pack_zlib(pack, data, size, is_last, out, err)
                                            : pack_zstd(pack, data, size, is_last, out, err);
}

pe_status pe_pack_library(pe_packing packing, pe_buffer *out, pe_error *err)
{
    if (packing == PE_PACKING_NONE)
        return PE_OK;
    const bool is_gzip = packing == PE_PACKING_GZIP;
    return pe_buffer_printf(out, err, is_gzip ? "zlib %s" : "zstd %s", is_gzip ? zlibVersion() : ZSTD_versionString());
}

size_t pe_pack_memory(pe_packing packing)
{
    return packing == PE_PACKING_GZIP ? GZIP_BYTES : packing == PE_PACKING_ZSTD ? ZSTD_BYTES : 0;
}
