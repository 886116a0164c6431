/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* columns.c - how the columns of an output are called.
 *
 * Design: one loop over the columns builds each name in a buffer; the printers add the syntax of csv or npy.
 * Threads: any; nothing is shared.
 * Not here: the values of the columns (encode.c).
 */
#include "sink/encode/columns.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/npy.h"
#include "sink/encode/encode_text.h"

uint64_t pe_columns_count(const pe_sink_spec *spec)
{
    uint64_t count = 0;
    for (int r = 0; r < spec->result_count; r++)
        count += pe_type_elements(spec->results[r]);
    return count;
}

bool pe_columns_is_structured(const pe_sink_spec *spec)
{
    return spec->result_count > 1 || spec->has_index || spec->kept_count > 0;
}

/* True when the job names every column (for scalars that is the same as naming every result). */
static bool names_are_single(const pe_sink_spec *spec)
{
    return spec->names != NULL && (uint64_t)spec->name_count == pe_columns_count(spec);
}

/* ---- kept columns ---- */

static bool is_kept_name(const pe_sink_spec *spec, const char *name, size_t size)
{
    for (int k = 0; k < spec->kept_count; k++)
        for (size_t n = 0; n < spec->kept[k].name_count; n++)
            if (strlen(spec->kept[k].names[n].name) == size && memcmp(spec->kept[k].names[n].name, name, size) == 0)
                return true;
    return false;
}

/* Makes the name that begins at `from` differ from those of kept columns: result_2, result_3 and so on. */
static pe_status make_free(const pe_sink_spec *spec, size_t from, pe_buffer *name, pe_error *err)
{
    const size_t size = name->size;
    pe_status status = PE_OK;
    for (unsigned n = 2; status == PE_OK && is_kept_name(spec, (const char *)name->data + from, name->size - from);
         n++) {
        name->size = size;
        status = pe_buffer_printf(name, err, "_%u", n);
    }
    return status;
}

/* ---- results ---- */

/* Appends the name of a result without the suffix of an element. */
static pe_status result_name(const pe_sink_spec *spec, int result, pe_buffer *out, pe_error *err)
{
    if (spec->names != NULL)
        return pe_buffer_append(out, spec->names[result], strlen(spec->names[result]), err);
    if (spec->result_count == 1)
        return pe_buffer_append(out, "result", 6, err);
    return pe_buffer_printf(out, err, "f%d", result);
}

/* Appends the name of one column: element e of a result, which is column number `column` of all. */
static pe_status column_name(const pe_sink_spec *spec, int result, uint32_t element, uint64_t column, pe_buffer *out,
                             pe_error *err)
{
    const size_t from = out->size;
    pe_status status = PE_OK;
    if (names_are_single(spec))
        status = pe_buffer_append(out, spec->names[column], strlen(spec->names[column]), err);
    else
        status = result_name(spec, result, out, err);
    if (status == PE_OK && !names_are_single(spec) && spec->results[result].width > 0)
        status = pe_buffer_printf(out, err, "_%" PRIu32, element);
    return status == PE_OK ? make_free(spec, from, out, err) : status;
}

pe_status pe_columns_field_name(const pe_sink_spec *spec, int result, pe_buffer *out, pe_error *err)
{
    const size_t from = out->size;
    const pe_status status = result_name(spec, result, out, err);
    return status == PE_OK ? make_free(spec, from, out, err) : status;
}

/* ---- names that a format can hold ---- */

/* The names of all columns, or of all fields of npy, each with its terminator, one after the other. */
static pe_status collect_names(const pe_sink_spec *spec, bool has_fields, pe_buffer *names, pe_error *err)
{
    const char *const first = spec->has_index ? "index" : spec->first_column;
    const bool is_whole = has_fields && !names_are_single(spec); /* a vector is one field */
    uint64_t column = 0;
    pe_status status = first != NULL ? pe_buffer_append(names, first, strlen(first) + 1, err) : PE_OK;
    for (int k = 0; k < spec->kept_count && status == PE_OK && has_fields; k++) /* a csv may have two of one name */
        status = pe_buffer_append(names, spec->kept[k].names[0].name, strlen(spec->kept[k].names[0].name) + 1, err);
    for (int r = 0; r < spec->result_count && status == PE_OK; r++) {
        const uint32_t count = is_whole ? 1 : pe_type_elements(spec->results[r]);
        for (uint32_t e = 0; e < count && status == PE_OK; e++) {
            status =
                is_whole ? pe_columns_field_name(spec, r, names, err) : column_name(spec, r, e, column++, names, err);
            if (status == PE_OK)
                status = pe_buffer_append(names, "", 1, err);
        }
    }
    return status;
}

pe_status pe_columns_list(const pe_sink_spec *spec, pe_buffer *out, pe_error *err)
{
    return collect_names(spec, true, out, err);
}

uint32_t pe_columns_fields(const pe_sink_spec *spec, int result)
{
    return names_are_single(spec) ? pe_type_elements(spec->results[result]) : 1;
}

