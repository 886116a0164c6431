/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_dialect.c - the characters of a csv or tsv as the job gives them, and the numbers that are written with them.
 *
 * Design:   a number in another style is copied into the style that types/number.c reads: without thousands' separators,
 *           with a point. A separator is one only between two digits in front of the decimal point, so that a number of
 *           another style is refused and not misread.
 * Threads:  no state.
 * Not here: cutting records (format/csv.c); numbers in the usual style (types/number.c).
 */
#include <stdio.h>
#include <string.h>

#include "source/text/text_source.h"
#include "types/number.h"

/* A character of the dialect, by the key that gives it. */
typedef struct role {
    const char *key;
    int character; /* PE_CHAR_NONE: there is none */
} role;

static pe_status check_roles(const pe_source_spec *spec, const role *roles, size_t count, pe_error *err)
{
    for (size_t b = 1; b < count; b++)
        for (size_t a = 0; a < b; a++)
            if (roles[a].character == roles[b].character && roles[a].character < PE_CHAR_NONE)
                return pe_fail(err, PE_ECONFIG, "%s: %s and %s are both \"%c\": expected two characters%s", spec->where,
                               roles[a].key, roles[b].key, roles[a].character,
                               roles[a].character == ',' ? ", such as delimiter = \";\"" : "");
    return PE_OK;
}

static bool may_stand_in_number(int character)
{
    return (character >= '0' && character <= '9') || character == '+' || character == '-';
}

pe_status pe_text_set_dialect(pe_text_source *text, pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    const pe_format format = text->base.format;
    text->dialect = pe_dialect_of(format == PE_FORMAT_CSV ? ',' : format == PE_FORMAT_TSV ? '\t' : 0);
    if (text->dialect.delimiter == 0)
        return PE_OK;
    if (spec->delimiter != 0)
        text->dialect.delimiter = spec->delimiter;
    if (spec->quote != 0)
        text->dialect.quote = spec->quote;
    if (spec->comment != 0)
        text->dialect.comment = spec->comment;
    text->is_styled = spec->thousands != 0 || spec->missing_count > 0 || (spec->decimal != 0 && spec->decimal != '.');
    const role roles[] = {{"delimiter", text->dialect.delimiter},
                          {"quote", text->dialect.quote},
                          {"comment", text->dialect.comment},
                          {"decimal", spec->decimal == 0 ? '.' : spec->decimal},
                          {"thousands", spec->thousands == 0 ? PE_CHAR_NONE : spec->thousands}};
    /* A quoted number may hold the delimiter: "1,234". */
    const role inside[] = {roles[1], roles[2], roles[4], roles[3]};
    pe_status status = check_roles(spec, roles, 3, err);
    if (status == PE_OK)
        status = check_roles(spec, inside, sizeof inside / sizeof *inside, err);
    const bool is_wrong = may_stand_in_number(spec->decimal) || may_stand_in_number(spec->thousands);
    if (status == PE_OK && is_wrong)
        status = pe_fail(err, PE_ECONFIG, "%s: decimal, thousands: a digit or a sign cannot be one", spec->where);
    return status;
}

bool pe_text_is_missing(const pe_text_source *text, const pe_csv_field *field)
{
    if (field->kind == PE_FIELD_NONE)
        return true;
    const pe_source_spec *const spec = text->base.spec;
    const char *data = field->data;
    size_t size = field->size;
    for (; size > 0 && (*data == ' ' || *data == '\t'); size--)
        data++;
    while (size > 0 && (data[size - 1] == ' ' || data[size - 1] == '\t'))
        size--;
    for (int i = 0; i < spec->missing_count; i++)
        if (strlen(spec->missing[i]) == size && (size == 0 || memcmp(spec->missing[i], data, size) == 0))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number in the usual style; false where it holds what that style means by its point. */
static bool restyle(const pe_source_spec *spec, const pe_csv_field *field, char out[PE_STYLED_NUMBER_MOST],
                    size_t *size)
{
    const char *const in = field->data;
    const int decimal = spec->decimal == 0 ? '.' : spec->decimal;
    bool is_whole = true; /* in front of the decimal point */
    *size = 0;
    if (field->size > PE_STYLED_NUMBER_MOST)
        return false;
    for (size_t i = 0; i < field->size; i++) {
        const bool is_between = i > 0 && is_digit(in[i - 1]) && i + 1 < field->size && is_digit(in[i + 1]);
        if (in[i] == spec->thousands && is_whole && is_between)
            continue;
        is_whole = is_whole && in[i] != decimal && (in[i] | 0x20) != 'e';
        if (in[i] != decimal && in[i] == '.')
            return false;
        out[(*size)++] = in[i] == decimal ? '.' : in[i];
    }
    return true;
}

bool pe_text_parse_styled(const pe_text_source *text, const pe_csv_field *field, pe_dtype dtype, void *out)
{
    char number[PE_STYLED_NUMBER_MOST];
    size_t size = 0;
    if (pe_text_is_missing(text, field)) {
        if (!pe_dtype_is_float(dtype))
            return false;
        return pe_parse_element("nan", 3, dtype, out);
    }
    if (field->kind == PE_FIELD_TEXT)
        return false;
    if (text->is_json)
        return pe_parse_element(field->data, field->size, dtype, out);
    return !field->has_escapes && restyle(text->base.spec, field, number, &size) &&
           pe_parse_element(number, size, dtype, out);
}

bool pe_text_restyle(const pe_text_source *text, const pe_csv_field *field, char decimal,
                     char out[PE_STYLED_NUMBER_MOST], size_t *size)
{
    double value;
    if (field->kind == PE_FIELD_TEXT || field->has_escapes || !restyle(text->base.spec, field, out, size) ||
        !pe_parse_element(out, *size, PE_FLOAT64, &value))
        return false;
    char *const point = memchr(out, '.', *size);
    if (point != NULL)
        *point = decimal;
    return true;
}

const char *pe_text_dialect_hint(const pe_text_source *text, char out[PE_DIALECT_HINT_ROOM])
{
    out[0] = '\0';
    if (text->comment_hint != 0)
        snprintf(out, PE_DIALECT_HINT_ROOM,
                 "; the first line begins with %c: input.comment = \"%c\" leaves such lines out, input.skip_lines = 1 "
                 "the first one",
                 text->comment_hint, text->comment_hint);
    else if (text->delimiter_hint != 0)
        snprintf(out, PE_DIALECT_HINT_ROOM,
                 text->delimiter_hint == '\t'
                     ? "; if a tab separates the fields of the first line, input.delimiter = \"\\t\""
                     : "; if %c separates the fields of the first line, input.delimiter = \"%c\"",
                 text->delimiter_hint, text->delimiter_hint);
    return out;
}
