/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_unpack.c - any bytes as a gzip or zstd file: in one piece or in many, the same bytes or the same complaint come out.
 *
 * Design: the first byte chooses gzip or zstd and the size of the pieces. What is unpacked is packed again, and must come
 *         back.
 */
#include <stdlib.h>
#include <string.h>

#include "format/packed/pack.h"
#include "format/packed/unpack.h"
#include "fuzz.h"

enum { MOST_OUT = 1 << 20 };

typedef struct outcome {
    pe_buffer bytes;
    pe_status status;
    bool is_whole;
} outcome;

/* Unpacks all of it, at most in_piece bytes in and out_piece out at once. */
static outcome run(pe_packing packing, const uint8_t *data, size_t size, size_t in_piece, size_t out_piece)
{
    outcome o = {.status = PE_OK};
    pe_error err = PE_ERROR_INIT;
    pe_unpack *unpack = NULL;
    FUZZ_HOLDS(pe_unpack_open(packing, &unpack, &err) == PE_OK);
    for (size_t at = 0, idle = 0; idle < 2 && o.bytes.size < MOST_OUT && o.status == PE_OK;) {
        const size_t piece = size - at < in_piece ? size - at : in_piece;
        size_t used = 0, made = 0;
        FUZZ_HOLDS(pe_buffer_reserve(&o.bytes, out_piece, &err) == PE_OK);
        o.status = pe_unpack_run(unpack, data + at, piece, &used, o.bytes.data + o.bytes.size, out_piece, &made, &err);
        FUZZ_HOLDS(used <= piece && made <= out_piece);
        o.bytes.size += made;
        at += used;
        idle = used == 0 && made == 0 ? idle + 1 : 0;
        FUZZ_HOLDS(pe_unpack_offset(unpack) == at);
    }
    o.is_whole = o.status == PE_OK && pe_unpack_is_whole(unpack);
    pe_unpack_close(unpack);
    return o;
}

static void check_round(pe_packing packing, const outcome *o, size_t piece)
{
    pe_pack *pack = NULL;
    pe_buffer packed = {0};
    pe_error err = PE_ERROR_INIT;
    FUZZ_HOLDS(pe_pack_open(packing, &pack, &err) == PE_OK);
    for (size_t at = 0, part = 0; at < o->bytes.size || at == 0; at += part) {
        part = o->bytes.size - at < piece ? o->bytes.size - at : piece;
        FUZZ_HOLDS(pe_pack_piece(pack, o->bytes.data + at, part, at + part == o->bytes.size, &packed, &err) == PE_OK);
        if (part == 0)
            break;
    }
    outcome again = run(packing, packed.data, packed.size, packed.size, 4096);
    FUZZ_HOLDS(again.is_whole && again.bytes.size == o->bytes.size);
    FUZZ_HOLDS(o->bytes.size == 0 || memcmp(again.bytes.data, o->bytes.data, o->bytes.size) == 0);
    pe_buffer_fini(&again.bytes);
    pe_buffer_fini(&packed);
    pe_pack_close(pack);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const pe_packing packing = (data[0] & 1) == 0 ? PE_PACKING_GZIP : PE_PACKING_ZSTD;
    const size_t piece = (size_t)(data[0] >> 1) + 1;
    outcome one = run(packing, data + 1, size - 1, size, 1 << 16);
    outcome many = run(packing, data + 1, size - 1, piece, 7 * piece);
    /* libzstd 1.5.4 refuses some damaged frames only where it has all of them at once (corpus/unpack/one_piece_refused) */
    const bool may_differ = packing == PE_PACKING_ZSTD && one.status == PE_EDATA && many.status == PE_OK;
    if (one.bytes.size < MOST_OUT && !may_differ) {
        FUZZ_HOLDS(one.status == many.status && one.is_whole == many.is_whole);
        if (one.status == PE_OK)
            FUZZ_HOLDS(one.bytes.size == many.bytes.size &&
                       (one.bytes.size == 0 || memcmp(one.bytes.data, many.bytes.data, one.bytes.size) == 0));
        if (one.is_whole)
            check_round(packing, &one, 100 * piece);
    }
    pe_buffer_fini(&one.bytes);
    pe_buffer_fini(&many.bytes);
    return 0;
}
