/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_header.c - which fields of a record become arguments.
 *
 * Design:   the header names them, or without one the first record counts them. Names are compared byte by byte. A name
 *           that occurs twice is refused only where a job selects it.
 * Threads:  main thread.
 * Not here: how many fields the other records have (text_reader.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "format/lines.h"
#include "os/log.h"
#include "source/text/text_source.h"
#include "types/number.h"

#define NAMES_ROOM 400 /* of a list of names in a message */

/* The first record, cut into fields. */
typedef struct header {
    pe_csv_field *fields;
    size_t count;
    char **names; /* NULL without a header */
} header;

static void free_header(header *h)
{
    for (size_t i = 0; h->names != NULL && i < h->count; i++)
        free(h->names[i]);
    free(h->names);
    free(h->fields);
}

static pe_status copy_name(const pe_csv_field *field, int quote, char **out, pe_error *err)
{
    const pe_status status = pe_make_array(out, field->size + 1, 1, err);
    if (status == PE_OK && field->has_escapes)
        pe_csv_unescape(field, quote, *out);
    else if (status == PE_OK && field->size > 0)
        memcpy(*out, field->data, field->size);
    return status;
}

static pe_status copy_names(header *h, int quote, pe_error *err)
{
    pe_status status = pe_make_array(&h->names, h->count, sizeof *h->names, err);
    for (size_t i = 0; status == PE_OK && i < h->count; i++)
        status = copy_name(&h->fields[i], quote, &h->names[i], err);
    return status;
}

/* Cuts the record at data[*at] and moves past it; count stays 0 when there is none. */
static pe_status cut_record(pe_text_source *text, const unsigned char *data, size_t size, size_t *at, header *h,
                            pe_error *err)
{
    size_t again = *at, bad = 0;
    const pe_csv_verdict verdict = pe_csv_next(data, size, &text->dialect, at, NULL, 0, &h->count, &bad);
    if (verdict == PE_CSV_END)
        return PE_OK;
    if (verdict != PE_CSV_RECORD)
        return pe_text_fail_csv((pe_text_place){text, data, {0, 1}, PE_NO_ITEM}, verdict, bad, err);
    const pe_status status = pe_make_array(&h->fields, h->count, sizeof *h->fields, err);
    if (status == PE_OK)
        pe_csv_next(data, size, &text->dialect, &again, h->fields, h->count, &h->count, &bad);
    return status;
}

/* The names there are, as `"x", "y"`; what finds no room is printed as "...". */
static void list_names(const header *h, char out[NAMES_ROOM])
{
    const size_t room = NAMES_ROOM - sizeof ", ...";
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < h->count; i++) {
        const char *const comma = i == 0 ? "" : ", ";
        const size_t length = strlen(h->names[i]) + 4;
        const bool fits = length < room - used;
        const int n = snprintf(out + used, NAMES_ROOM - used, fits ? "%s\"%s\"" : "%s...", comma, h->names[i]);
        if (!fits || n < 0)
            break;
        used += (size_t)n;
    }
}

static pe_status find_name(const pe_text_source *text, const header *h, const char *wanted, uint64_t *number,
                           pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    const char *const file = text->base.info.name;
    char names[NAMES_ROOM], comment[PE_DIALECT_HINT_ROOM];
    if (h->names == NULL)
        return pe_fail(err, PE_ECONFIG,
                       "%s: columns: \"%s\": %s has no header (header = false): expected numbers from 0", spec->where,
                       wanted, file);
    size_t found = 0;
    for (size_t i = h->count; i-- > 0;)
        if (strcmp(h->names[i], wanted) == 0) {
            *number = i;
            found++;
        }
    if (found == 1)
        return PE_OK;
    if (found > 1)
        return pe_fail(err, PE_ECONFIG, "%s: columns: %s has %zu columns named \"%s\": choose by number (from 0)",
                       spec->where, file, found, wanted);
    const char *const near = pe_suggest(wanted, (const char *const *)h->names, h->count);
    list_names(h, names);
    if (near == NULL)
        return pe_fail(err, PE_ECONFIG, "%s: columns: %s has no column \"%s\": it has %s%s", spec->where, file, wanted,
                       names, pe_text_dialect_hint(text, comment));
    return pe_fail(err, PE_ECONFIG, "%s: columns: %s has no column \"%s\": did you mean \"%s\"? It has %s", spec->where,
                   file, wanted, near, names);
}

static pe_status find_column(const pe_text_source *text, const header *h, const pe_column_choice *choice,
                             uint64_t *number, pe_error *err)
{
    if (choice->name != NULL)
        return find_name(text, h, choice->name, number, err);
    *number = choice->number;
    if (choice->number < h->count)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%s: columns: there is no column %" PRIu64 ": %s has %zu (from 0)",
                   text->base.spec->where, choice->number, text->base.info.name, h->count);
}

