/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_error.c - what is wrong with a record, with its position as an editor counts it.
 *
 * Design:   lines are not counted while reading; only when something is wrong, from the last known position on. Bytes that
 *           cannot stand in a message are shown as \xNN.
 * Threads:  no state.
 * Not here: finding the failure (text_reader.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "format/lines.h"
#include "source/text/text_source.h"
#include "types/number.h"

#define SHOWN_BYTES ((size_t)40)
#define SHOWN_ROOM (SHOWN_BYTES * 4 + 4)
#define READER_ROOM 64
#define POSITION_ROOM 600

typedef struct position {
    uint64_t line, column; /* 1-based, in bytes */
} position;

static position position_of(const pe_text_place *place, size_t at)
{
    size_t line_begin = at;
    while (line_begin > 0 && place->data[line_begin - 1] != '\n')
        line_begin--;
    return (position){place->begin.line + pe_lines_count(place->data, at), at - line_begin + 1};
}

/* Bytes of the UTF-8 sequence at p, or 0 when there is none. */
static size_t sequence_bytes(const unsigned char *p, size_t left)
{
    const size_t bytes = *p < 0x80 ? 1 : *p >= 0xF0 ? 4 : *p >= 0xE0 ? 3 : 2;
    if ((*p >= 0x80 && *p < 0xC2) || *p > 0xF4 || bytes > left)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((p[i] & 0xC0u) != 0x80u)
            return 0;
    return bytes;
}

static const char *show(const char *data, size_t size, char out[SHOWN_ROOM])
{
    static const char hex[] = "0123456789abcdef";
    const unsigned char *const p = (const unsigned char *)data;
    size_t used = 0, at = 0;
    while (at < size && at < SHOWN_BYTES) {
        size_t bytes = sequence_bytes(p + at, size - at);
        if (bytes == 0 || p[at] < 0x20 || p[at] == 0x7F) {
            const char code[4] = {'\\', 'x', hex[p[at] >> 4], hex[p[at] & 15]};
            memcpy(out + used, code, sizeof code);
            used += sizeof code;
            bytes = 1;
        } else {
            memcpy(out + used, p + at, bytes);
            used += bytes;
        }
        at += bytes;
    }
    memcpy(out + used, "...", 3);
    out[at < size ? used + 3 : used] = '\0';
    return out;
}

static const char *delimiter_name(int delimiter, char out[READER_ROOM])
{
    if (delimiter != ',' && delimiter != '\t' && delimiter != PE_CHAR_BLANKS) {
        snprintf(out, READER_ROOM, "delimiter (%c)", delimiter);
        return out;
    }
    return delimiter == ',' ? "comma" : delimiter == '\t' ? "tab" : "blank";
}

pe_status pe_text_fail_csv(pe_text_place place, pe_csv_verdict verdict, size_t bad, pe_error *err)
{
    const char *const name = place.text->base.info.name;
    const position s = position_of(&place, bad);
    char seen[SHOWN_ROOM], by[READER_ROOM];
    if (verdict == PE_CSV_AFTER_QUOTE)
        return pe_fail_item(err, PE_EDATA, place.item,
                            "%s:%" PRIu64 ":%" PRIu64 ": expected a %s or the end of the line after the closing quote, "
                            "got \"%s\" (a quote inside quotes is written twice)",
                            name, s.line, s.column, delimiter_name(place.text->dialect.delimiter, by),
                            show((const char *)place.data + bad, 1, seen));
    if (verdict == PE_CSV_LONE_CR)
        return pe_fail_item(err, PE_EDATA, place.item,
                            "%s:%" PRIu64 ":%" PRIu64
                            ": a carriage return (CR) without a newline (LF) after it, outside "
                            "of quotes: lines end in LF or CRLF; tr '\\r' '\\n' turns the one into the other",
                            name, s.line, s.column);
    /* No item's failure: what comes after cannot be cut into items. */
    if (verdict == PE_CSV_OPEN_QUOTE)
        return pe_fail(err, PE_EDATA, "%s:%" PRIu64 ":%" PRIu64 ": the quote that opens here is never closed", name,
                       s.line, s.column);
    return pe_fail(err, PE_EDATA, "%s:%" PRIu64 ": ends before item %" PRIu64 ": was the file changed?", name, s.line,
                   place.item);
}

pe_status pe_text_fail_json(pe_text_place place, size_t bad, const char *reason, pe_error *err)
{
    const position s = position_of(&place, bad);
    return pe_fail_item(err, PE_EDATA, place.item, "%s:%" PRIu64 ":%" PRIu64 ": not a line of JSON: %s",
                        place.text->base.info.name, s.line, s.column, reason);
}

pe_status pe_text_fail_fields(pe_text_place place, size_t record, uint64_t got, pe_error *err)
{
    const pe_text_source *const text = place.text;
    const position s = position_of(&place, record);
    const bool is_empty = place.data[record] == '\n' || place.data[record] == '\r';
    char comment[PE_DIALECT_HINT_ROOM];
    return pe_fail_item(err, PE_EDATA, place.item, "%s:%" PRIu64 ": expected %" PRIu64 " fields, got %" PRIu64 "%s",
                        text->base.info.name, s.line, text->fields, got,
                        is_empty ? " (an empty line)" : pe_text_dialect_hint(text, comment));
}

/* "x.csv:17:9: column "price": " or "x.txt:4: ". */
static void print_position(const pe_text_place *place, const pe_text_target *target, const pe_csv_field *field,
                           char out[POSITION_ROOM])
{
    const pe_text_source *const text = place->text;
    const unsigned char *const data = place->data;
    const unsigned char *at = (const unsigned char *)field->data;
    if (text->is_json && (field->kind != PE_FIELD_PLAIN || at == NULL))
        at = data; /* a text may be a copy: only the line is named */
    if (text->dialect.delimiter != 0 && at > data && at[-1] == text->dialect.quote)
        at--;
    const position s = position_of(place, (size_t)(at - data));
    const char *const name = text->base.info.name;
    char shown[SHOWN_ROOM];
    if (text->is_json)
        snprintf(out, POSITION_ROOM, "%s:%" PRIu64 ":%" PRIu64 ": key \"%s\": ", name, s.line, s.column,
                 show(target->name, strlen(target->name), shown));
    else if (text->dialect.delimiter == 0)
        snprintf(out, POSITION_ROOM, "%s:%" PRIu64 ": ", name, s.line);
    else if (target->name == NULL)
        snprintf(out, POSITION_ROOM, "%s:%" PRIu64 ":%" PRIu64 ": column %" PRIu64 ": ", name, s.line, s.column,
                 target->field);
    else
        snprintf(out, POSITION_ROOM, "%s:%" PRIu64 ":%" PRIu64 ": column \"%s\": ", name, s.line, s.column,
                 show(target->name, strlen(target->name), shown));
}

/* What tables often have in the place of a value. */
static bool looks_missing(const pe_text_source *text, const pe_csv_field *field)
{
    static const char *const words[] = {"NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "none", "-", "?"};
    bool is_word = false;
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        is_word = is_word || (strlen(words[w]) == field->size && memcmp(words[w], field->data, field->size) == 0);
    return is_word && text->dialect.delimiter != 0;
}

/* Why a value may be what it is, when that helps. */
static const char *hint(const pe_text_source *text, const pe_text_target *target, const pe_csv_field *field,
                        uint64_t item)
{
    pe_int128 integer;
    double real;
    if (field->size == 0)
        return text->dialect.delimiter == 0 ? " (it is empty)" : " (it is empty: input.missing = [\"\"] makes it nan)";
    if (pe_dtype_is_int(target->parse) && pe_parse_element(field->data, field->size, PE_INT128, &integer))
        return " (out of its range)";
    if (pe_dtype_is_int(target->parse) && pe_parse_element(field->data, field->size, PE_FLOAT64, &real))
        return " (as float64 it can be read: input.dtype = \"float64\")";
    if (item == 0 && text->dialect.delimiter != 0 && !text->base.spec->header)
        return " (header = false, so the first line is data: is it a header?)";
    return "";
}

/* Where the type comes from: "input.dtype asks for" or "argument 2 of the kernel is". */
static const char *reader_of(const pe_text_source *text, const pe_text_target *target, char out[READER_ROOM])
{
    if (target->argument >= text->base.want_count)
        snprintf(out, READER_ROOM, "the first records are, and output.keep takes");
    else if (!text->base.info.untyped[target->argument])
        snprintf(out, READER_ROOM, "input.dtype asks for");
    else
        snprintf(out, READER_ROOM, "argument %d of the kernel is", target->argument + 1);
    return out;
}

pe_status pe_text_fail_value(pe_text_place place, const pe_text_target *target, const pe_csv_field *field,
                             pe_error *err)
{
    const pe_text_source *const text = place.text;
    const uint64_t item = place.item;
    char where[POSITION_ROOM], shown[SHOWN_ROOM], by[READER_ROOM];
    const char *const dtype = pe_dtype_name(target->parse);
    const bool has_vowel = dtype[0] == 'i'; /* an int64, a uint8 */
    print_position(&place, target, field, where);
    if (field->kind == PE_FIELD_NONE)
        return pe_fail_item(err, PE_EDATA, item, "%sthere is no value, and only a float can be nan", where);
    if (field->kind == PE_FIELD_TEXT)
        return pe_fail_item(err, PE_EDATA, item, "%s\"%s\" is a text, an object or an array and not %s %s", where,
                            show(field->data, field->size, shown), has_vowel ? "an" : "a", dtype);
    if (text->is_styled && pe_text_is_missing(text, field))
        return pe_fail_item(err, PE_EDATA, item, "%sthe value is missing (\"%s\"), and only a float can be nan", where,
                            show(field->data, field->size, shown));
    if (pe_dtype_is_float(target->parse) && pe_is_integer_text(field->data, field->size))
        return pe_fail_item(err, PE_EDATA, item,
                            "%s%s is not exact as %s, which %s (dtype = \"int128\" or \"text\" holds it)", where,
                            show(field->data, field->size, shown), dtype, reader_of(text, target, by));
    if (looks_missing(text, field))
        return pe_fail_item(err, PE_EDATA, item, "%s\"%s\" is not %s %s (input.missing = [\"%s\"] makes it nan)", where,
                            show(field->data, field->size, shown), has_vowel ? "an" : "a", dtype, shown);
    return pe_fail_item(err, PE_EDATA, item, "%s\"%s\" is not %s %s%s", where, show(field->data, field->size, shown),
                        has_vowel ? "an" : "a", dtype, hint(text, target, field, item));
}

pe_status pe_text_fail_cast(pe_text_place place, const pe_text_target *target, const pe_csv_field *field,
                            const pe_error *inner, pe_error *err)
{
    char where[POSITION_ROOM];
    print_position(&place, target, field, where);
    return pe_fail_item(err, inner->status, place.item, "%s%s", where, inner->text);
}
