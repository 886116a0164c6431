/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* inputs.c - opens several sources and checks that they can be combined.
 *
 * Design:   the arguments are the sources' columns one after another. A value has the length of the others in a zip and
 *           is an axis of one item in a product. An export is, for each source, its size and its facts, and in a
 *           product the items of a file too: any block may need any of them, so they are sent once, not with each block.
 * Threads:  as source.h says.
 * Not here: counts and types (inputs_facts.c), payloads and streams (payload.c), reading (inputs_read.c), blocks of a
 *           product (product.c).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "inputs/inputs_internal.h"
#include "source/source_vtable.h"

#define MOST_ITEMS ((uint64_t)1 << 63)

static bool is_stdin(const pe_source_spec *spec)
{
    return spec->kind == PE_SOURCE_FILE && strcmp(spec->path, "-") == 0;
}

/* What can be refused before anything is opened: opening a stream waits for its first bytes. */
static pe_status check_specs(const pe_source_spec *specs, int count, pe_combine combine, pe_error *err)
{
    if (count > PE_MAX_COLUMNS)
        return pe_fail(err, PE_ECONFIG, "%s: %d inputs; at most %d can be taken", specs[PE_MAX_COLUMNS].where, count,
                       PE_MAX_COLUMNS);
    int reader = -1;
    for (int s = 0; s < count; s++) {
        if (is_stdin(specs + s) && reader >= 0)
            return pe_fail(err, PE_ECONFIG, "%s: stdin is read by input %d already; only one input can be \"-\"",
                           specs[s].where, reader + 1);
        if (is_stdin(specs + s))
            reader = s;
        if (combine == PE_COMBINE_PRODUCT && pe_spec_is_stream(specs + s))
            return pe_fail(err, PE_ECONFIG,
                           "%s: %s is a stream and can be read only once, but a product reads every input many times: "
                           "save it to a file first",
                           specs[s].where, is_stdin(specs + s) ? "stdin" : specs[s].path);
    }
    return PE_OK;
}

static pe_status lay_columns(pe_inputs *inputs, pe_error *err)
{
    const pe_source_spec *const specs = inputs->specs;
    for (int s = 0; s < inputs->count; s++) {
        inputs->infos[s] = *pe_source_get_info(inputs->sources[s]);
        const int columns = inputs->first_column[s] + inputs->infos[s].columns;
        if (columns > PE_MAX_COLUMNS)
            return pe_fail(err, PE_ECONFIG, "%s: the inputs up to %s have %d columns; at most %d can be taken",
                           specs[s].where, inputs->infos[s].name, columns, PE_MAX_COLUMNS);
        inputs->first_column[s + 1] = columns;
    }
    for (int s = 0; s < inputs->count; s++)
        if (inputs->infos[s].is_stream)
            inputs->payload_order[inputs->stream_count++] = s;
    inputs->payload_count = inputs->stream_count;
    for (int s = 0; s < inputs->count; s++)
        if (inputs->infos[s].is_file)
            inputs->payload_order[inputs->payload_count++] = s;
    return PE_OK;
}

static pe_status check_has_length(const pe_inputs *inputs, pe_error *err)
{
    if (pe_inputs_known(inputs) >= 0 || inputs->stream_count > 0)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG,
                   "%s: a value takes its length from the other inputs, and there is none that has one: add a "
                   "range, a path or a glob",
                   inputs->specs[0].where);
}

static pe_status zip(pe_inputs *inputs, pe_error *err)
{
    const int known = pe_inputs_known(inputs);
    const uint64_t items = known >= 0 ? inputs->infos[known].count : PE_COUNT_UNKNOWN;
    for (int s = 0; s < inputs->count; s++) {
        pe_source_info *const info = inputs->infos + s;
        if (info->count == PE_COUNT_ANY)
            info->count = items;
        else if (pe_count_is_known(info->count) && info->count != items)
            return pe_fail(err, PE_EDATA,
                           "%s: inputs of different lengths: input %d (%s) has %llu item%s, input %d (%s) has %llu",
                           inputs->specs[s].where, known + 1, inputs->infos[known].name, (unsigned long long)items,
                           pe_plural(items), s + 1, info->name, (unsigned long long)info->count);
    }
    inputs->items = inputs->stream_count > 0 ? PE_COUNT_UNKNOWN : items;
    return PE_OK;
}

static pe_status multiply(pe_inputs *inputs, pe_error *err)
{
    const pe_source_spec *const specs = inputs->specs;
    bool is_empty = false;
    for (int s = 0; s < inputs->count; s++) {
        assert(!inputs->infos[s].is_stream);
        if (inputs->infos[s].count == PE_COUNT_ANY)
            inputs->infos[s].count = 1;
        is_empty = is_empty || inputs->infos[s].count == 0;
    }
    inputs->items = is_empty ? 0 : 1;
    for (int s = inputs->count - 1; s >= 0 && !is_empty; s--) {
        const uint64_t count = inputs->infos[s].count;
        inputs->strides[s] = inputs->items;
        if (count > MOST_ITEMS / inputs->items)
            return pe_fail(err, PE_ECONFIG,
                           "%s: the product of the inputs from %s on has %llu times %llu items; at most 2^63 can be "
                           "counted",
                           specs[s].where, inputs->infos[s].name, (unsigned long long)count,
                           (unsigned long long)inputs->items);
        inputs->items *= count;
    }
    return PE_OK;
}

