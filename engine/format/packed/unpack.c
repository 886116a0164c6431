/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* unpack.c - unpacks gzip with libisal and zstd with libzstd.
 *
 * Invariant: is_inside is true from the first byte of a member to its last, so that a file that was cut short differs from
 *            a complete one.
 * Design:   libisal unpacks two to three times as fast as zlib.
 * Threads:  no state but the caller's.
 * Not here: where the bytes come from (source/stream.c); packing (pack.c).
 */
#include "format/packed/unpack.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/alloc.h"
#include "format/packed/gzip_header.h"

#define WINDOW_LOG 21 /* 2 MiB, which fits PE_UNPACK_BOUND with the rest of a decoder */

struct pe_unpack {
    pe_packing packing;
    bool is_inside;   /* a member */
    bool has_members; /* at least one is complete */
    uint64_t offset;
    bool has_header; /* gzip: that of the current member was read */
    pe_gzip_header header;
    struct inflate_state gzip;
    ZSTD_DStream *zstd;
};

pe_status pe_unpack_open(pe_packing packing, pe_unpack **out, pe_error *err)
{
    pe_unpack *unpack = NULL;
    const pe_status status = pe_make_array(&unpack, 1, sizeof *unpack, err);
    if (status != PE_OK)
        return status;
    unpack->packing = packing;
    if (packing == PE_PACKING_GZIP)
        isal_inflate_init(&unpack->gzip);
    else
        unpack->zstd = ZSTD_createDStream();
    if (packing == PE_PACKING_ZSTD && unpack->zstd == NULL) {
        free(unpack);
        return pe_fail(err, PE_ENOMEM, "out of memory: a zstd decoder");
    }
    *out = unpack;
    return PE_OK;
}

void pe_unpack_close(pe_unpack *unpack)
{
    if (unpack == NULL)
        return;
    ZSTD_freeDStream(unpack->zstd);
    free(unpack);
}

static pe_status fail_header(pe_gzip_verdict verdict, pe_error *err)
{
    if (verdict == PE_GZIP_NONE)
        return pe_fail(err, PE_EDATA, "expected the header of a gzip member");
    if (verdict == PE_GZIP_METHOD)
        return pe_fail(err, PE_EDATA, "a gzip member that is not deflate");
    return pe_fail(err, PE_EDATA, "the checksum of a gzip member's header is wrong");
}

/* Reads the header of the next member, if one follows; has_header says whether one does. *used counts the padding in front of
 * it, too. */
static pe_status begin_gzip(pe_unpack *unpack, const unsigned char *in, size_t size, size_t *used, pe_error *err)
{
    while (!unpack->is_inside && unpack->has_members && *used < size && in[*used] == 0)
        ++*used;
    if (*used == size)
        return PE_OK;
    if (!unpack->is_inside)
        unpack->header = (pe_gzip_header){0};
    unpack->is_inside = true;
    size_t taken = 0;
    const pe_gzip_verdict verdict = pe_gzip_header_take(&unpack->header, in + *used, size - *used, &taken);
    *used += taken;
    if (verdict != PE_GZIP_MORE && verdict != PE_GZIP_COMPLETE)
        return fail_header(verdict, err);
    unpack->has_header = verdict == PE_GZIP_COMPLETE;
    isal_inflate_reset(&unpack->gzip);
    unpack->gzip.crc_flag = ISAL_GZIP_NO_HDR_VER;
    return PE_OK;
}

static pe_status run_gzip(pe_unpack *unpack, const unsigned char *in, size_t size, size_t *used, unsigned char *out,
                          size_t room, size_t *made, pe_error *err)
{
    struct inflate_state *const state = &unpack->gzip;
    if (!unpack->has_header && begin_gzip(unpack, in, size, used, err) != PE_OK)
        return err->status;
    if (!unpack->has_header)
        return PE_OK;
    const unsigned char *const from = in + *used;
    const size_t left = size - *used;
    state->avail_in = (uint32_t)(left < UINT32_MAX ? left : UINT32_MAX);
    memcpy(&state->next_in, &from, sizeof from); /* libisal only reads there, its field is no pointer to const */
    state->avail_out = (uint32_t)(room < UINT32_MAX ? room : UINT32_MAX);
    state->next_out = out;
    const int code = isal_inflate(state);
    *used = (size_t)(state->next_in - in);
    *made = (size_t)(state->next_out - out);
    if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT && code != ISAL_OUT_OVERFLOW)
        return pe_fail(err, PE_EDATA, "%s",
                       code == ISAL_INCORRECT_CHECKSUM ? "the checksum of a gzip member is wrong"
                                                       : "the gzip data are damaged");
    if (state->block_state == ISAL_BLOCK_FINISH) {
        unpack->is_inside = unpack->has_header = false;
        unpack->has_members = true;
    }
    return PE_OK;
}

static pe_status run_zstd(pe_unpack *unpack, const unsigned char *in, size_t size, size_t *used, unsigned char *out,
                          size_t room, size_t *made, pe_error *err)
{
    ZSTD_inBuffer from = {in, size, 0};
    ZSTD_outBuffer to = {out, room, 0};
    if (size == 0 && !unpack->is_inside)
        return PE_OK;
    const size_t code = ZSTD_decompressStream(unpack->zstd, &to, &from);
    *used = from.pos;
    *made = to.pos;
    if (ZSTD_isError(code))
        return pe_fail(err, PE_EDATA, "the zstd data are damaged or none (%s)", ZSTD_getErrorName(code));
    unpack->is_inside = code != 0;
    unpack->has_members = unpack->has_members || code == 0;
    return PE_OK;
}

pe_status pe_unpack_run(pe_unpack *unpack, const unsigned char *in, size_t in_size, size_t *used, unsigned char *out,
                        size_t room, size_t *made, pe_error *err)
{
    *used = *made = 0;
    const pe_status status = unpack->packing == PE_PACKING_GZIP
                                 ? run_gzip(unpack, in, in_size, used, out, room, made, err)
                                 : run_zstd(unpack, in, in_size, used, out, room, made, err);
    unpack->offset += *used;
    return status;
}

void pe_unpack_bound(pe_unpack *unpack)
{
    if (unpack->zstd != NULL) /* cannot fail: the parameter is valid */
        (void)ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
}

void pe_unpack_jump(pe_unpack *unpack, uint64_t offset)
{
    unpack->offset = offset;
    unpack->has_members = true;
}

bool pe_unpack_is_whole(const pe_unpack *unpack)
{
    return unpack->has_members && !unpack->is_inside;
}

uint64_t pe_unpack_offset(const pe_unpack *unpack)
{
    return unpack->offset;
}

size_t pe_unpack_memory(const pe_unpack *unpack)
{
    return sizeof *unpack + ZSTD_sizeof_DStream(unpack->zstd);
}
