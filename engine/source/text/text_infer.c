/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_infer.c - finds the types of a text's columns in its first records.
 *
 * Design:   a column is int64 where every field of the sample is an int64, else float64 where every one is a float64,
 *           else text. Empty fields say nothing: they fail their items. One of input.missing is a float, since nan is
 *           one. The sample is the beginning of the file, so that first, count, parts and ranks never change a type.
 *           Records that are malformed say nothing either; reading them will fail.
 * Threads:  main thread of rank 0.
 * Not here: what the kernel takes (job_to_specs.c, the forms of kernels), reading (text_reader.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "format/lines.h"
#include "source/text/text_source.h"
#include "types/number.h"

/* What was seen of one column. */
typedef struct evidence {
    bool has_number, has_float, has_text;
} evidence;

static bool parses(const pe_text_source *text, const pe_csv_field *field, pe_dtype dtype)
{
    pe_int128 room;
    if (text->is_styled)
        return pe_text_parse_styled(text, field, dtype, &room);
    return pe_parse_element(field->data, field->size, dtype, &room);
}

static void look_at(const pe_text_source *text, evidence *seen, const pe_csv_field *field)
{
    if (text->is_styled && pe_text_is_missing(text, field)) {
        seen->has_number = seen->has_float = true; /* only a float can be nan */
        return;
    }
    if (field->size == 0 && field->kind == PE_FIELD_PLAIN)
        return;
    const bool is_text = field->has_escapes || field->kind == PE_FIELD_TEXT;
    if (!is_text && parses(text, field, PE_INT64))
        seen->has_number = true;
    else if (!is_text && parses(text, field, PE_FLOAT64))
        seen->has_number = seen->has_float = true;
    else if (!is_text && pe_is_integer_text(field->data, field->size)) /* too large for both, yet a number */
        seen->has_number = seen->has_float = seen->has_text = true;
    else
        seen->has_text = true;
}

static pe_dtype number_type_of(const evidence *seen)
{
    return seen->has_float || !seen->has_number ? PE_FLOAT64 : PE_INT64;
}

static pe_dtype type_of(const evidence *seen)
{
    return seen->has_text || !seen->has_number ? PE_TEXT : number_type_of(seen);
}

/* The type that the job gives to the column of this name, or the one that was found. */
static pe_dtype given_or(const pe_source_spec *spec, const char *name, pe_dtype found)
{
    for (int d = 0; d < spec->dtype_count && name != NULL; d++)
        if (strcmp(spec->dtypes[d].name, name) == 0)
            return spec->dtypes[d].dtype;
    return found;
}

static void look_at_record(const pe_text_source *text, const pe_csv_field *fields, size_t count, evidence *seen)
{
    const bool takes_all = text->base.spec->infers_fields;
    const size_t wanted = takes_all ? text->fields : text->column_count;
    for (size_t c = 0; c < wanted && count == text->fields; c++) {
        const uint64_t number = takes_all ? c : text->columns[c].number;
        look_at(text, &seen[number], &fields[number]);
    }
}

/* Moves past a record that cannot be cut. */
static bool skip_record(const pe_text_source *text, const unsigned char *data, size_t size, size_t *at)
{
    pe_record_scan scan = {.dialect = text->dialect};
    *at += pe_record_scan_run(&scan, data + *at, size - *at, 1);
    return scan.records > 0;
}

static pe_status look_at_json(const pe_text_source *text, const unsigned char *data, size_t size, pe_csv_field *fields,
                              evidence *seen, pe_error *err)
{
    pe_jsonl *json = NULL;
    pe_arena scratch = {0};
    size_t at = 0, bad = 0;
    pe_text line;
    const pe_status status = pe_text_open_json(text, &json, err);
    for (uint64_t records = 0; status == PE_OK && records < PE_INFER_RECORDS && pe_lines_next(data, size, &at, &line);
         records++) {
        pe_error ignored = PE_ERROR_INIT; /* reading the line will fail */
        if (pe_text_cut_json(text, json, line, data, size, fields, &scratch, &bad, &ignored) == PE_OK)
            look_at_record(text, fields, text->fields, seen);
        pe_arena_reset(&scratch);
    }
    pe_jsonl_close(json);
    pe_arena_fini(&scratch);
    return status;
}

static void look_at_records(const pe_text_source *text, const unsigned char *data, size_t size, pe_csv_field *fields,
                            evidence *seen)
{
    size_t at = 0;
    for (uint64_t records = 0; records < PE_INFER_RECORDS && at < size; records++) {
        size_t count = 1, bad = 0;
        pe_text line = {0};
        if (text->dialect.delimiter == 0) {
            pe_lines_next(data, size, &at, &line);
            const pe_csv_field field = {line.data, line.size, false, false, PE_FIELD_PLAIN};
            look_at(text, &seen[0], &field);
            continue;
        }
        const pe_csv_verdict verdict = pe_csv_next(data, size, &text->dialect, &at, fields, text->fields, &count, &bad);
        if (verdict == PE_CSV_RECORD)
            look_at_record(text, fields, count, seen);
        else if (!skip_record(text, data, size, &at))
            return;
    }
}

/* The records that end within the first PE_INFER_BYTES, and the first one however long it is. */
static size_t sample_bytes(const pe_text_source *text, const unsigned char *data, size_t size)
{
    if (size <= PE_INFER_BYTES)
        return size;
    pe_record_scan all = {.dialect = text->dialect}, again = all;
    (void)pe_record_scan_run(&all, data, PE_INFER_BYTES, PE_INFER_RECORDS);
    return pe_record_scan_run(&again, data, size, all.records > 0 ? all.records : 1);
}

pe_status pe_text_infer(pe_text_source *text, const unsigned char *data, size_t size, pe_error *err)
{
    evidence *seen = NULL;
    pe_csv_field *fields = NULL;
    pe_status status = pe_make_array(&seen, text->fields, sizeof *seen, err);
    if (status == PE_OK)
        status = pe_make_array(&fields, text->fields, sizeof *fields, err);
    if (status == PE_OK && text->is_json)
        status = look_at_json(text, data, sample_bytes(text, data, size), fields, seen, err);
    else if (status == PE_OK)
        look_at_records(text, data, sample_bytes(text, data, size), fields, seen);
    bool has_text = false;
    for (size_t c = 0; status == PE_OK && c < text->column_count; c++) {
        pe_text_column *const column = &text->columns[c];
        const evidence *const all = &seen[column->number];
        column->number_type = number_type_of(all);
        column->type = type_of(all);
        has_text = has_text || column->type == PE_TEXT;
    }
    for (uint64_t f = 0; status == PE_OK && f < text->fields && text->base.spec->infers_fields; f++)
        text->all[f].type = given_or(text->base.spec, text->all[f].name, type_of(&seen[f]));
    for (size_t c = 0; status == PE_OK && c < text->column_count && text->base.spec->has_dtype; c++)
        text->all[text->columns[c].number].type = text->base.spec->dtype.dtype;
    if (text->base.spec->demand == PE_DEMAND_UNKNOWN && text->base.info.untyped[0])
        text->keeps_blank_end = has_text;
    free(seen);
    free(fields);
    return status;
}

size_t pe_text_blank_end(const pe_text_source *text, const unsigned char *data, size_t size, uint64_t *lines)
{
    *lines = 0;
    return text->fields > 1 || text->is_json || !text->keeps_blank_end ? pe_csv_blank_end(data, size, lines) : 0;
}
