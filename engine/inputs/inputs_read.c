/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* inputs_read.c - binds the inputs to a kernel's arguments, reads blocks of a zip, counts the memory that inputs need.
 *
 * Design:   a zip reads each source for itself, from the block's payload where it holds that source, else from the rank's
 *           own mapping. When two sources fail in one block, the error is that of the lower item.
 * Threads:  as source.h says.
 * Not here: opening (inputs.c), counts and types (inputs_facts.c), making payloads (payload.c), blocks of a product
 *           (product.c).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/saturate.h"
#include "inputs/inputs_internal.h"

/* Fewer arguments than columns: those of one csv, or the chosen ones of one npy, become vectors. */
static pe_status bind_vectors(pe_inputs *inputs, const pe_type *want, int count, pe_error *err)
{
    pe_source_info *const info = &inputs->infos[0];
    if (inputs->count != 1)
        return pe_fail(err, PE_ECONFIG, "%s: the kernel takes %d arguments, but the inputs give %d columns",
                       inputs->specs[0].where, count, pe_inputs_columns(inputs));
    const pe_status status = pe_source_bind(inputs->sources[0], want, count, err);
    if (status != PE_OK)
        return status;
    info->columns = count;
    memcpy(info->types, want, (size_t)count * sizeof *want);
    inputs->first_column[1] = count;
    return PE_OK;
}

pe_status pe_inputs_bind(pe_inputs *inputs, const pe_type *want, int count, pe_error *err)
{
    if (count != pe_inputs_columns(inputs))
        return bind_vectors(inputs, want, count, err);
    pe_status status = PE_OK;
    for (int s = 0; s < inputs->count && status == PE_OK; s++)
        status = pe_source_bind(inputs->sources[s], want + inputs->first_column[s], inputs->infos[s].columns, err);
    return status;
}

pe_status pe_inputs_reader_open(const pe_inputs *inputs, pe_inputs_reader **out, pe_error *err)
{
    pe_inputs_reader *reader = NULL;
    pe_status status = pe_make_array(&reader, 1, sizeof *reader, err);
    if (status != PE_OK)
        return status;
    reader->inputs = inputs;
    for (int s = 0; s < inputs->count && status == PE_OK; s++)
        status = pe_reader_open(inputs->sources[s], &reader->readers[s], err);
    if (status == PE_OK && inputs->combine == PE_COMBINE_PRODUCT)
        status = pe_product_open(reader, err);
    if (status == PE_OK) {
        *out = reader;
        reader = NULL;
    }
    pe_inputs_reader_close(reader);
    return status;
}

void pe_inputs_reader_close(pe_inputs_reader *reader)
{
    if (reader == NULL)
        return;
    pe_product_close(reader);
    for (int s = 0; s < reader->inputs->count; s++)
        pe_reader_close(reader->readers[s]);
    free(reader);
}

static pe_status read_one(pe_inputs_reader *reader, int s, pe_block block, const pe_byte_range *byte_range,
                          void *const *columns, pe_error *err)
{
    const unsigned char *const bytes = byte_range != NULL ? pe_section_bytes(byte_range) : NULL;
    void *own[PE_MAX_COLUMNS];
    if (!pe_inputs_columns_of(reader->inputs, s, columns, own))
        return PE_OK;
    return pe_reader_read(reader->readers[s], block, byte_range, bytes, own, err);
}

pe_status pe_inputs_reader_read(pe_inputs_reader *reader, pe_block block, const void *payload, size_t payload_bytes,
                                void *const *columns, pe_error *err)
{
    const pe_inputs *const inputs = reader->inputs;
    if (inputs->combine == PE_COMBINE_PRODUCT)
        return pe_product_read(reader, block, columns, err);
    const pe_byte_range *byte_ranges[PE_MAX_COLUMNS]; /* set where there is a payload */
    if (payload != NULL)
        pe_inputs_unpack(inputs, payload, payload_bytes, byte_ranges);
    int s = 0;
    pe_status status = PE_OK;
    for (; s < inputs->count && status == PE_OK; s++)
        status = read_one(reader, s, block, payload != NULL ? byte_ranges[s] : NULL, columns, err);
    for (; s < inputs->count; s++) { /* after a failure: an earlier item may fail in a later source */
        pe_error other = PE_ERROR_INIT;
        if (read_one(reader, s, block, payload != NULL ? byte_ranges[s] : NULL, columns, &other) != PE_OK)
            pe_error_merge(err, &other);
    }
    return status == PE_OK ? PE_OK : err->status;
}

