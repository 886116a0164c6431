/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* payload.c - on rank 0: packs the bytes of a block's items for the rank that will compute them.
 *
 * Design:   a payload has one section for each source that the other ranks cannot read,
 *           [pe_byte_range][bytes, padded to 16], streams first, because the number of items in a block is known only
 *           after its streams were read. The first stream is the lead: its items go straight into the payload. Each
 *           other stream is asked for the same number of items; what it has given stays in `buffered` until every
 *           stream has given that many. When one input ends earlier than another, the error names both.
 * Threads:  pe_inputs_pack and pe_inputs_next: the main thread of rank 0; the rest: any.
 * Not here: reading a payload (inputs_read.c).
 */
#include <assert.h>
#include <string.h>

#include "inputs/inputs_internal.h"

static pe_status pad(pe_buffer *out, size_t bytes, pe_error *err)
{
    static const unsigned char zeros[PE_PAYLOAD_ALIGN];
    return pe_buffer_append(out, zeros, (PE_PAYLOAD_ALIGN - bytes % PE_PAYLOAD_ALIGN) % PE_PAYLOAD_ALIGN, err);
}

pe_status pe_inputs_section(pe_buffer *out, const pe_byte_range *byte_range, const void *bytes, pe_error *err)
{
    const size_t size = (size_t)byte_range->bytes;
    pe_status status = pe_buffer_append(out, byte_range, sizeof *byte_range, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, bytes, size, err);
    return status == PE_OK ? pad(out, size, err) : status;
}

pe_status pe_inputs_file_section(const pe_source *source, pe_block block, pe_buffer *out, pe_error *err)
{
    const pe_byte_range byte_range = pe_source_byte_range(source, block);
    pe_status status = pe_buffer_append(out, &byte_range, sizeof byte_range, err);
    if (status == PE_OK)
        status = pe_source_append(source, block, &byte_range, out, err);
    pe_source_release(source, &byte_range);
    return status == PE_OK ? pad(out, (size_t)byte_range.bytes, err) : status;
}

void pe_inputs_unpack(const pe_inputs *inputs, const void *payload, size_t payload_bytes,
                      const pe_byte_range *byte_ranges[PE_MAX_COLUMNS])
{
    assert((uintptr_t)payload % PE_PAYLOAD_ALIGN == 0);
    const unsigned char *at = payload;
    const unsigned char *const end = at + payload_bytes;
    for (int s = 0; s < inputs->count; s++)
        byte_ranges[s] = NULL;
    for (int k = 0; k < inputs->payload_count; k++) {
        if (!pe_inputs_is_in_payload(inputs, inputs->payload_order[k]))
            continue;
        assert((size_t)(end - at) >= sizeof(pe_byte_range));
        const pe_byte_range *const byte_range = (const void *)at;
        assert((size_t)(end - at) >= pe_section_size(byte_range));
        byte_ranges[inputs->payload_order[k]] = byte_range;
        at += pe_section_size(byte_range);
    }
    assert(at == end);
    (void)end;
}

