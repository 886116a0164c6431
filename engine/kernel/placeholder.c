/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* placeholder.c - texts with placeholders for an item.
 *
 * Design:  a text is parsed once into pieces; an item only joins them. The parts of a path are cut as GNU parallel cuts
 *          them: a suffix is what follows the last dot after the last slash, the folder of a plain name is ".".
 * Threads: no state.
 * Not here: which texts have placeholders (command/command_form.c).
 */
#include "kernel/placeholder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "types/number.h"

#define MOST_DIGITS 3 /* of an argument's number */
#define MOST_WIDTH 40 /* of an item's number */
#define INDEX "index"
#define KNOWN "{} {.} {/} {//} {/.} {1} {2.} {#} {index} {index:06}"

/* ---- one placeholder ---- */

/* The size of "{...}" at text, or 0: it is not closed, or holds another brace. */
static size_t braces_size(const char *text)
{
    const size_t inner = strcspn(text + 1, "{}");
    return text[0] == '{' && text[1 + inner] == '}' ? inner + 2 : 0;
}

/* Is it meant as a placeholder, right or wrong? */
static bool is_claimed(const char *inner, size_t size)
{
    const bool is_index = size >= sizeof INDEX - 1 && strncmp(inner, INDEX, sizeof INDEX - 1) == 0 &&
                          (size == sizeof INDEX - 1 || inner[sizeof INDEX - 1] == ':');
    return is_index || strspn(inner, "0123456789#%./") >= size;
}

static bool read_part(const char *text, size_t size, pe_piece_part *out)
{
    static const char *const names[] = {
        [PE_PART_ALL] = "",      [PE_PART_NO_SUFFIX] = ".",   [PE_PART_NAME] = "/",
        [PE_PART_FOLDER] = "//", [PE_PART_PLAIN_NAME] = "/.",
    };
    for (size_t p = 0; p < sizeof names / sizeof *names; p++) {
        if (strlen(names[p]) == size && memcmp(names[p], text, size) == 0) {
            *out = (pe_piece_part)p;
            return true;
        }
    }
    return false;
}

/* The number of these digits, at most MOST_DIGITS. */
static int read_number(const char *digits, size_t count)
{
    int number = 0;
    for (size_t d = 0; d < count; d++)
        number = number * 10 + (digits[d] - '0');
    return number;
}

/* "index", or "index:06". */
static bool read_index(const char *inner, size_t size, pe_piece *out)
{
    const char *const digits = inner + sizeof INDEX; /* after the colon */
    *out = (pe_piece){.kind = PE_PIECE_NUMBER, .width = 1};
    if (size == sizeof INDEX - 1)
        return true;
    if (size < sizeof INDEX + 2 || size > sizeof INDEX + 3 || digits[0] != '0')
        return false;
    const size_t count = size - sizeof INDEX;
    out->width = read_number(digits, count);
    return strspn(digits, "0123456789") >= count && out->width >= 1 && out->width <= MOST_WIDTH;
}

/* The text between the braces of a placeholder. */
static bool read_inner(const char *inner, size_t size, pe_piece *out)
{
    const size_t digits = strspn(inner, "0123456789");
    if (size == 1 && *inner == '#') {
        *out = (pe_piece){.kind = PE_PIECE_NUMBER, .first = 1, .width = 1};
        return true;
    }
    if (*inner == 'i')
        return read_index(inner, size, out);
    *out = (pe_piece){.kind = PE_PIECE_ARGUMENT, .arg = -1};
    if (digits > MOST_DIGITS)
        return false;
    if (digits > 0)
        out->arg = read_number(inner, digits) - 1;
    return (digits == 0 || out->arg >= 0) && read_part(inner + digits, size - digits, &out->part);
}

static pe_status refuse_bare(const char *text, size_t size, int arg_count, pe_error *err)
{
    const char *const part = text + 1;
    const int left = (int)size - 1;
    return pe_fail(err, PE_ECONFIG, "%.*s says not which of the %d arguments it is: expected {1%.*s to {%d%.*s",
                   (int)size, text, arg_count, left, part, arg_count, left, part);
}

/* Checks that the item has the argument that is meant. */
static pe_status check_argument(const char *text, size_t size, int arg_count, pe_piece *piece, pe_error *err)
{
    if (piece->kind != PE_PIECE_ARGUMENT || arg_count == PE_ANY_ARGUMENTS)
        return PE_OK;
    if (piece->arg < 0 && arg_count > 1)
        return refuse_bare(text, size, arg_count, err);
    if (piece->arg < 0)
        piece->arg = 0;
    if (piece->arg < arg_count)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG, "%.*s: an item has %d argument%s; {%.*s} is the text %.*s", (int)size, text,
                   arg_count, arg_count == 1 ? "" : "s", (int)size, text, (int)size, text);
}

/* ---- the whole text ---- */

static pe_status add(pe_template *self, pe_piece piece, pe_error *err)
{
    pe_piece *grown = NULL;
    if (piece.kind == PE_PIECE_LITERAL && piece.size == 0)
        return PE_OK;
    const pe_status status = pe_make_array(&grown, self->count + 1, sizeof *grown, err);
    if (status != PE_OK)
        return status;
    if (self->count > 0)
        memcpy(grown, self->pieces, self->count * sizeof *grown);
    free(self->pieces);
    self->pieces = grown;
    self->pieces[self->count++] = piece;
    self->has_placeholder = self->has_placeholder || piece.kind != PE_PIECE_LITERAL;
    return PE_OK;
}

