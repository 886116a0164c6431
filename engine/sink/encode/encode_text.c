/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* encode_text.c - columns of results into lines of text.
 *
 * Design: the buffer is grown once per batch, to the longest rows possible, and the rows are printed without further
 *         checks. A row is a list of cells, each with the function that prints it. A single column of int64 or float64,
 *         the common case, has its own loop.
 * Threads: the encoder is only read.
 * Not here: printing a number (types/number.h); the line of names (columns.c).
 */
#include "sink/encode/encode_text.h"

#include <string.h>

#include "base/alloc.h"
#include "types/float_format.h"
#include "types/number.h"

typedef struct cell cell;
struct cell {
    char *(*print)(char *out, const cell *self, size_t item);
    const unsigned char *column;
    size_t item_bytes, element_bytes;
    uint32_t elements;
    pe_dtype dtype;
    uint64_t first; /* index: of the first item */
    const pe_text_style *style;
    bool is_alone;
    const char *float_format;
};

static bool is_formatted(const pe_encoder *encoder, pe_dtype dtype)
{
    return encoder->float_format != NULL && (pe_dtype_is_float(dtype) || pe_dtype_is_complex(dtype));
}

pe_text_style pe_text_style_of(const pe_sink_spec *spec, pe_format format)
{
    const char separator = format == PE_FORMAT_TXT ? ' ' : format == PE_FORMAT_TSV ? '\t' : ',';
    const bool has_decimal = spec->decimal != 0 && spec->decimal != '.';
    return (pe_text_style){.separator = spec->delimiter != 0 ? (char)spec->delimiter : separator,
                           .quote = spec->quote != 0 ? (char)spec->quote : '"',
                           .decimal = has_decimal ? (char)spec->decimal : '.',
                           .is_styled = has_decimal || spec->missing != NULL,
                           .missing = spec->missing,
                           .missing_size = spec->missing != NULL ? strlen(spec->missing) : 0};
}

/* The most bytes of an element. */
static size_t element_room(const pe_encoder *encoder, pe_dtype dtype)
{
    const size_t room = !is_formatted(encoder, dtype) ? pe_number_room(dtype)
                        : pe_dtype_is_complex(dtype)  ? pe_complex_format_room(encoder->float_format)
                                                      : pe_float_format_room(encoder->float_format);
    const size_t missing = encoder->style.missing_size;
    return room > missing ? room : missing;
}

size_t pe_text_row_bytes(const pe_encoder *encoder)
{
    size_t bytes = encoder->has_index ? pe_number_room(PE_INT64) + 1 : 0;
    for (int c = 0; c < encoder->column_count; c++) {
        const pe_type type = encoder->columns[c];
        /* a text: its quotes and its separator */
        bytes += type.dtype == PE_TEXT ? 3 : pe_type_elements(type) * (element_room(encoder, type.dtype) + 1);
    }
    return bytes;
}

bool pe_text_total(const pe_text *texts, size_t count, size_t each, size_t *total)
{
    size_t sum = 0;
    if (!pe_mul_size(count, each, &sum))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(sum, texts[i].size, &sum))
            return false;
    }
    *total = sum;
    return true;
}

static bool needs_quotes(const char *text, size_t size, const pe_text_style *style)
{
    unsigned found = 0;
    for (size_t i = 0; i < size; i++)
        found |=
            (unsigned)(text[i] == style->separator) | (text[i] == style->quote) | (text[i] == '\n') | (text[i] == '\r');
    return found != 0;
}

static char *copy(char *out, const char *text, size_t size)
{
    if (size > 0)
        memcpy(out, text, size);
    return out + size;
}

char *pe_print_styled_field(char *out, const char *text, size_t size, const pe_text_style *style, bool is_alone)
{
    /* the text for nan is an ordinary text only in quotes */
    const bool is_missing =
        style->missing != NULL && size == style->missing_size && (size == 0 || memcmp(text, style->missing, size) == 0);
    if (!needs_quotes(text, size, style) && !(is_alone && size == 0) && !is_missing)
        return copy(out, text, size);
    *out++ = style->quote;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == style->quote)
            *out++ = style->quote;
        *out++ = text[i];
    }
    *out++ = style->quote;
    return out;
}

char *pe_print_field(char *out, const char *text, size_t size, char separator, bool is_alone)
{
    const pe_text_style style = {.separator = separator, .quote = '"', .decimal = '.'};
    return pe_print_styled_field(out, text, size, &style, is_alone);
}

static char *print_index(char *out, const cell *self, size_t item)
{
    return pe_print_uint64(out, self->first + item);
}

static char *print_int64(char *out, const cell *self, size_t item)
{
    int64_t value;
    memcpy(&value, self->column + item * sizeof value, sizeof value);
    return pe_print_int64(out, value);
}

static char *print_float64(char *out, const cell *self, size_t item)
{
    double value;
    memcpy(&value, self->column + item * sizeof value, sizeof value);
    return pe_print_float64(out, value);
}

/* A float as the job's keys say: the decimal point, and the text for nan. */
static char *restyle(char *begin, char *end, const pe_text_style *style, bool is_alone)
{
    if (style->missing != NULL && end - begin == 3 && memcmp(begin, "nan", 3) == 0) {
        const char quotes[] = {style->quote, style->quote}; /* most readers skip an empty line */
        return style->missing_size == 0 && is_alone ? copy(begin, quotes, sizeof quotes)
                                                    : copy(begin, style->missing, style->missing_size);
    }
    for (char *at = begin; at < end; at++)
        *at = *at == '.' ? style->decimal : *at;
    return end;
}