/* The sections of the files; those of the streams are there already. */
pe_status pe_inputs_pack(pe_inputs *inputs, pe_block block, pe_buffer *payload, pe_error *err)
{
    assert(payload->size % PE_PAYLOAD_ALIGN == 0);
    pe_status status = PE_OK;
    for (int k = inputs->stream_count; k < inputs->payload_count && status == PE_OK; k++) {
        const int s = inputs->payload_order[k];
        if (!pe_inputs_is_in_payload(inputs, s))
            continue;
        status = pe_inputs_file_section(inputs->sources[s], block, payload, err);
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
    const int known = pe_inputs_known(inputs), lead = inputs->payload_order[0];
    if (known < 0 || inputs->infos[known].count == inputs->delivered)
        return PE_OK;
    return pe_fail(err, PE_EDATA, "inputs of different lengths: input %d (%s) has %llu item%s, input %d (%s) has %llu",
                   lead + 1, inputs->infos[lead].name, (unsigned long long)inputs->delivered,
                   pe_plural(inputs->delivered), known + 1, inputs->infos[known].name,
                   (unsigned long long)inputs->infos[known].count);
}

/* Takes more items from a stream; their bytes are appended to `to`, after those that are buffered already. */
static pe_status pull(pe_inputs *inputs, int s, const pe_source_limits *limits, pe_buffer *to, pe_error *err)
{
    pe_buffered_items *const buffered = inputs->buffered + s;
    if (buffered->ended || limits->items == 0)
        return PE_OK;
    pe_source_taken taken;
    const pe_status status = pe_source_next(inputs->sources[s], limits, to, &taken, err);
    if (status != PE_OK)
        return status;
    buffered->ended = taken.ended;
    if (buffered->count == 0)
        buffered->byte_range = taken.byte_range;
    else
        buffered->byte_range.bytes += taken.byte_range.bytes; /* successive byte ranges are adjacent */
    buffered->count += taken.count;
    return PE_OK;
}

/* The lead's items as the payload's first section, whose pe_byte_range is written once it is known. */
static pe_status lead_section(pe_inputs *inputs, const pe_source_limits *limits, pe_buffer *payload, pe_error *err)
{
    const int s = inputs->payload_order[0];
    pe_buffered_items *const buffered = inputs->buffered + s;
    const size_t begin = payload->size;
    if (buffered->count > 0)
        return pe_inputs_section(payload, &buffered->byte_range, buffered->bytes.data, err);
    pe_status status = pe_buffer_append(payload, &buffered->byte_range, sizeof buffered->byte_range, err);
    if (status == PE_OK)
        status = pull(inputs, s, limits, payload, err);
    if (status != PE_OK || buffered->count == 0)
        return status;
    assert(payload->size == begin + sizeof buffered->byte_range + buffered->byte_range.bytes);
    memcpy(payload->data + begin, &buffered->byte_range, sizeof buffered->byte_range);
    return pad(payload, (size_t)buffered->byte_range.bytes, err);
}

/* Keeps the lead's items for the next call. */
static pe_status keep_lead(pe_inputs *inputs, const pe_buffer *payload, size_t begin, pe_error *err)
{
    pe_buffered_items *const lead = inputs->buffered + inputs->payload_order[0];
    if (lead->bytes.size > 0)
        return PE_OK;
    return pe_buffer_append(&lead->bytes, payload->data + begin + sizeof lead->byte_range,
                            (size_t)lead->byte_range.bytes, err);
}

/* The other streams up to as many items as the lead has; *is_level when all have them.
 * Where the lead has ended, one more item is read of the others: there must be none. */
static pe_status follow(pe_inputs *inputs, pe_source_limits limits, bool *is_level, pe_error *err)
{
    const int lead = inputs->payload_order[0];
    const uint64_t count = inputs->buffered[lead].count;
    *is_level = true;
    for (int k = 1; k < inputs->stream_count; k++) {
        const int s = inputs->payload_order[k];
        pe_buffered_items *const buffered = inputs->buffered + s;
        limits.items = (count > 0 ? count : 1) - buffered->count;
        const pe_status status = pull(inputs, s, &limits, &buffered->bytes, err);
        if (status != PE_OK)
            return status;
        if (buffered->count > count)
            return too_many(inputs, s, lead, inputs->delivered, err);
        if (buffered->ended && buffered->count < count)
            return too_many(inputs, lead, s, inputs->delivered + buffered->count, err);
        *is_level = *is_level && buffered->count == count && (count > 0 || buffered->ended);
    }
    return PE_OK;
}

static pe_status follower_sections(pe_inputs *inputs, pe_buffer *payload, pe_error *err)
{
    pe_status status = PE_OK;
    for (int k = 1; k < inputs->stream_count && status == PE_OK; k++) {
        const pe_buffered_items *const buffered = inputs->buffered + inputs->payload_order[k];
        status = pe_inputs_section(payload, &buffered->byte_range, buffered->bytes.data, err);
    }
    return status;
}

static void clear_buffered(pe_inputs *inputs)
{
    for (int k = 0; k < inputs->stream_count; k++) {
        pe_buffered_items *const buffered = inputs->buffered + inputs->payload_order[k];
        buffered->count = 0;
        buffered->bytes.size = 0;
    }
}

/* All streams have `count` items: the block and the rest of its payload. */
static pe_status deliver(pe_inputs *inputs, uint64_t count, pe_buffer *payload, pe_block *block, pe_error *err)
{
    const int known = pe_inputs_known(inputs);
    if (known >= 0 && count > inputs->infos[known].count - inputs->delivered)
        return too_many(inputs, inputs->payload_order[0], known, inputs->infos[known].count, err);
    *block = (pe_block){inputs->delivered, count};
    pe_status status = follower_sections(inputs, payload, err);
    if (status == PE_OK)
        status = pe_inputs_pack(inputs, *block, payload, err);
    inputs->delivered += count;
    clear_buffered(inputs);
    return status;
}

static bool have_all_ended(const pe_inputs *inputs)
{
    for (int k = 0; k < inputs->stream_count; k++)
        if (!inputs->buffered[inputs->payload_order[k]].ended)
            return false;
    return true;
}

pe_status pe_inputs_next(pe_inputs *inputs, const pe_source_limits *limits, pe_buffer *payload, pe_block *block,
                         bool *ended, pe_error *err)
{
    assert(inputs->stream_count > 0 && limits->items > 0 && payload->size % PE_PAYLOAD_ALIGN == 0);
    const size_t begin = payload->size;
    pe_buffered_items *const lead = inputs->buffered + inputs->payload_order[0];
    *block = (pe_block){inputs->delivered, 0};
    *ended = false;
    bool is_level = false;
    pe_status status = lead_section(inputs, limits, payload, err);
    if (status == PE_OK && (lead->count > 0 || lead->ended))
        status = follow(inputs, *limits, &is_level, err);
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
