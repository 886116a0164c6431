/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* raw_source.c - items one after the other without any header, of the dtype that the job gives.
 *
 * Design:   nothing in the file can contradict a wrong dtype but its size, so that is checked to the byte.
 * Threads:  see source_vtable.h.
 * Not here: the rows (binary_rows.c).
 */
#include <inttypes.h>

#include "source/binary/binary_rows.h"

static pe_status check_spec(const pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    if (!spec->has_dtype)
        return pe_fail(err, PE_ECONFIG,
                       "%s: %s is raw bytes: expected a dtype for its items, such as dtype = \"float64\" or "
                       "\"float64[3]\"",
                       spec->where, source->info.name);
    if (spec->dtype.dtype == PE_TEXT)
        return pe_fail(err, PE_ECONFIG,
                       "%s: dtype: raw items have a fixed size, so they cannot be text: txt and csv can", spec->where);
    if (spec->columns != NULL)
        return pe_fail(err, PE_ECONFIG,
                       "%s: columns: raw items have none: expected a csv, a tsv or a two-dimensional npy", spec->where);
    return PE_OK;
}

static pe_status open_raw(pe_source *source, pe_error *err)
{
    pe_binary_source *const binary = (pe_binary_source *)source;
    const pe_status status = check_spec(source, err);
    if (status != PE_OK)
        return status;
    const pe_type type = source->spec->dtype;
    const size_t item = pe_type_bytes(type);
    binary->declared_rows = PE_COUNT_UNKNOWN;
    binary->layout = (pe_binary_layout){.field_count = 1, .row_bytes = item};
    binary->layout.fields[0] = (pe_binary_field){
        .dtype = type.dtype, .elements = pe_type_elements(type), .element_bytes = pe_dtype_bytes(type.dtype)};
    source->info.columns = 1;
    source->info.types[0] = type;
    source->total = source->info.is_stream ? PE_COUNT_UNKNOWN : source->map.size / item;
    if (!source->info.is_stream && source->map.size % item != 0) {
        char name[PE_TYPE_NAME_ROOM];
        return pe_fail(err, PE_EDATA, "%s: %zu bytes are no whole number of %s items of %zu bytes: is the dtype right?",
                       source->info.name, source->map.size, pe_type_print(type, name), item);
    }
    return PE_OK;
}

const pe_source_vtable pe_kind_raw = {
    .name = "raw",
    .source_bytes = sizeof(pe_binary_source),
    .reader_bytes = sizeof(pe_binary_reader),
    .open = open_raw,
    .save = pe_binary_save,
    .load = pe_binary_load,
    .close = pe_binary_close,
    .bind = pe_binary_bind,
    .byte_range = pe_binary_byte_range,
    .next = pe_binary_next,
    .reader_open = pe_binary_reader_open,
    .reader_close = pe_binary_reader_close,
    .rewind = pe_binary_reader_rewind,
    .read = pe_binary_read,
    .memory = pe_binary_memory,
    .chunk_bytes = pe_binary_chunk_bytes,
};