static bool is_mentioned(const pe_source_spec *spec, const char *name)
{
    return spec->is_mentioned != NULL && spec->is_mentioned(spec->mention_context, name);
}

/* The columns that an expression of the job names; 0: it names none, or the job chooses them. */
static size_t count_mentioned(const pe_source_spec *spec, const header *h)
{
    size_t count = 0;
    for (size_t i = 0; i < h->count && h->names != NULL && spec->columns == NULL; i++)
        count += is_mentioned(spec, h->names[i]);
    return count;
}

static pe_status choose(pe_text_source *text, header *h, pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    const size_t mentioned = count_mentioned(spec, h);
    const size_t count = spec->columns != NULL ? (size_t)spec->column_count : mentioned > 0 ? mentioned : h->count;
    pe_status status = pe_make_array(&text->columns, count, sizeof *text->columns, err);
    uint64_t next = 0;
    for (size_t i = 0; status == PE_OK && i < count; i++) {
        pe_text_column *const column = &text->columns[i];
        while (mentioned > 0 && !is_mentioned(spec, h->names[next]))
            next++;
        column->number = next++;
        if (spec->columns != NULL)
            status = find_column(text, h, &spec->columns[i], &column->number, err);
        if (status == PE_OK && h->names != NULL)
            status = pe_copy_string(&column->name, h->names[column->number], err);
        text->column_count = i + 1;
    }
    return status;
}

/* The file is empty and has no header: it has the columns that the job chooses, and no items. */
static pe_status choose_of_nothing(pe_text_source *text, pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    const header none = {.count = 0};
    const size_t count = spec->columns != NULL ? (size_t)spec->column_count : 1;
    uint64_t number = 0;
    text->fields = 1;
    for (size_t i = 0; spec->columns != NULL && i < count; i++)
        if (spec->columns[i].name != NULL)
            return find_name(text, &none, spec->columns[i].name, &number, err);
    text->column_count = count;
    return pe_make_array(&text->columns, count, sizeof *text->columns, err);
}

static bool is_number(const char *name)
{
    double real;
    return pe_parse_element(name, strlen(name), PE_FLOAT64, &real) || pe_is_integer_text(name, strlen(name));
}

/* A first record of numbers is not taken for the names of columns, unless the job selects columns by these names. */
static void warn_of_numbers(const pe_text_source *text, const header *h)
{
    const pe_source_spec *const spec = text->base.spec;
    for (size_t i = 0; i < h->count; i++)
        if (!is_number(h->names[i]))
            return;
    for (int c = 0; c < spec->column_count && spec->columns != NULL; c++)
        if (spec->columns[c].name != NULL)
            return;
    char names[NAMES_ROOM];
    list_names(h, names);
    pe_log(PE_LOG_WARN, "%s: the header is nothing but numbers (%s): if they are data, say header = false",
           text->base.info.name, names);
}

/* A first line that begins like a comment and has another number of fields than the next one is no header. */
static pe_status check_comment(pe_text_source *text, const unsigned char *data, size_t size, size_t at, size_t fields,
                               pe_error *err)
{
    char hint[PE_DIALECT_HINT_ROOM];
    size_t next = 0, bad = 0;
    if (text->comment_hint == 0 ||
        pe_csv_next(data, size, &text->dialect, &at, NULL, 0, &next, &bad) != PE_CSV_RECORD || next == fields)
        return PE_OK;
    return pe_fail(err, PE_EDATA, "%s: the first line has %zu field%s and the next one %zu%s", text->base.info.name,
                   fields, pe_plural(fields), next, pe_text_dialect_hint(text, hint));
}

/* A first line that is one field, and has what other programs separate fields with. */
static char find_delimiter(const pe_text_source *text, const header *h)
{
    static const char delimiters[] = ";\t|,";
    if (h->count != 1 || text->base.spec->delimiter != 0)
        return 0;
    for (const char *at = delimiters; *at != '\0'; at++)
        if (memchr(h->fields[0].data, *at, h->fields[0].size) != NULL && !h->fields[0].is_quoted)
            return *at;
    return 0;
}

static pe_status take_csv(pe_text_source *text, const unsigned char *data, size_t size, size_t *taken, pe_error *err)
{
    const bool has_header = text->base.spec->header;
    header h = {0};
    size_t at = *taken;
    if (at < size && text->dialect.comment == PE_CHAR_NONE && (data[at] == '#' || data[at] == '%'))
        text->comment_hint = (char)data[at];
    pe_status status = cut_record(text, data, size, &at, &h, err);
    if (status == PE_OK && h.count == 0 && has_header)
        status = pe_fail(err, PE_EDATA, "%s: is empty: expected a header that names the columns (or header = false)",
                         text->base.info.name);
    if (status == PE_OK)
        text->delimiter_hint = find_delimiter(text, &h);
    if (status == PE_OK)
        status = check_comment(text, data, size, at, h.count, err);
    if (status == PE_OK && has_header)
        status = copy_names(&h, text->dialect.quote, err);
    if (status == PE_OK && has_header)
        warn_of_numbers(text, &h);
    if (status == PE_OK)
        status = h.count == 0 ? choose_of_nothing(text, err) : choose(text, &h, err);
    if (h.count > 0)
        text->fields = h.count;
    if (status == PE_OK)
        status = pe_text_name_fields(text, h.names == NULL ? NULL : h.fields, h.names, err);
    if (has_header)
        *taken = at;
    free_header(&h);
    return status;
}