static int by_text(const void *a, const void *b)
{
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* The first name that is there twice, or NULL. */
static const char *find_twice(const char **names, size_t count)
{
    qsort(names, count, sizeof *names, by_text);
    for (size_t n = 1; n < count; n++)
        if (strcmp(names[n - 1], names[n]) == 0)
            return names[n];
    return NULL;
}

static pe_status check_twice(const pe_sink_spec *spec, pe_format format, const pe_buffer *all, pe_error *err)
{
    const char **names = NULL;
    size_t count = 0;
    const pe_status status =
        pe_make_array(&names, (size_t)pe_columns_count(spec) + (size_t)spec->kept_count + 1, sizeof *names, err);
    if (status != PE_OK)
        return status;
    for (size_t at = 0; at < all->size; at += strlen((const char *)all->data + at) + 1)
        names[count++] = (const char *)all->data + at;
    const char *const twice = find_twice(names, count);
    if (twice != NULL)
        (void)pe_fail(err, PE_ECONFIG, "%s: names: two columns of %s cannot both be called \"%s\"", spec->where,
                      pe_format_name(format), twice);
    free(names);
    return err->status;
}

static pe_status check_unique(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    pe_buffer all = {NULL, 0, 0};
    pe_status status = collect_names(
        spec, format == PE_FORMAT_NPY || format == PE_FORMAT_HDF5 || format == PE_FORMAT_JSONL, &all, err);
    if (status == PE_OK)
        status = check_twice(spec, format, &all, err);
    pe_buffer_fini(&all);
    return status;
}

static pe_status check_not_empty(const pe_sink_spec *spec, pe_error *err)
{
    for (int n = 0; n < spec->name_count; n++)
        if (*spec->names[n] == '\0')
            return pe_fail(err, PE_ECONFIG, "%s: names: a field of npy cannot have an empty name", spec->where);
    return PE_OK;
}

pe_status pe_columns_check(const pe_sink_spec *spec, pe_format format, pe_error *err)
{
    const uint64_t columns = pe_columns_count(spec);
    if (spec->names == NULL && spec->kept_count == 0)
        return PE_OK;
    if (spec->names != NULL && spec->name_count != spec->result_count && (uint64_t)spec->name_count != columns) {
        if ((uint64_t)spec->result_count == columns)
            return pe_fail(err, PE_ECONFIG, "%s: names: got %d, expected %d, one for each result%s", spec->where,
                           spec->name_count, spec->result_count, spec->has_index ? " (the index has its own)" : "");
        return pe_fail(err, PE_ECONFIG,
                       "%s: names: got %d, expected %d, one for each result, or %" PRIu64 ", one for each column",
                       spec->where, spec->name_count, spec->result_count, columns);
    }
    if (format == PE_FORMAT_JSONL && spec->names != NULL && spec->name_count != spec->result_count)
        return pe_fail(err, PE_ECONFIG, "%s: names: got %d, expected %d, one for each result: a vector is an array",
                       spec->where, spec->name_count, spec->result_count);
    const bool has_fields = (format == PE_FORMAT_NPY || format == PE_FORMAT_HDF5) && pe_columns_is_structured(spec);
    if (has_fields && check_not_empty(spec, err) != PE_OK)
        return err->status;
    return has_fields || format == PE_FORMAT_JSONL || format == PE_FORMAT_CSV || format == PE_FORMAT_TSV
               ? check_unique(spec, format, err)
               : PE_OK;
}

static pe_status append_field(const pe_buffer *name, const pe_text_style *style, bool is_alone, pe_buffer *out,
                              pe_error *err)
{
    const pe_status status = pe_buffer_reserve(out, 2 * name->size + 3, err);
    if (status != PE_OK)
        return status;
    char *at = (char *)out->data + out->size;
    at = pe_print_styled_field(at, (const char *)name->data, name->size, style, is_alone);
    *at++ = style->separator;
    out->size = (size_t)(at - (char *)out->data);
    return PE_OK;
}

/* The names of a kept column, each with a separator after it. */
static pe_status append_kept(const pe_kept_column *kept, const pe_text_style *style, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    pe_buffer name = {NULL, 0, 0};
    const uint32_t elements = pe_type_elements(kept->type);
    for (size_t n = 0; n < kept->name_count && status == PE_OK; n++) {
        const pe_text label = kept->names[n].label;
        for (uint32_t e = 0; e < elements && status == PE_OK; e++) {
            name.size = 0;
            if (label.data != NULL) {
                status = pe_buffer_append(out, label.data, label.size, err);
                status = status == PE_OK ? pe_buffer_append(out, &style->separator, 1, err) : status;
                continue;
            }
            status = pe_buffer_append(&name, kept->names[n].name, strlen(kept->names[n].name), err);
            if (status == PE_OK && kept->type.width > 0)
                status = pe_buffer_printf(&name, err, "_%" PRIu32, e);
            if (status == PE_OK)
                status = append_field(&name, style, false, out, err);
        }
    }
    pe_buffer_fini(&name);
    return status;
}

pe_status pe_columns_print_line(const pe_sink_spec *spec, pe_format format, pe_buffer *out, pe_error *err)
{
    const pe_text_style style = pe_text_style_of(spec, format);
    const char *const first = spec->has_index ? "index" : spec->first_column;
    const bool is_alone = pe_columns_count(spec) == 1 && spec->kept_count == 0 && first == NULL;
    uint64_t column = 0;
    pe_buffer name = {NULL, 0, 0};
    pe_status status = first != NULL ? pe_buffer_printf(out, err, "%s%c", first, style.separator) : PE_OK;
    for (int k = 0; k < spec->kept_count && status == PE_OK; k++)
        status = append_kept(&spec->kept[k], &style, out, err);
    for (int r = 0; r < spec->result_count && status == PE_OK; r++) {
        for (uint32_t e = 0; e < pe_type_elements(spec->results[r]) && status == PE_OK; e++) {
            name.size = 0;
            status = column_name(spec, r, e, column++, &name, err);
            if (status == PE_OK)
                status = append_field(&name, &style, is_alone, out, err);
        }
    }
    if (status == PE_OK)
        out->data[out->size - 1] = '\n';
    pe_buffer_fini(&name);
    return status;
}

/* A name as a Python string. */
static pe_status append_quoted(const pe_buffer *name, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "'", 1, err);
    for (size_t i = 0; i < name->size && status == PE_OK; i++) {
        const unsigned char byte = name->data[i];
        if (byte < 0x20 || byte == 0x7f)
            status = pe_buffer_printf(out, err, "\\x%02x", byte);
        else if (byte == '\'' || byte == '\\')
            status = pe_buffer_printf(out, err, "\\%c", byte);
        else
            status = pe_buffer_append(out, &byte, 1, err);
    }
    return status != PE_OK ? status : pe_buffer_append(out, "'", 1, err);
}

