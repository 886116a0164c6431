/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_cursor.c - the steps through the text of an npy header: strings, numbers, brackets.
 *
 * Design: every step checks the end first, so that no byte beyond the text is touched. The first failure is recorded with
 *         its byte and ends the parse: the step returns false, and so do its callers.
 * Threads: any; nothing is shared.
 * Not here: which keys a header has (npy.c), fields (npy_fields.c).
 */
#include "format/npy_cursor.h"

#include <string.h>

/* Prints the first few bytes as text for a message. */
const char *pe_npy_show(const unsigned char *at, const unsigned char *end, char out[PE_NPY_SEEN_ROOM])
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;
    for (; at < end && n + 5 < PE_NPY_SEEN_ROOM - 3; at++) {
        if (*at >= 0x20 && *at < 0x7f && *at != '\\') {
            out[n++] = (char)*at;
            continue;
        }
        out[n++] = '\\';
        out[n++] = 'x';
        out[n++] = hex[*at >> 4];
        out[n++] = hex[*at & 15];
    }
    if (at < end) {
        memcpy(out + n, "...", 3);
        n += 3;
    }
    out[n] = '\0';
    return out;
}

bool pe_npy_refuse(pe_npy_cursor *in, const char *expected)
{
    char seen[PE_NPY_SEEN_ROOM];
    const size_t byte = (size_t)(in->at - in->begin);
    if (in->at == in->end) {
        pe_fail(in->err, PE_EDATA, "%s: npy header, byte %zu: expected %s, got the end of the header", in->name, byte,
                expected);
    } else {
        pe_fail(in->err, PE_EDATA, "%s: npy header, byte %zu: expected %s, got \"%s\"", in->name, byte, expected,
                pe_npy_show(in->at, in->end, seen));
    }
    return false;
}

void pe_npy_skip_space(pe_npy_cursor *in)
{
    while (in->at < in->end && (*in->at == ' ' || (*in->at >= '\t' && *in->at <= '\r')))
        in->at++;
}

/* The next byte that is not a space, or 0 at the end. */
unsigned char pe_npy_peek(pe_npy_cursor *in)
{
    pe_npy_skip_space(in);
    return in->at < in->end ? *in->at : 0;
}

bool pe_npy_take(pe_npy_cursor *in, char wanted)
{
    if (pe_npy_peek(in) != (unsigned char)wanted)
        return false;
    in->at++;
    return true;
}

/* Takes a string in single or double quotes; [*text, *text + *size) is the part between the quotes. */
bool pe_npy_take_string(pe_npy_cursor *in, const char *expected, const unsigned char **text, size_t *size)
{
    const unsigned char quote = pe_npy_peek(in);
    if (quote != '\'' && quote != '"')
        return pe_npy_refuse(in, expected);
    const unsigned char *from = in->at + 1;
    for (const unsigned char *p = from; p < in->end && *p >= 0x20; p++) {
        if (*p == quote) {
            *text = from;
            *size = (size_t)(p - from);
            in->at = p + 1;
            return true;
        }
        p += *p == '\\' && p + 1 < in->end;
    }
    return pe_npy_refuse(in, "a string with its closing quote");
}

/* Skips a list or tuple to its closing bracket. Both kinds of brackets are counted together, since the text is only
 * shown in a message. */
bool pe_npy_skip_brackets(pe_npy_cursor *in, const unsigned char **text, size_t *size)
{
    const unsigned char *from = in->at;
    uint64_t depth = 0;
    do {
        const unsigned char byte = pe_npy_peek(in);
        const unsigned char *ignored;
        size_t ignored_size;
        if (byte == '\'' || byte == '"') {
            if (!pe_npy_take_string(in, "a string", &ignored, &ignored_size))
                return false;
            continue;
        }
        if (in->at == in->end)
            return pe_npy_refuse(in, "the end of the structured descr");
        depth += byte == '[' || byte == '(';
        depth -= byte == ']' || byte == ')';
        in->at++;
    } while (depth > 0);
    *text = from;
    *size = (size_t)(in->at - from);
    return true;
}

bool pe_npy_take_word(pe_npy_cursor *in, const char *word)
{
    const size_t size = strlen(word);
    pe_npy_skip_space(in);
    if ((size_t)(in->end - in->at) < size || memcmp(in->at, word, size) != 0)
        return false;
    in->at += size;
    return true;
}

/* Takes one dimension: digits, and the L that Python 2 appended. */
bool pe_npy_take_dim(pe_npy_cursor *in, uint64_t *dim)
{
    uint64_t value = 0;
    const unsigned char *from = in->at;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, *in->at - (unsigned)'0', &value)) {
            in->at = from;
            return pe_npy_refuse(in, "a dimension below 2^64");
        }
    }
    if (in->at == from)
        return pe_npy_refuse(in, "a dimension (digits) in the shape");
    in->at += in->at < in->end && *in->at == 'L';
    *dim = value;
    return true;
}