/* The size of "{{...}}" at text where it stands for the text in single braces, else 0. */
static size_t escape_size(const char *text)
{
    const size_t inner = text[1] == '{' ? braces_size(text + 1) : 0;
    return inner > 0 && text[1 + inner] == '}' && is_claimed(text + 2, inner - 2) ? inner + 2 : 0;
}

/* One step at a brace: *used bytes of text become *piece. */
static pe_status read_braces(const char *text, int arg_count, pe_piece *piece, size_t *used, pe_error *err)
{
    const size_t escape = escape_size(text), size = braces_size(text);
    *used = escape > 0 ? escape : 1;
    *piece =
        (pe_piece){.kind = PE_PIECE_LITERAL, .text = escape > 0 ? text + 1 : text, .size = escape > 0 ? escape - 2 : 1};
    if (escape > 0 || size == 0 || !is_claimed(text + 1, size - 2))
        return PE_OK;
    *used = size;
    if (!read_inner(text + 1, size - 2, piece))
        return pe_fail(err, PE_ECONFIG, "%.*s is no placeholder; expected one of %s, or {%.*s} for the text %.*s",
                       (int)size, text, KNOWN, (int)size, text, (int)size, text);
    return check_argument(text, size, arg_count, piece, err);
}

pe_status pe_template_parse(const char *text, int arg_count, pe_template *out, pe_error *err)
{
    pe_status status = PE_OK;
    *out = (pe_template){.count = 0};
    while (*text != '\0' && status == PE_OK) {
        size_t size = strcspn(text, "{");
        pe_piece piece = {.kind = PE_PIECE_LITERAL, .text = text, .size = size};
        if (size == 0)
            status = read_braces(text, arg_count, &piece, &size, err);
        if (status == PE_OK)
            status = add(out, piece, err);
        text += size;
    }
    return status;
}

void pe_template_fini(pe_template *self)
{
    free(self->pieces);
    *self = (pe_template){.count = 0};
}

/* ---- the text of an item ---- */

pe_status pe_argument_print(pe_type type, const void *column, size_t item, pe_buffer *out, pe_error *err)
{
    if (type.dtype == PE_TEXT) {
        const pe_text *const text = (const pe_text *)column + item;
        return pe_buffer_append(out, text->data, text->size, err);
    }
    const size_t bytes = pe_dtype_bytes(type.dtype);
    const unsigned char *element = (const unsigned char *)column + item * pe_type_bytes(type);
    pe_status status = PE_OK;
    for (uint32_t e = 0; e < pe_type_elements(type) && status == PE_OK; e++, element += bytes) {
        status = pe_buffer_reserve(out, PE_NUMBER_ROOM + 1, err);
        if (status != PE_OK)
            break;
        char *at = (char *)out->data + out->size;
        if (e > 0)
            *at++ = ',';
        out->size = (size_t)(pe_print_element(at, type.dtype, element) - (char *)out->data);
    }
    return status;
}

/* The offset of the last such byte of a text; the text's size where there is none. */
static size_t find_last(const char *text, size_t size, char byte)
{
    for (size_t at = size; at > 0; at--)
        if (text[at - 1] == byte)
            return at - 1;
    return size;
}

static size_t without_slashes(const char *text, size_t size)
{
    while (size > 1 && text[size - 1] == '/')
        size--;
    return size;
}

/* The folder of a path: a beginning of it; 0 bytes are the current folder. */
static size_t folder_size(const char *text, size_t size)
{
    const size_t whole = without_slashes(text, size);
    const size_t slash = find_last(text, whole, '/');
    return slash == whole ? 0 : without_slashes(text, slash + 1);
}

/* The part of a path begins at *skip; returns its size. */
static size_t cut_part(pe_piece_part part, const char *text, size_t size, size_t *skip)
{
    const size_t slash = find_last(text, size, '/');
    const size_t name = slash == size ? 0 : slash + 1;
    const size_t dot = find_last(text, size, '.');
    const bool has_suffix = dot >= name && dot + 1 < size;
    *skip = part == PE_PART_NAME || part == PE_PART_PLAIN_NAME ? name : 0;
    if (part == PE_PART_FOLDER)
        return folder_size(text, size);
    return (part == PE_PART_NAME || !has_suffix ? size : dot) - *skip;
}

static pe_status print_argument(const pe_piece *piece, const pe_signature *signature, const void *const *args,
                                size_t item, pe_buffer *out, pe_error *err)
{
    const size_t begin = out->size;
    size_t skip = 0;
    const pe_status status = pe_argument_print(signature->args[piece->arg], args[piece->arg], item, out, err);
    if (status != PE_OK || piece->part == PE_PART_ALL)
        return status;
    const bool is_empty = out->size == begin;
    const size_t size = is_empty ? 0 : cut_part(piece->part, (char *)out->data + begin, out->size - begin, &skip);
    if (size > 0 && skip > 0)
        memmove(out->data + begin, out->data + begin + skip, size);
    out->size = begin + size;
    return size == 0 && piece->part == PE_PART_FOLDER ? pe_buffer_append(out, ".", 1, err) : PE_OK;
}

pe_status pe_template_print(const pe_template *self, const pe_signature *signature, const void *const *args,
                            size_t item, uint64_t index, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t p = 0; p < self->count && status == PE_OK; p++) {
        const pe_piece *const piece = &self->pieces[p];
        if (piece->kind == PE_PIECE_LITERAL)
            status = pe_buffer_append(out, piece->text, piece->size, err);
        else if (piece->kind == PE_PIECE_NUMBER)
            status = pe_buffer_printf(out, err, "%0*" PRIu64, piece->width, index + piece->first);
        else
            status = print_argument(piece, signature, args, item, out, err);
    }
    return status;
}