static char *print_element(char *out, const cell *self, const unsigned char *element)
{
    char *const end = pe_print_element(out, self->dtype, element);
    return self->style->is_styled && (pe_dtype_is_float(self->dtype) || pe_dtype_is_complex(self->dtype))
               ? restyle(out, end, self->style, self->is_alone && self->elements == 1)
               : end;
}

static char *print_elements(char *out, const cell *self, size_t item)
{
    const unsigned char *element = self->column + item * self->item_bytes;
    out = print_element(out, self, element);
    for (uint32_t e = 1; e < self->elements; e++) {
        element += self->element_bytes;
        *out++ = self->style->separator;
        out = print_element(out, self, element);
    }
    return out;
}

static char *print_formatted_element(char *out, const cell *self, const unsigned char *element)
{
    double parts[2];
    if (!pe_dtype_is_complex(self->dtype))
        return pe_float_format_print(out, self->float_format, pe_float_element(self->dtype, element));
    pe_complex_element(self->dtype, element, parts);
    return pe_complex_format_print(out, self->float_format, parts);
}

static char *print_formatted(char *out, const cell *self, size_t item)
{
    const unsigned char *element = self->column + item * self->item_bytes;
    for (uint32_t e = 0; e < self->elements; e++, element += self->element_bytes) {
        if (e > 0)
            *out++ = self->style->separator;
        char *const end = print_formatted_element(out, self, element);
        out = self->style->is_styled ? restyle(out, end, self->style, self->is_alone && self->elements == 1) : end;
    }
    return out;
}

static char *print_plain_text(char *out, const cell *self, size_t item)
{
    pe_text text;
    memcpy(&text, self->column + item * sizeof text, sizeof text);
    return copy(out, text.data, text.size);
}

static char *print_quoted_text(char *out, const cell *self, size_t item)
{
    pe_text text;
    memcpy(&text, self->column + item * sizeof text, sizeof text);
    return pe_print_styled_field(out, text.data, text.size, self->style, self->is_alone);
}

static cell make_cell(const pe_encoder *encoder, int column, const void *values)
{
    const pe_type type = encoder->columns[column];
    cell made = {.column = values,
                 .item_bytes = pe_type_bytes(type),
                 .element_bytes = pe_dtype_bytes(type.dtype),
                 .elements = pe_type_elements(type),
                 .dtype = type.dtype,
                 .style = &encoder->style,
                 .is_alone = encoder->column_count == 1 && !encoder->has_index,
                 .float_format = encoder->float_format};
    if (type.dtype == PE_TEXT)
        made.print =
            encoder->format == PE_FORMAT_TXT || encoder->is_as_it_stands[column] ? print_plain_text : print_quoted_text;
    else if (is_formatted(encoder, type.dtype))
        made.print = print_formatted;
    else if (made.elements == 1 && type.dtype == PE_INT64)
        made.print = print_int64;
    else if (made.elements == 1 && type.dtype == PE_FLOAT64 && !encoder->style.is_styled)
        made.print = print_float64;
    else
        made.print = print_elements;
    return made;
}

static char *print_rows(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns, char *out)
{
    cell cells[PE_MAX_COLUMNS + 1];
    size_t cell_count = 0;
    const char separator = encoder->style.separator;
    if (encoder->has_index)
        cells[cell_count++] = (cell){.print = print_index, .first = first};
    for (int c = 0; c < encoder->column_count; c++)
        cells[cell_count++] = make_cell(encoder, c, columns[c]);
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < cell_count; c++) {
            out = cells[c].print(out, &cells[c], i);
            *out++ = separator;
        }
        out[-1] = '\n';
    }
    return out;
}

static char *print_int64_lines(const int64_t *column, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++) {
        out = pe_print_int64(out, column[i]);
        *out++ = '\n';
    }
    return out;
}

static char *print_float64_lines(const double *column, size_t count, char *out)
{
    for (size_t i = 0; i < count; i++) {
        out = pe_print_float64(out, column[i]);
        *out++ = '\n';
    }
    return out;
}

bool pe_text_most(const pe_encoder *encoder, size_t count, const void *const *columns, size_t *most)
{
    size_t sum = 0;
    if (!pe_mul_size(count, encoder->row_bytes, &sum))
        return false;
    for (int c = 0; c < encoder->column_count; c++) {
        /* a quote inside a text is written twice */
        const size_t times = encoder->format == PE_FORMAT_TXT || encoder->is_as_it_stands[c] ? 1 : 2;
        size_t texts = 0;
        if (encoder->columns[c].dtype != PE_TEXT)
            continue;
        if (!pe_text_total(columns[c], count, 0, &texts) || !pe_mul_size(texts, times, &texts) ||
            __builtin_add_overflow(sum, texts, &sum))
            return false;
    }
    *most = sum;
    return true;
}

char *pe_text_print(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns, char *at)
{
    const bool is_single =
        encoder->column_count == 1 && !encoder->has_index && pe_type_elements(encoder->columns[0]) == 1;
    if (is_single && encoder->columns[0].dtype == PE_INT64)
        return print_int64_lines(columns[0], count, at);
    if (is_single && encoder->columns[0].dtype == PE_FLOAT64 && !encoder->style.is_styled &&
        encoder->float_format == NULL)
        return print_float64_lines(columns[0], count, at);
    return print_rows(encoder, first, count, columns, at);
}
