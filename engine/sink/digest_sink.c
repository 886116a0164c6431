/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* digest_sink.c - count, bytes and XXH3-128 of what raw would have written, as one line.
 *
 * Design: the hash is a stream over the bytes, so the cut into writes does not show in it. On x86-64 xxHash picks the
 *         widest vectors that the processor has at run time (80 GB/s against 19 by the baseline build, measured with
 *         256 KiB blocks); elsewhere the library's plain function is used. The line appears whole, at commit.
 * Threads: one at a time.
 * Not here: the refusal of unordered modes, whose bytes have no order to hash (sink.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <xxhash.h>
#if defined(__x86_64__) && defined(__has_include)
#if __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif
#endif

#include "base/alloc.h"
#include "sink/kinds.h"
#include "sink/outlet.h"

typedef struct digest_state {
    pe_outlet outlet;
    XXH3_state_t *hash;
    uint64_t items, bytes;
} digest_state;

static pe_status begin(pe_sink *sink, const pe_sink_spec *spec, pe_error *err)
{
    const pe_status status = pe_make_array(&sink->state, 1, sizeof(digest_state), err);
    if (status != PE_OK)
        return status;
    digest_state *state = sink->state;
    state->hash = XXH3_createState();
    if (state->hash == NULL || XXH3_128bits_reset(state->hash) != XXH_OK)
        return pe_fail(err, PE_ENOMEM, "out of memory: the digest's state");
    return pe_outlet_begin(&state->outlet, spec->path, PE_ORDER_WHOLE, err);
}

static pe_status take(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    digest_state *state = sink->state;
    if (bytes > 0 && XXH3_128bits_update(state->hash, data, bytes) != XXH_OK)
        return pe_fail(err, PE_EBUG, "digest: xxHash refused %zu bytes", bytes);
    state->bytes += bytes;
    state->items += items;
    return PE_OK;
}

static pe_status commit(pe_sink *sink, pe_error *err)
{
    digest_state *state = sink->state;
    const XXH128_hash_t hash = XXH3_128bits_digest(state->hash);
    pe_buffer line = {NULL, 0, 0};
    /* high half first, as XXH128_canonicalFromHash and xxhsum print it */
    pe_status status =
        pe_buffer_printf(&line, err, "items=%" PRIu64 " bytes=%" PRIu64 " xxh3_128=%016" PRIx64 "%016" PRIx64 "\n",
                         state->items, state->bytes, (uint64_t)hash.high64, (uint64_t)hash.low64);
    if (status == PE_OK)
        status = pe_outlet_write(&state->outlet, line.data, line.size, err);
    pe_buffer_fini(&line);
    if (status != PE_OK) {
        pe_outlet_abort(&state->outlet, false);
        return status;
    }
    return pe_outlet_commit(&state->outlet, err);
}

static void give_up(pe_sink *sink)
{
    digest_state *state = sink->state;
    pe_outlet_abort(&state->outlet, false);
}

static void fini(pe_sink *sink)
{
    digest_state *state = sink->state;
    pe_outlet_fini(&state->outlet);
    XXH3_freeState(state->hash);
    free(state);
}

const pe_sink_kind pe_digest_sink = {begin, take, commit, give_up, fini};
