/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* inputs_facts.c - what is known of opened inputs: lengths, columns, types, and which sources a payload holds.
 *
 * Design:   these functions only look at pe_inputs and call nothing else of this folder. All other files here may call
 *           them, so that no two files call each other.
 * Threads:  any thread after bind.
 * Not here: opening (inputs.c), reading (inputs_read.c), payloads (payload.c).
 */
#include <assert.h>

#include "inputs/inputs_internal.h"

uint64_t pe_inputs_count(const pe_inputs *inputs)
{
    return inputs->items;
}

bool pe_inputs_is_stream(const pe_inputs *inputs)
{
    return inputs->stream_count > 0;
}

int pe_inputs_columns(const pe_inputs *inputs)
{
    return inputs->first_column[inputs->count];
}

int pe_inputs_sources(const pe_inputs *inputs)
{
    return inputs->count;
}

const pe_source_info *pe_inputs_info(const pe_inputs *inputs, int source)
{
    assert(source >= 0 && source < inputs->count);
    return inputs->infos + source;
}

void pe_inputs_types(const pe_inputs *inputs, pe_type types[PE_MAX_COLUMNS], bool untyped[PE_MAX_COLUMNS],
                     pe_dtype numbers[PE_MAX_COLUMNS])
{
    for (int s = 0; s < inputs->count; s++) {
        const pe_source_info *const info = inputs->infos + s;
        for (int c = 0; c < info->columns; c++) {
            types[inputs->first_column[s] + c] = info->types[c];
            untyped[inputs->first_column[s] + c] = info->untyped[c];
            numbers[inputs->first_column[s] + c] = info->numbers[c];
        }
    }
}

bool pe_inputs_field_at(const pe_inputs *inputs, int source, uint64_t number, pe_source_field *out)
{
    return pe_source_field_at(inputs->sources[source], number, out);
}

const char *pe_inputs_column_name(const pe_inputs *inputs, uint64_t number)
{
    const char *name = NULL;
    for (int s = 0; s < inputs->count && name == NULL; s++) {
        name = pe_source_column_name(inputs->sources[s], number);
        for (uint64_t c = 0; name == NULL && pe_source_column_name(inputs->sources[s], c) != NULL; c++)
            number--;
    }
    return name;
}

void pe_inputs_keep(pe_inputs *inputs, int source, const pe_kept_fields *kept, int count)
{
    pe_source_keep(inputs->sources[source], kept, count);
    inputs->kept_count[source] = count;
}

int pe_inputs_kept_column(const pe_inputs *inputs, int source)
{
    int column = pe_inputs_columns(inputs);
    for (int s = 0; s < source; s++)
        column += inputs->kept_count[s];
    return column;
}

int pe_inputs_width(const pe_inputs *inputs, int source)
{
    return inputs->infos[source].columns + inputs->kept_count[source];
}

bool pe_inputs_columns_of(const pe_inputs *inputs, int source, void *const *columns, void *out[PE_MAX_COLUMNS])
{
    const int arguments = inputs->infos[source].columns, all = pe_inputs_width(inputs, source);
    const int kept = pe_inputs_kept_column(inputs, source);
    bool has_any = false;
    for (int c = 0; c < all; c++) {
        out[c] = columns[c < arguments ? inputs->first_column[source] + c : kept + c - arguments];
        has_any = has_any || out[c] != NULL;
    }
    return has_any;
}

int pe_inputs_known(const pe_inputs *inputs)
{
    for (int s = 0; s < inputs->count; s++)
        if (pe_count_is_known(inputs->infos[s].count))
            return s;
    return -1;
}

bool pe_inputs_is_local(const pe_inputs *inputs)
{
    if (inputs->combine == PE_COMBINE_PRODUCT)
        return true;
    for (int s = 0; s < inputs->count; s++)
        if (!inputs->infos[s].is_stream && !pe_source_is_local(inputs->sources[s]))
            return false;
    return true;
}

void pe_inputs_set_remote(pe_inputs *inputs)
{
    inputs->has_remote_files = inputs->combine == PE_COMBINE_ZIP;
}

bool pe_inputs_is_remote(const pe_inputs *inputs)
{
    return inputs->stream_count > 0 || inputs->has_remote_files;
}

bool pe_inputs_is_in_payload(const pe_inputs *inputs, int source)
{
    const pe_source_info *const info = inputs->infos + source;
    return info->is_stream || (info->is_file && inputs->has_remote_files);
}
