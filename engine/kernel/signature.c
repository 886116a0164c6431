/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* signature.c - parses and prints "(float64[3], int64) -> (float64, int64) or error".
 *
 * Design: a recursive descent parser. It stops at the first error, so that the message names its position, what was found
 *         and what is expected. Everything before the error is ASCII, so a byte offset is a character number. White space
 *         between words is ignored.
 *
 *             signature = list "->" (type or list) ["or" "error"]
 *             list      = "(" type {"," type} ")"
 *             type      = dtype ["[" width "]"]
 *
 * Threads: no state.
 * Not here: which signature fits which inputs (overload.c).
 */
#include "kernel/signature.h"

#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

#define MAX_WIDTH 1048576u /* as pe_type_parse */
#define NAME_ROOM 40u      /* of what was seen, in a message */
#define NAMES_ROOM 160u    /* of all dtype names */

typedef struct cursor {
    const char *text;
    size_t at;
    pe_error *err;
} cursor;

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0u) == 0x80u;
}

static const char *here(cursor *c)
{
    while (is_space(c->text[c->at]))
        c->at++;
    return c->text + c->at;
}

static size_t word_size(const char *text)
{
    size_t size = 0;
    while (is_word(text[size]))
        size++;
    return size;
}

/* The next token of text, for a message: a word, "->", one character or the end. */
static const char *print_seen(const char *text, char out[NAME_ROOM])
{
    size_t size = word_size(text);
    if (text[0] == '\0') {
        (void)snprintf(out, NAME_ROOM, "the end");
        return out;
    }
    if (size == 0 && ((unsigned char)text[0] < 0x20 || text[0] == 0x7F)) {
        (void)snprintf(out, NAME_ROOM, "the byte 0x%02x", (unsigned)(unsigned char)text[0]);
        return out;
    }
    if (size == 0) {
        size = text[0] == '-' && text[1] == '>' ? 2 : 1;
        while (is_continuation(text[size]))
            size++;
    }
    const bool is_cut = size > NAME_ROOM - 8;
    (void)snprintf(out, NAME_ROOM, "\"%.*s%s\"", (int)(is_cut ? NAME_ROOM - 8 : size), text, is_cut ? "..." : "");
    return out;
}

static pe_status refuse(cursor *c, const char *expected, const char *hint)
{
    char seen[NAME_ROOM];
    const char *const stop = here(c);
    return pe_fail(c->err, PE_ECONFIG, "expected %s at character %zu, got %s%s", expected, c->at + 1,
                   print_seen(stop, seen), hint);
}

/* Takes the token when it is there; a token of letters must be a whole word. */
static bool take(cursor *c, const char *token)
{
    const char *const text = here(c);
    const size_t size = strlen(token);
    if (strncmp(text, token, size) != 0 || (is_word(token[0]) && word_size(text) != size))
        return false;
    c->at += size;
    return true;
}

static pe_status refuse_dtype(cursor *c)
{
    const char *names[PE_DTYPE_LAST];
    char all[NAMES_ROOM] = "";
    size_t used = 0;
    for (int d = PE_BOOL; d <= PE_DTYPE_LAST; d++) {
        names[d - 1] = pe_dtype_name((pe_dtype)d);
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used == 0 ? "" : ", ", names[d - 1]);
    }
    char typed[NAME_ROOM];
    const char *const text = here(c);
    const size_t size = word_size(text);
    (void)snprintf(typed, sizeof typed, "%.*s", (int)(size < NAME_ROOM ? size : NAME_ROOM), text);
    const char *const meant = typed[0] == '\0' ? NULL : pe_suggest(typed, names, PE_DTYPE_LAST);
    char hint[NAMES_ROOM + 32];
    if (meant != NULL)
        (void)snprintf(hint, sizeof hint, "; did you mean \"%s\"?", meant);
    else
        (void)snprintf(hint, sizeof hint, "; valid are %s", all);
    return refuse(c, "a dtype", hint);
}

/* The width after "[", with the "]". */
static pe_status parse_width(cursor *c, uint32_t *width)
{
    const char *const text = here(c);
    const size_t size = word_size(text);
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++) {
        const bool is_digit = text[i] >= '0' && text[i] <= '9';
        value = is_digit && value <= MAX_WIDTH ? value * 10 + (uint32_t)(text[i] - '0') : MAX_WIDTH + 1;
    }
    if (value < 1 || value > MAX_WIDTH)
        return refuse(c, "a length from 1 to 1048576", "");
    c->at += size;
    if (!take(c, "]"))
        return refuse(c, "\"]\"", "");
    *width = value;
    return PE_OK;
}

