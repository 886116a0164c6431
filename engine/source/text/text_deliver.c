/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_deliver.c - puts the fields of one record into the columns of arguments and of kept fields.
 *
 * Design:   a number is parsed straight into its column. A text points into the file's bytes, except one with ""
 *           inside, which is copied.
 * Threads:  any worker, with its own reader.
 * Not here: cutting records (text_reader.c), whole columns at once (text_columns.c), messages (text_error.c).
 */
#include "source/text/text_deliver.h"

#include "types/number.h"

static pe_status deliver_text(const pe_text_work *w, const pe_text_target *target, const pe_csv_field *field,
                              pe_text *out, pe_error *err)
{
    if (w->text->is_styled && pe_text_is_missing(w->text, field))
        return pe_text_fail_value(pe_text_place_of(w), target, field, err);
    *out = (pe_text){field->data, field->size};
    if (!field->has_escapes)
        return PE_OK;
    char *const copy = pe_arena_get(&w->reader->scratch, field->size);
    if (copy == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: %zu bytes for a quoted text of %s", field->size,
                       w->text->base.info.name);
    *out = (pe_text){copy, pe_csv_unescape(field, w->text->dialect.quote, copy)};
    return PE_OK;
}

static bool parse(const pe_text_source *text, const pe_csv_field *field, pe_dtype dtype, void *out)
{
    if (text->is_styled)
        return pe_text_parse_styled(text, field, dtype, out);
    return !field->has_escapes && pe_parse_element(field->data, field->size, dtype, out);
}

/* The job declares one dtype and the kernel takes another: parsed as the one, converted to the other. */
static pe_status deliver_cast(const pe_text_work *w, const pe_text_target *target, const pe_csv_field *field, void *out,
                              pe_error *err)
{
    pe_int128 parsed; /* as large and as aligned as any element */
    size_t bad;
    pe_error inner;
    pe_error_clear(&inner);
    if (!parse(w->text, field, target->parse, &parsed))
        return pe_text_fail_value(pe_text_place_of(w), target, field, err);
    if (pe_convert(target->parse, &parsed, target->want, out, 1, &bad, &inner) == PE_OK)
        return PE_OK;
    return pe_text_fail_cast(pe_text_place_of(w), target, field, &inner, err);
}

pe_status pe_text_deliver(const pe_text_work *w, const pe_text_target *target, const pe_csv_field *field, pe_error *err)
{
    char *const column = w->columns[target->argument];
    if (column == NULL)
        return PE_OK;
    void *const out = column + w->row * target->step + target->offset;
    if (target->want == PE_TEXT)
        return deliver_text(w, target, field, out, err);
    if (target->parse != target->want)
        return deliver_cast(w, target, field, out, err);
    if (parse(w->text, field, target->parse, out))
        return PE_OK;
    return pe_text_fail_value(pe_text_place_of(w), target, field, err);
}

pe_status pe_text_deliver_fields(const pe_text_work *w, const pe_csv_field *fields, pe_error *err)
{
    const pe_text_reader *const reader = w->reader;
    pe_status status = PE_OK;
    for (size_t t = 0; t < reader->target_count && status == PE_OK; t++) {
        const pe_text_target *const target = &reader->targets[t];
        status = pe_text_deliver(w, target, &fields[target->field], err);
    }
    return status;
}

pe_status pe_text_keep_beside(const pe_text_work *w, const pe_csv_field *fields, pe_text record, pe_error *err)
{
    const pe_source *const source = &w->text->base;
    pe_status status = PE_OK;
    for (int k = 0; k < source->kept_count && status == PE_OK; k++) {
        pe_text *const column = w->columns[source->want_count + k];
        if (column != NULL && source->kept[k].type == PE_TEXT)
            status = pe_text_keep(w->text, &source->kept[k], fields, record, &w->reader->scratch, &column[w->row], err);
    }
    return status;
}