pe_type pe_inputs_bound_type(const pe_inputs *inputs, int source)
{
    return pe_source_bound_type(inputs->sources[source]);
}

pe_status pe_inputs_read_source(const pe_inputs *inputs, int source, uint64_t count, void *out, pe_error *err)
{
    void *columns[PE_MAX_COLUMNS] = {out};
    pe_reader *reader = NULL;
    pe_status status = pe_reader_open(inputs->sources[source], &reader, err);
    if (status == PE_OK)
        status = pe_reader_read(reader, (pe_block){0, count}, NULL, NULL, columns, err);
    pe_reader_close(reader);
    return status;
}

bool pe_inputs_ramp(const pe_inputs *inputs, int column, pe_block block, int64_t *first, int64_t *step)
{
    if (inputs->combine == PE_COMBINE_PRODUCT)
        return false;
    for (int s = 0; s < inputs->count; s++)
        if (inputs->first_column[s] == column && inputs->infos[s].columns == 1)
            return pe_source_ramp(inputs->sources[s], block, first, step);
    return false;
}

void pe_inputs_reader_rewind(pe_inputs_reader *reader)
{
    if (reader->axes != NULL) {
        pe_product_rewind(reader);
        return;
    }
    for (int s = 0; s < reader->inputs->count; s++)
        pe_reader_rewind(reader->readers[s]);
}

void pe_inputs_release(const pe_inputs *inputs, pe_block block)
{
    if (inputs->combine == PE_COMBINE_PRODUCT)
        return; /* every item is needed again; pe_inputs_memory counts all bytes of the files */
    for (int s = 0; s < inputs->count; s++) {
        if (!inputs->infos[s].is_file || pe_inputs_is_in_payload(inputs, s) || !pe_source_is_local(inputs->sources[s]))
            continue;
        const pe_byte_range byte_range = pe_source_byte_range(inputs->sources[s], block);
        pe_source_release(inputs->sources[s], &byte_range);
    }
}

/* Bytes of all items of a product's file. */
static size_t file_bytes(const pe_inputs *inputs, int s)
{
    if (inputs->received[s].is_here)
        return inputs->received[s].bytes.capacity;
    return (size_t)pe_source_byte_range(inputs->sources[s], (pe_block){0, inputs->infos[s].count}).bytes;
}

size_t pe_inputs_memory(const pe_inputs *inputs, uint64_t chunk_items, size_t *reader_bytes)
{
    const bool is_product = inputs->combine == PE_COMBINE_PRODUCT;
    size_t kept = sizeof *inputs;
    *reader_bytes = sizeof(pe_inputs_reader) + (is_product ? pe_product_reader_bytes(inputs) : 0);
    for (int s = 0; s < inputs->count; s++) {
        size_t one_reader = 0;
        kept = pe_add_most(kept, pe_source_memory(inputs->sources[s], chunk_items, &one_reader));
        *reader_bytes = pe_add_most(*reader_bytes, one_reader);
        if (is_product && inputs->infos[s].is_file)
            kept = pe_add_most(kept, file_bytes(inputs, s));
    }
    if (inputs->stream_count > 1) /* what waits for the slowest */
        for (int k = 0; k < inputs->stream_count; k++)
            kept = pe_add_most(kept, pe_source_chunk_bytes(inputs->sources[inputs->payload_order[k]], chunk_items));
    return kept;
}

size_t pe_inputs_chunk_bytes(const pe_inputs *inputs, uint64_t chunk_items)
{
    size_t bytes = 0;
    for (int k = 0; k < inputs->payload_count && inputs->combine == PE_COMBINE_ZIP; k++) {
        const size_t one = pe_source_chunk_bytes(inputs->sources[inputs->payload_order[k]], chunk_items);
        const size_t padding = (PE_PAYLOAD_ALIGN - one % PE_PAYLOAD_ALIGN) % PE_PAYLOAD_ALIGN;
        bytes = pe_add_most(bytes, pe_add_most(one, sizeof(pe_byte_range) + padding));
    }
    return bytes;
}