/* "('name', '<f8', (3,)), " */
static pe_status append_tuple(const pe_buffer *name, pe_dtype dtype, uint32_t width, pe_buffer *out, pe_error *err)
{
    pe_status status = pe_buffer_append(out, "(", 1, err);
    if (status == PE_OK)
        status = append_quoted(name, out, err);
    if (status == PE_OK)
        status = pe_buffer_printf(out, err, ", '%s'", pe_npy_descr(dtype));
    if (status == PE_OK && width > 0)
        status = pe_buffer_printf(out, err, ", (%" PRIu32 ",)", width);
    return status != PE_OK ? status : pe_buffer_append(out, "), ", 3, err);
}

/* Appends one result as one field or, where every column has a name, as one field per element; the bytes are the same. */
static pe_status append_result(const pe_sink_spec *spec, int result, uint64_t *column, pe_buffer *out, pe_error *err)
{
    const pe_type type = spec->results[result];
    const bool is_split = names_are_single(spec) && spec->name_count != spec->result_count;
    const uint32_t fields = is_split ? pe_type_elements(type) : 1;
    pe_buffer name = {NULL, 0, 0};
    pe_status status = PE_OK;
    for (uint32_t e = 0; e < fields && status == PE_OK; e++) {
        name.size = 0;
        status = is_split ? column_name(spec, result, e, (*column)++, &name, err)
                          : pe_columns_field_name(spec, result, &name, err);
        if (status == PE_OK)
            status = append_tuple(&name, type.dtype, is_split ? 0 : type.width, out, err);
    }
    pe_buffer_fini(&name);
    return status;
}

pe_status pe_columns_print_descr(const pe_sink_spec *spec, pe_buffer *out, pe_error *err)
{
    if (!pe_columns_is_structured(spec))
        return pe_buffer_printf(out, err, "'%s'", pe_npy_descr(spec->results[0].dtype));
    uint64_t column = 0;
    pe_status status = pe_buffer_printf(out, err, "[%s", spec->has_index ? "('index', '<i8'), " : "");
    for (int k = 0; k < spec->kept_count && status == PE_OK; k++) {
        const pe_kept_column *const kept = &spec->kept[k];
        pe_buffer name = {NULL, 0, 0};
        status = pe_buffer_append(&name, kept->names[0].name, strlen(kept->names[0].name), err);
        if (status == PE_OK)
            status = append_tuple(&name, kept->type.dtype, kept->type.width, out, err);
        pe_buffer_fini(&name);
    }
    for (int r = 0; r < spec->result_count && status == PE_OK; r++)
        status = append_result(spec, r, &column, out, err);
    if (status != PE_OK)
        return status;
    out->size -= 2; /* the comma and space after the last field */
    return pe_buffer_append(out, "]", 1, err);
}

pe_status pe_columns_print_item_header(const pe_sink_spec *spec, pe_buffer *out, pe_error *err)
{
    const uint64_t shape = pe_columns_is_structured(spec) || spec->results[0].width == 0 ? 1 : spec->results[0].width;
    pe_buffer descr = {0};
    pe_status status = pe_columns_print_descr(spec, &descr, err);
    if (status == PE_OK)
        status = pe_buffer_append(&descr, "", 1, err);
    if (status == PE_OK)
        status = pe_npy_print((const char *)descr.data, &shape, 1, out, err);
    pe_buffer_fini(&descr);
    return status;
}
