/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy.c - reads the header of a numpy .npy file.
 *
 * Design: a cursor over the header's bytes; every step checks the end first, so that no byte beyond size is touched.
 *         The first failure is recorded with its byte and ends the parse: the step returns false, and so do its
 *         callers.
 * Threads: any; nothing is shared.
 * Not here: printing (npy_print.c); numpy's names of dtypes (npy_descr.c); what to do with a foreign dtype or order
 *           (source).
 */
#include "format/npy.h"

#include <string.h>

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6u
#define SEEN_ROOM 64

typedef struct cursor {
    const unsigned char *begin, *at, *end; /* of the dict literal */
    const char *name;
    pe_error *err;
} cursor;

/* Prints the first few bytes as text for a message. */
static const char *show(const unsigned char *at, const unsigned char *end, char out[SEEN_ROOM])
{
    static const char hex[] = "0123456789abcdef";
    size_t n = 0;
    for (; at < end && n + 5 < SEEN_ROOM - 3; at++) {
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

static bool refuse(cursor *in, const char *expected)
{
    char seen[SEEN_ROOM];
    const size_t byte = (size_t)(in->at - in->begin);
    if (in->at == in->end) {
        pe_fail(in->err, PE_EDATA, "%s: npy header, byte %zu: expected %s, got the end of the header", in->name, byte,
                expected);
    } else {
        pe_fail(in->err, PE_EDATA, "%s: npy header, byte %zu: expected %s, got \"%s\"", in->name, byte, expected,
                show(in->at, in->end, seen));
    }
    return false;
}

static void skip_space(cursor *in)
{
    while (in->at < in->end && (*in->at == ' ' || (*in->at >= '\t' && *in->at <= '\r')))
        in->at++;
}

/* The next byte that is not a space, or 0 at the end. */
static unsigned char peek(cursor *in)
{
    skip_space(in);
    return in->at < in->end ? *in->at : 0;
}

static bool take(cursor *in, char wanted)
{
    if (peek(in) != (unsigned char)wanted)
        return false;
    in->at++;
    return true;
}

/* Takes a string in single or double quotes; [*text, *text + *size) is the part between the quotes. */
static bool take_string(cursor *in, const char *expected, const unsigned char **text, size_t *size)
{
    const unsigned char quote = peek(in);
    if (quote != '\'' && quote != '"')
        return refuse(in, expected);
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
    return refuse(in, "a string with its closing quote");
}

/* Skips a list or tuple to its closing bracket. Both kinds of brackets are counted together, since the text is only
 * shown in a message. */
static bool skip_brackets(cursor *in, const unsigned char **text, size_t *size)
{
    const unsigned char *from = in->at;
    uint64_t depth = 0;
    do {
        const unsigned char byte = peek(in);
        const unsigned char *ignored;
        size_t ignored_size;
        if (byte == '\'' || byte == '"') {
            if (!take_string(in, "a string", &ignored, &ignored_size))
                return false;
            continue;
        }
        if (in->at == in->end)
            return refuse(in, "the end of the structured descr");
        depth += byte == '[' || byte == '(';
        depth -= byte == ']' || byte == ')';
        in->at++;
    } while (depth > 0);
    *text = from;
    *size = (size_t)(in->at - from);
    return true;
}

static void keep_descr(pe_npy_header *out, const unsigned char *text, size_t size)
{
    const size_t kept = size < sizeof out->descr ? size : sizeof out->descr - 4;
    memcpy(out->descr, text, kept);
    memcpy(out->descr + kept, kept < size ? "..." : "", kept < size ? 4 : 1);
}

static bool take_descr(cursor *in, pe_npy_header *out)
{
    const unsigned char first = peek(in);
    const unsigned char *text = in->at;
    size_t size = 0;
    if (first == '[' || first == '(') {
        if (!skip_brackets(in, &text, &size))
            return false;
        keep_descr(out, text, size);
        out->is_structured = true;
        out->kind = "structured";
        return true;
    }
    if (!take_string(in, "a descr such as '<f8' or a list of fields", &text, &size))
        return false;
    keep_descr(out, text, size);
    pe_npy_decode(out);
    return true;
}

static bool take_word(cursor *in, const char *word)
{
    const size_t size = strlen(word);
    skip_space(in);
    if ((size_t)(in->end - in->at) < size || memcmp(in->at, word, size) != 0)
        return false;
    in->at += size;
    return true;
}

static bool take_order(cursor *in, pe_npy_header *out)
{
    out->is_fortran = take_word(in, "True");
    return out->is_fortran || take_word(in, "False") || refuse(in, "True or False for fortran_order");
}

/* Takes one dimension: digits, and the L that Python 2 appended. */
static bool take_dim(cursor *in, uint64_t *dim)
{
    uint64_t value = 0;
    const unsigned char *from = in->at;
    for (; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, *in->at - (unsigned)'0', &value)) {
            in->at = from;
            return refuse(in, "a dimension below 2^64");
        }
    }
    if (in->at == from)
        return refuse(in, "a dimension (digits) in the shape");
    in->at += in->at < in->end && *in->at == 'L';
    *dim = value;
    return true;
}