bool pe_text_preamble(const pe_text_source *text, const unsigned char *data, size_t size, size_t *bytes)
{
    *bytes = pe_bom_bytes(data, size);
    for (uint64_t line = 0; line < text->base.spec->skip_lines; line++) {
        const unsigned char *const end = *bytes == size ? NULL : memchr(data + *bytes, '\n', size - *bytes);
        if (end == NULL) {
            *bytes = size;
            return false;
        }
        *bytes = (size_t)(end - data) + 1;
    }
    return true;
}

pe_status pe_text_take_header(pe_text_source *text, const unsigned char *data, size_t size, size_t *taken,
                              pe_error *err)
{
    const pe_status foreign = pe_text_refuse_foreign(text, data, size, err);
    if (foreign != PE_OK)
        return foreign;
    (void)pe_text_preamble(text, data, size, taken);
    if (text->dialect.delimiter != 0)
        return take_csv(text, data, size, taken, err);
    if (text->base.format == PE_FORMAT_JSONL) {
        const pe_status json = pe_text_take_json(text, data, size, *taken, err);
        if (json != PE_OK || text->is_json)
            return json;
        free(text->columns); /* there may be an empty one */
        text->columns = NULL;
    }
    text->fields = 1;
    text->column_count = 1;
    const pe_status status = pe_make_array(&text->columns, 1, sizeof *text->columns, err);
    return status == PE_OK ? pe_text_name_fields(text, NULL, NULL, err) : status;
}

pe_status pe_text_save_columns(const pe_text_source *text, pe_buffer *out, pe_error *err)
{
    const uint64_t head[] = {text->fields, text->column_count, (unsigned char)text->comment_hint,
                             (unsigned char)text->delimiter_hint, text->kept};
    pe_status status = pe_buffer_append(out, head, sizeof head, err);
    for (size_t i = 0; status == PE_OK && i < text->column_count; i++) {
        const pe_text_column *const column = &text->columns[i];
        const uint64_t size = column->name == NULL ? 0 : strlen(column->name) + 1; /* 0: no name */
        const uint64_t facts[] = {column->number, size};
        status = pe_buffer_append(out, facts, sizeof facts, err);
        if (status == PE_OK)
            status = pe_buffer_append(out, column->name, size, err);
    }
    return status;
}

/* The next bytes of what save wrote, or false when they are not there. */
static bool take_bytes(const unsigned char *data, size_t size, size_t *used, void *out, uint64_t bytes)
{
    if (bytes > size - *used)
        return false;
    memcpy(out, data + *used, bytes);
    *used += bytes;
    return true;
}

static pe_status load_column(pe_text_column *column, const unsigned char *data, size_t size, size_t *used,
                             pe_error *err)
{
    uint64_t facts[2];
    if (!take_bytes(data, size, used, facts, sizeof facts) || facts[1] > size)
        return pe_fail(err, PE_EBUG, "the columns of a text came cut short");
    column->number = facts[0];
    if (facts[1] == 0)
        return PE_OK;
    const pe_status status = pe_make_array(&column->name, facts[1], 1, err);
    if (status == PE_OK && !take_bytes(data, size, used, column->name, facts[1]))
        return pe_fail(err, PE_EBUG, "the name of a column came cut short");
    return status;
}

pe_status pe_text_load_columns(pe_text_source *text, const unsigned char *data, size_t size, size_t *used,
                               pe_error *err)
{
    uint64_t head[5];
    *used = 0;
    if (!take_bytes(data, size, used, head, sizeof head) || head[1] > size)
        return pe_fail(err, PE_EBUG, "the columns of a text came cut short");
    text->fields = head[0];
    text->column_count = head[1];
    text->comment_hint = (char)head[2];
    text->delimiter_hint = (char)head[3];
    text->kept = head[4];
    pe_status status = pe_make_array(&text->columns, text->column_count, sizeof *text->columns, err);
    for (size_t i = 0; status == PE_OK && i < text->column_count; i++)
        status = load_column(&text->columns[i], data, size, used, err);
    return status;
}

void pe_text_free_columns(pe_text_source *text)
{
    for (size_t i = 0; text->columns != NULL && i < text->column_count; i++)
        free(text->columns[i].name);
    free(text->columns);
    text->columns = NULL;
}
