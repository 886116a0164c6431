/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* payload.c - the bytes of a block's items, packed by rank 0 for whoever computes it.
 *
 * Design:   a payload is one section for each travelling source, [pe_extent][bytes, padded to 16], streams first: how
 *           many items a block has is known only once its streams were read. The first stream leads and goes straight
 *           into the payload; the others are asked for as many items, and what has arrived waits in `pending` until all
 *           have as many. Nothing is delivered beyond the shortest input but an error that names both.
 * Threads:  pe_inputs_pack and pe_inputs_next: the main thread of rank 0; the rest: any.
 * Not here: reading a payload (inputs_read.c).
 */
#include <assert.h>
#include <string.h>

#include "inputs/inputs_internal.h"

bool pe_inputs_travels(const pe_inputs *inputs, int source)
{
    const pe_source_info *const info = inputs->infos + source;
    return info->is_stream || (info->is_file && inputs->has_remote_files);
}

static pe_status pad(pe_buffer *out, size_t bytes, pe_error *err)
{
    static const unsigned char zeros[PE_PAYLOAD_ALIGN];
    return pe_buffer_append(out, zeros, (PE_PAYLOAD_ALIGN - bytes % PE_PAYLOAD_ALIGN) % PE_PAYLOAD_ALIGN, err);
}

pe_status pe_inputs_section(pe_buffer *out, const pe_extent *extent, const void *bytes, pe_error *err)
{
    const size_t size = (size_t)extent->bytes;
    pe_status status = pe_buffer_append(out, extent, sizeof *extent, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, bytes, size, err);
    return status == PE_OK ? pad(out, size, err) : status;
}

void pe_inputs_unpack(const pe_inputs *inputs, const void *payload, size_t payload_bytes,
                      const pe_extent *extents[PE_MAX_COLUMNS])
{
    assert((uintptr_t)payload % PE_PAYLOAD_ALIGN == 0);
    const unsigned char *at = payload;
    const unsigned char *const end = at + payload_bytes;
    for (int s = 0; s < inputs->count; s++)
        extents[s] = NULL;
    for (int k = 0; k < inputs->order_count; k++) {
        if (!pe_inputs_travels(inputs, inputs->order[k]))
            continue;
        assert((size_t)(end - at) >= sizeof(pe_extent));
        const pe_extent *const extent = (const void *)at;
        assert((size_t)(end - at) >= pe_section_size(extent));
        extents[inputs->order[k]] = extent;
        at += pe_section_size(extent);
    }
    assert(at == end);
    (void)end;
}

/* The sections of the files; those of the streams are there already. */
pe_status pe_inputs_pack(pe_inputs *inputs, pe_block block, pe_buffer *payload, pe_error *err)
{
    assert(payload->size % PE_PAYLOAD_ALIGN == 0);
    pe_status status = PE_OK;
    for (int k = inputs->stream_count; k < inputs->order_count && status == PE_OK; k++) {
        const int s = inputs->order[k];
        if (!pe_inputs_travels(inputs, s))
            continue;
        const pe_extent extent = pe_source_extent(inputs->sources[s], block);
        status = pe_inputs_section(payload, &extent, pe_source_bytes(inputs->sources[s], &extent), err);
        pe_source_release(inputs->sources[s], &extent);
    }
    return status;
}

static pe_status too_many(const pe_inputs *inputs, int longer, int shorter, uint64_t items, pe_error *err)
{
    return pe_fail(err, PE_EDATA,
                   "inputs of different lengths: input %d (%s) has more than %llu item%s, input %d (%s) has %llu",
                   longer + 1, inputs->infos[longer].name, (unsigned long long)items, pe_plural(items), shorter + 1,
                   inputs->infos[shorter].name, (unsigned long long)items);
}

/* All streams have ended after `delivered` items: so must have the sources of known length. */
static pe_status check_end(const pe_inputs *inputs, pe_error *err)
{
    const int known = pe_inputs_known(inputs), lead = inputs->order[0];
    if (known < 0 || inputs->infos[known].count == inputs->delivered)
        return PE_OK;
    return pe_fail(err, PE_EDATA, "inputs of different lengths: input %d (%s) has %llu item%s, input %d (%s) has %llu",
                   lead + 1, inputs->infos[lead].name, (unsigned long long)inputs->delivered,
                   pe_plural(inputs->delivered), known + 1, inputs->infos[known].name,
                   (unsigned long long)inputs->infos[known].count);
}

/* Asks a stream for more items; they go behind what waits of it already. */
static pe_status pull(pe_inputs *inputs, int s, uint64_t most_items, size_t most_bytes, int timeout_ms, pe_buffer *to,
                      pe_error *err)
{
    pe_pending *const pending = inputs->pending + s;
    if (pending->ended || most_items == 0)
        return PE_OK;
    pe_extent more = {0};
    uint64_t count = 0;
    const pe_status status =
        pe_source_next(inputs->sources[s], most_items, most_bytes, timeout_ms, to, &more, &count, &pending->ended, err);
    if (status != PE_OK || count == 0)
        return status;
    if (pending->count == 0)
        pending->extent = more;
    else
        pending->extent.bytes += more.bytes; /* successive extents are adjacent */
    pending->count += count;
    return PE_OK;
}