static pe_status parse_type(cursor *c, pe_type *type)
{
    const char *const text = here(c);
    const size_t size = word_size(text);
    *type = (pe_type){.dtype = PE_BOOL, .width = 0};
    int d = PE_BOOL;
    while (d <= PE_DTYPE_LAST &&
           (strlen(pe_dtype_name((pe_dtype)d)) != size || strncmp(pe_dtype_name((pe_dtype)d), text, size) != 0))
        d++;
    if (d > PE_DTYPE_LAST)
        return refuse_dtype(c);
    type->dtype = (pe_dtype)d;
    c->at += size;
    if (*here(c) != '[')
        return PE_OK;
    if (type->dtype == PE_TEXT)
        return refuse(c, "no shape", ": a text has none");
    c->at++;
    return parse_width(c, &type->width);
}

/* The types after "(", with the ")". */
static pe_status parse_list(cursor *c, pe_type types[PE_MAX_COLUMNS], int *count)
{
    do {
        if (*count == PE_MAX_COLUMNS)
            return refuse(c, "no more than 64 types", "");
        const pe_status status = parse_type(c, &types[*count]);
        if (status != PE_OK)
            return status;
        ++*count;
    } while (take(c, ","));
    return take(c, ")") ? PE_OK : refuse(c, "\",\" or \")\"", "");
}

static pe_status parse_results(cursor *c, pe_signature *out)
{
    if (take(c, "("))
        return parse_list(c, out->results, &out->result_count);
    if (word_size(here(c)) == 0)
        return refuse(c, "a dtype or \"(\"", "");
    out->result_count = 1;
    return parse_type(c, &out->results[0]);
}

static pe_status parse_end(cursor *c, pe_signature *out)
{
    if (take(c, "or")) {
        out->or_error = take(c, "error");
        if (!out->or_error)
            return refuse(c, "\"error\"", "");
    }
    return *here(c) == '\0' ? PE_OK : refuse(c, out->or_error ? "the end" : "\"or error\" or the end", "");
}

static pe_status parse_arguments(cursor *c, pe_signature *out)
{
    *out = (pe_signature){.arg_count = 0};
    return take(c, "(") ? parse_list(c, out->args, &out->arg_count) : refuse(c, "\"(\"", "");
}

pe_status pe_signature_parse_arguments(const char *text, pe_signature *out, pe_error *err)
{
    cursor c = {.text = text, .at = 0, .err = err};
    const pe_status status = parse_arguments(&c, out);
    return status == PE_OK && *here(&c) != '\0' ? refuse(&c, "the end", "") : status;
}

pe_status pe_signature_parse(const char *text, pe_signature *out, pe_error *err)
{
    cursor c = {.text = text, .at = 0, .err = err};
    pe_status status = parse_arguments(&c, out);
    if (status == PE_OK && !take(&c, "->"))
        status = refuse(&c, "\"->\"", "");
    if (status == PE_OK)
        status = parse_results(&c, out);
    return status == PE_OK ? parse_end(&c, out) : status;
}

static void append(char out[PE_SIGNATURE_ROOM], const char *text)
{
    const size_t used = strlen(out);
    (void)snprintf(out + used, PE_SIGNATURE_ROOM - used, "%s", text);
}

static void append_types(char out[PE_SIGNATURE_ROOM], const pe_type *types, int count)
{
    for (int i = 0; i < count; i++) {
        char name[PE_TYPE_NAME_ROOM];
        append(out, i == 0 ? "" : ", ");
        append(out, pe_type_print(types[i], name));
    }
}

const char *pe_signature_print(const pe_signature *signature, char out[PE_SIGNATURE_ROOM])
{
    const bool is_single = signature->result_count == 1;
    out[0] = '\0';
    append(out, "(");
    append_types(out, signature->args, signature->arg_count);
    append(out, is_single ? ") -> " : ") -> (");
    append_types(out, signature->results, signature->result_count);
    append(out, is_single ? "" : ")");
    append(out, signature->or_error ? " or error" : "");
    return out;
}

static bool are_equal(const pe_type *a, const pe_type *b, int count)
{
    int same = 0;
    while (same < count && pe_type_equal(a[same], b[same]))
        same++;
    return same == count;
}

bool pe_signature_equal(const pe_signature *a, const pe_signature *b)
{
    return a->arg_count == b->arg_count && a->result_count == b->result_count && a->or_error == b->or_error &&
           are_equal(a->args, b->args, a->arg_count) && are_equal(a->results, b->results, a->result_count);
}
