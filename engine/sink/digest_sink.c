/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* digest_sink.c - count, bytes and XXH3-128 of what raw would have written, as one line.
 *
 * Design: a write is bytes of the stream, or partial digests that the workers made (digest.h), in order. How the stream
 *         is split into writes does not change the digest. The line is written at commit.
 * Threads: one at a time.
 * Not here: refusing the unordered modes, in which the digest would depend on the schedule (sink_check.c).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sink/digest.h"
#include "sink/output_stream.h"
#include "sink/sink_vtable.h"

typedef struct digest_state {
    pe_output_stream stream;
    pe_digest *digest;
    bool takes_partials;
    uint64_t items;
} digest_state;

static pe_status begin(pe_sink *sink, const pe_sink_spec *spec, pe_error *err)
{
    const pe_status status = pe_make_array(&sink->state, 1, sizeof(digest_state), err);
    if (status != PE_OK)
        return status;
    digest_state *state = sink->state;
    sink->stream = &state->stream;
    state->takes_partials = spec->takes_partials;
    if (pe_digest_make(&state->digest, err) != PE_OK)
        return err->status;
    if (spec->resumed != NULL) {
        state->items = spec->resumed->items;
        if (pe_digest_load(state->digest, spec->resumed->state, spec->resumed->state_bytes, err) != PE_OK)
            return err->status;
    }
    return pe_output_stream_begin(&state->stream, spec, PE_ORDER_WHOLE, err);
}

static pe_status take(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    digest_state *state = sink->state;
    if (!state->takes_partials)
        pe_digest_add(state->digest, data, bytes);
    else if (pe_digest_merge(state->digest, data, bytes, err) != PE_OK)
        return err->status;
    state->items += items;
    return PE_OK;
}

static pe_status commit(pe_sink *sink, pe_error *err)
{
    digest_state *state = sink->state;
    uint64_t hash[2];
    pe_buffer line = {NULL, 0, 0};
    pe_digest_hash(state->digest, hash);
    pe_status status =
        pe_buffer_printf(&line, err, "items=%" PRIu64 " bytes=%" PRIu64 " xxh3_128=%016" PRIx64 "%016" PRIx64 "\n",
                         state->items, pe_digest_bytes(state->digest), hash[0], hash[1]);
    if (status == PE_OK)
        status = pe_output_stream_write(&state->stream, line.data, line.size, err);
    pe_buffer_fini(&line);
    if (status != PE_OK) {
        pe_output_stream_abort(&state->stream);
        return status;
    }
    return pe_output_stream_commit(&state->stream, sink->is_durable, err);
}

static void abort_digest(pe_sink *sink)
{
    digest_state *state = sink->state;
    pe_output_stream_abort(&state->stream);
}

static pe_status save(pe_sink *sink, pe_buffer *out, pe_error *err)
{
    const digest_state *state = sink->state;
    return pe_digest_save(state->digest, out, err);
}

static void fini(pe_sink *sink)
{
    digest_state *state = sink->state;
    pe_output_stream_fini(&state->stream);
    pe_digest_free(state->digest);
    free(state);
}

const pe_sink_vtable pe_digest_sink = {begin, take, NULL, commit, abort_digest, save, fini};