static bool take_shape(cursor *in, pe_npy_header *out)
{
    const char *expected = "a shape such as (3,) or (3, 4)";
    bool comma = true;
    if (!take(in, '('))
        return refuse(in, expected);
    out->dims = 0;
    while (peek(in) != ')') {
        if (!comma)
            return refuse(in, "a comma or ) in the shape");
        if (out->dims == PE_NPY_MAX_DIMS)
            return refuse(in, "at most 8 dimensions");
        if (!take_dim(in, &out->shape[out->dims]))
            return false;
        out->dims++;
        comma = take(in, ',');
    }
    if (out->dims == 1 && !comma)
        return refuse(in, "a comma after the only dimension"); /* in Python (3) is a number, not a tuple */
    in->at++;
    return true;
}

typedef bool (*taker)(cursor *in, pe_npy_header *out);

static bool take_entry(cursor *in, pe_npy_header *out, bool seen[3])
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    static const taker takers[] = {take_descr, take_order, take_shape};
    const char *expected = "one of the keys 'descr', 'fortran_order', 'shape', each once";
    const unsigned char *key = NULL;
    size_t size = 0;
    skip_space(in);
    const unsigned char *from = in->at;
    if (!take_string(in, expected, &key, &size))
        return false;
    for (size_t k = 0; k < 3; k++) {
        if (size == strlen(keys[k]) && memcmp(key, keys[k], size) == 0 && !seen[k]) {
            seen[k] = true;
            return (take(in, ':') || refuse(in, "a colon after the key")) && takers[k](in, out);
        }
    }
    in->at = from;
    return refuse(in, expected);
}

static bool take_dict(cursor *in, pe_npy_header *out)
{
    bool seen[3] = {false, false, false};
    bool comma = true;
    if (!take(in, '{')) {
        return refuse(in, "a Python dict {...}");
    }
    while (peek(in) != '}') {
        if (!comma) {
            return refuse(in, "a comma or } in the dict");
        }
        if (!take_entry(in, out, seen))
            return false;
        comma = take(in, ',');
    }
    if (!seen[0] || !seen[1] || !seen[2])
        return refuse(in, !seen[0] ? "the key 'descr'" : !seen[1] ? "the key 'fortran_order'" : "the key 'shape'");
    in->at++;
    skip_space(in);
    return in->at == in->end || refuse(in, "nothing after the dict");
}

/* Finds the dict literal, by the magic bytes, the version and the header's length. */
static pe_status find_dict(const unsigned char *data, size_t size, const char *name, pe_npy_header *out, size_t *dict,
                           pe_error *err)
{
    char seen[SEEN_ROOM];
    if (size < MAGIC_BYTES || memcmp(data, MAGIC, MAGIC_BYTES) != 0) {
        const unsigned char *end = size > 0 ? data + (size < 8 ? size : 8) : data;
        return pe_fail(err, PE_EDATA, "%s: not an npy file: it begins with \"%s\", expected \"\\x93NUMPY\"", name,
                       show(data, end, seen));
    }
    if (size < MAGIC_BYTES + 2)
        return pe_fail(err, PE_EDATA, "%s: truncated: an npy file of only %zu bytes", name, size);
    out->major = data[6];
    out->minor = data[7];
    if (out->major < 1 || out->major > 3 || out->minor != 0) {
        return pe_fail(err, PE_EDATA, "%s: npy version %d.%d is not known; known are 1.0, 2.0 and 3.0", name,
                       out->major, out->minor);
    }
    *dict = out->major == 1 ? 10 : 12;
    if (size < *dict)
        return pe_fail(err, PE_EDATA, "%s: truncated: an npy file of only %zu bytes", name, size);
    size_t length = data[8] | (size_t)data[9] << 8;
    if (out->major > 1)
        length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
    if (length > size - *dict) {
        return pe_fail(err, PE_EDATA, "%s: truncated: the npy header takes %zu bytes, the file has %zu", name,
                       *dict + length, size);
    }
    out->data_offset = *dict + length;
    return PE_OK;
}

static pe_status count_elements(pe_npy_header *out, const char *name, pe_error *err)
{
    bool empty = false; /* a dimension of 0 makes the product 0, even when the others overflow */
    out->count = 1;
    for (int d = 0; d < out->dims; d++)
        empty = empty || out->shape[d] == 0;
    for (int d = 0; d < out->dims && !empty; d++) {
        if (__builtin_mul_overflow(out->count, out->shape[d], &out->count))
            return pe_fail(err, PE_EDATA, "%s: the npy header's shape has more than 2^64 elements", name);
    }
    out->count = empty ? 0 : out->count;
    return PE_OK;
}

pe_status pe_npy_parse(const void *data, size_t size, const char *name, pe_npy_header *out, pe_error *err)
{
    const unsigned char *bytes = data;
    size_t dict = 0;
    memset(out, 0, sizeof *out);
    const pe_status status = find_dict(bytes, size, name, out, &dict, err);
    if (status != PE_OK)
        return status;
    cursor in = {bytes + dict, bytes + dict, bytes + out->data_offset, name, err};
    if (!take_dict(&in, out))
        return err->status;
    return count_elements(out, name, err);
}