/* The lead's items as the payload's first section, whose extent is written once it is known. */
static pe_status lead_section(pe_inputs *inputs, uint64_t most_items, size_t most_bytes, int timeout_ms,
                              pe_buffer *payload, pe_error *err)
{
    const int s = inputs->order[0];
    pe_pending *const pending = inputs->pending + s;
    const size_t begin = payload->size;
    if (pending->count > 0)
        return pe_inputs_section(payload, &pending->extent, pending->bytes.data, err);
    pe_status status = pe_buffer_append(payload, &pending->extent, sizeof pending->extent, err);
    if (status == PE_OK)
        status = pull(inputs, s, most_items, most_bytes, timeout_ms, payload, err);
    if (status != PE_OK || pending->count == 0)
        return status;
    assert(payload->size == begin + sizeof pending->extent + pending->extent.bytes);
    memcpy(payload->data + begin, &pending->extent, sizeof pending->extent);
    return pad(payload, (size_t)pending->extent.bytes, err);
}

/* Keeps the lead's items for the next call. */
static pe_status keep_lead(pe_inputs *inputs, const pe_buffer *payload, size_t begin, pe_error *err)
{
    pe_pending *const lead = inputs->pending + inputs->order[0];
    if (lead->bytes.size > 0)
        return PE_OK;
    return pe_buffer_append(&lead->bytes, payload->data + begin + sizeof lead->extent, (size_t)lead->extent.bytes, err);
}

/* The other streams up to as many items as the lead has; *is_level when all have them.
 * A lead that has ended is asked about one item more: there must be none. */
static pe_status follow(pe_inputs *inputs, size_t most_bytes, int timeout_ms, bool *is_level, pe_error *err)
{
    const int lead = inputs->order[0];
    const uint64_t count = inputs->pending[lead].count;
    *is_level = true;
    for (int k = 1; k < inputs->stream_count; k++) {
        const int s = inputs->order[k];
        pe_pending *const pending = inputs->pending + s;
        const uint64_t wanted = count > 0 ? count : 1;
        const pe_status status = pull(inputs, s, wanted - pending->count, most_bytes, timeout_ms, &pending->bytes, err);
        if (status != PE_OK)
            return status;
        if (pending->count > count)
            return too_many(inputs, s, lead, inputs->delivered, err);
        if (pending->ended && pending->count < count)
            return too_many(inputs, lead, s, inputs->delivered + pending->count, err);
        *is_level = *is_level && pending->count == count && (count > 0 || pending->ended);
    }
    return PE_OK;
}

static pe_status follower_sections(pe_inputs *inputs, pe_buffer *payload, pe_error *err)
{
    pe_status status = PE_OK;
    for (int k = 1; k < inputs->stream_count && status == PE_OK; k++) {
        const pe_pending *const pending = inputs->pending + inputs->order[k];
        status = pe_inputs_section(payload, &pending->extent, pending->bytes.data, err);
    }
    return status;
}

static void forget_pending(pe_inputs *inputs)
{
    for (int k = 0; k < inputs->stream_count; k++) {
        pe_pending *const pending = inputs->pending + inputs->order[k];
        pending->count = 0;
        pending->bytes.size = 0;
    }
}

/* All streams have `count` items: the block and the rest of its payload. */
static pe_status deliver(pe_inputs *inputs, uint64_t count, pe_buffer *payload, pe_block *block, pe_error *err)
{
    const int known = pe_inputs_known(inputs);
    if (known >= 0 && count > inputs->infos[known].count - inputs->delivered)
        return too_many(inputs, inputs->order[0], known, inputs->infos[known].count, err);
    *block = (pe_block){inputs->delivered, count};
    pe_status status = follower_sections(inputs, payload, err);
    if (status == PE_OK)
        status = pe_inputs_pack(inputs, *block, payload, err);
    inputs->delivered += count;
    forget_pending(inputs);
    return status;
}

static bool have_all_ended(const pe_inputs *inputs)
{
    for (int k = 0; k < inputs->stream_count; k++)
        if (!inputs->pending[inputs->order[k]].ended)
            return false;
    return true;
}

pe_status pe_inputs_next(pe_inputs *inputs, uint64_t most_items, size_t most_bytes, int timeout_ms, pe_buffer *payload,
                         pe_block *block, bool *ended, pe_error *err)
{
    assert(inputs->stream_count > 0 && most_items > 0 && payload->size % PE_PAYLOAD_ALIGN == 0);
    const size_t begin = payload->size;
    pe_pending *const lead = inputs->pending + inputs->order[0];
    *block = (pe_block){inputs->delivered, 0};
    *ended = false;
    bool is_level = false;
    pe_status status = lead_section(inputs, most_items, most_bytes, timeout_ms, payload, err);
    if (status == PE_OK && (lead->count > 0 || lead->ended))
        status = follow(inputs, most_bytes, timeout_ms, &is_level, err);
    if (status == PE_OK && is_level && lead->count > 0)
        status = deliver(inputs, lead->count, payload, block, err);
    else if (status == PE_OK && lead->count > 0)
        status = keep_lead(inputs, payload, begin, err);
    if (status != PE_OK || block->count == 0)
        payload->size = begin;
    if (status != PE_OK || !is_level || !have_all_ended(inputs))
        return status;
    *ended = true;
    return check_end(inputs, err);
}
