/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr_message.c - a sentence about a place in an expression.
 *
 * Design:  the sentence is followed by the line of the expression and, below the place, a caret. A long
 *          line is cut around the place. Columns are counted in code points, so that the caret is right under UTF-8.
 * Threads: no state.
 */
#include <stdarg.h>
#include <stdio.h>

#include "kernel/compiled/expr/expr_internal.h"

#define SENTENCE_ROOM 480
#define BEFORE_MOST 40 /* bytes of the line before the place, and after it */

static bool is_inside_character(char c)
{
    return ((unsigned char)c & 0xC0u) == 0x80u;
}

/* The part of the line to show: [*begin, *end). */
static void find_line(const char *text, size_t place, size_t *begin, size_t *end)
{
    *begin = *end = place;
    while (*begin > 0 && text[*begin - 1] != '\n' && place - *begin < BEFORE_MOST)
        (*begin)--;
    while (*begin < place && is_inside_character(text[*begin]))
        (*begin)++;
    while (text[*end] != '\0' && text[*end] != '\n' && *end - place < BEFORE_MOST)
        (*end)++;
    while (*end > place && is_inside_character(text[*end]))
        (*end)--;
}

pe_status pe_expr_refuse(pe_error *err, const char *text, size_t place, const char *format, ...)
{
    char sentence[SENTENCE_ROOM], line[2 * BEFORE_MOST + 1];
    size_t begin, end, column = 0, size = 0;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    find_line(text, place, &begin, &end);
    for (size_t at = begin; at < end; at++) {
        column += at < place && !is_inside_character(text[at]) ? 1 : 0;
        line[size++] = (unsigned char)text[at] < ' ' ? ' ' : text[at];
    }
    line[size] = '\0';
    return pe_fail(err, PE_EKERNEL, "%s\n  %s\n  %*s^", sentence, line, (int)column, "");
}

const char *pe_expr_describe(const char *text, pe_expr_token token, char out[PE_EXPR_TOKEN_ROOM])
{
    size_t size = token.end - token.begin;
    if (token.kind == PE_TOKEN_END)
        return memcpy(out, "the end", sizeof "the end");
    if (size > PE_EXPR_TOKEN_ROOM - 3)
        size = PE_EXPR_TOKEN_ROOM - 3;
    (void)snprintf(out, PE_EXPR_TOKEN_ROOM, "\"%.*s\"", (int)size, text + token.begin);
    return out;
}