static pe_status combine_all(pe_inputs *inputs, pe_error *err)
{
    pe_status status = lay_columns(inputs, err);
    if (status == PE_OK)
        status = check_has_length(inputs, err);
    if (status != PE_OK)
        return status;
    return inputs->combine == PE_COMBINE_PRODUCT ? multiply(inputs, err) : zip(inputs, err);
}

pe_status pe_inputs_open(const pe_source_spec *specs, int count, pe_combine combine, pe_inputs **out, pe_error *err)
{
    assert(count > 0);
    pe_inputs *inputs = NULL;
    pe_status status = check_specs(specs, count, combine, err);
    if (status == PE_OK)
        status = pe_make_array(&inputs, 1, sizeof *inputs, err);
    if (status != PE_OK)
        return status;
    inputs->specs = specs;
    inputs->combine = combine;
    for (int s = 0; s < count && status == PE_OK; s++) {
        status = pe_source_open(specs + s, &inputs->sources[s], err);
        inputs->count = s + 1;
    }
    if (status == PE_OK)
        status = combine_all(inputs, err);
    if (status == PE_OK) {
        *out = inputs;
        inputs = NULL;
    }
    pe_inputs_close(inputs);
    return status;
}

void pe_inputs_close(pe_inputs *inputs)
{
    if (inputs == NULL)
        return;
    for (int s = 0; s < inputs->count; s++) {
        pe_source_close(inputs->sources[s]);
        pe_buffer_fini(&inputs->received[s].bytes);
        pe_buffer_fini(&inputs->buffered[s].bytes);
    }
    free(inputs);
}

/* Does an export carry the items of this source? */
static bool is_in_export(const pe_inputs *inputs, int source)
{
    return inputs->combine == PE_COMBINE_PRODUCT && pe_source_get_info(inputs->sources[source])->is_file;
}

static pe_status export_one(const pe_inputs *inputs, int s, pe_buffer *out, pe_error *err)
{
    const pe_source *const source = inputs->sources[s];
    pe_buffer facts = {0};
    pe_status status = pe_source_export(source, &facts, err);
    if (status == PE_OK)
        status = pe_inputs_section(out, &(pe_byte_range){.bytes = facts.size}, facts.data, err);
    if (status == PE_OK && is_in_export(inputs, s))
        status = pe_inputs_file_section(source, (pe_block){0, inputs->infos[s].count}, out, err);
    pe_buffer_fini(&facts);
    return status;
}

pe_status pe_inputs_export(const pe_inputs *inputs, pe_buffer *out, pe_error *err)
{
    assert(out->size % PE_PAYLOAD_ALIGN == 0);
    pe_status status = PE_OK;
    for (int s = 0; s < inputs->count && status == PE_OK; s++)
        status = export_one(inputs, s, out, err);
    return status;
}

/* Takes one source's part of an export; *at moves past it. */
static pe_status import_one(pe_inputs *inputs, int s, const pe_source_spec *spec, const unsigned char **at,
                            pe_error *err)
{
    const pe_byte_range *facts = (const void *)*at;
    *at += pe_section_size(facts);
    const pe_status status =
        pe_source_import(spec, pe_section_bytes(facts), (size_t)facts->bytes, &inputs->sources[s], err);
    if (status != PE_OK || !is_in_export(inputs, s))
        return status;
    const pe_byte_range *const items = (const void *)*at;
    *at += pe_section_size(items);
    if (pe_source_is_local(inputs->sources[s]))
        return PE_OK;
    pe_received_file *const received = inputs->received + s;
    received->byte_range = *items;
    received->is_here = true;
    return pe_buffer_append(&received->bytes, pe_section_bytes(items), (size_t)items->bytes, err);
}

pe_status pe_inputs_import(const pe_source_spec *specs, int count, pe_combine combine, const void *data, size_t size,
                           pe_inputs **out, pe_error *err)
{
    assert(count > 0 && count <= PE_MAX_COLUMNS && (uintptr_t)data % PE_PAYLOAD_ALIGN == 0);
    pe_inputs *inputs = NULL;
    pe_status status = pe_make_array(&inputs, 1, sizeof *inputs, err);
    if (status != PE_OK)
        return status;
    inputs->specs = specs;
    inputs->combine = combine;
    const unsigned char *at = data;
    for (int s = 0; s < count && status == PE_OK; s++) {
        inputs->count = s + 1;
        status = import_one(inputs, s, specs + s, &at, err);
    }
    if (status == PE_OK) {
        assert(at == (const unsigned char *)data + size);
        (void)size;
        status = combine_all(inputs, err);
    }
    if (status == PE_OK) {
        *out = inputs;
        inputs = NULL;
    }
    pe_inputs_close(inputs);
    return status;
}
