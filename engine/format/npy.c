/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy.c - reads the header of a numpy .npy file.
 *
 * Design: a cursor over the header's bytes (npy_cursor.c); the first failure ends the parse.
 * Threads: any; nothing is shared.
 * Not here: printing (npy_print.c); numpy's names of dtypes (npy_descr.c), fields (npy_fields.c); what to do with a
 *           foreign dtype or order (source).
 */
#include <string.h>

#include "format/npy_cursor.h"

#define MAGIC "\x93NUMPY"
#define MAGIC_BYTES 6u
static void keep_descr(pe_npy_header *out, const unsigned char *text, size_t size)
{
    const size_t kept = size < sizeof out->descr ? size : sizeof out->descr - 4;
    memcpy(out->descr, text, kept);
    memcpy(out->descr + kept, kept < size ? "..." : "", kept < size ? 4 : 1);
}

static bool take_descr(pe_npy_cursor *in, pe_npy_header *out)
{
    const unsigned char first = pe_npy_peek(in);
    const unsigned char *text = in->at;
    size_t size = 0;
    if (first == '[' || first == '(') {
        if (!pe_npy_skip_brackets(in, &text, &size))
            return false;
        keep_descr(out, text, size);
        out->is_structured = true;
        out->element.kind = "structured";
        out->fields = text;
        out->fields_size = size;
        return true;
    }
    if (!pe_npy_take_string(in, "a descr such as '<f8' or a list of fields", &text, &size))
        return false;
    keep_descr(out, text, size);
    pe_npy_decode(out->descr, &out->element);
    return true;
}

static bool take_order(pe_npy_cursor *in, pe_npy_header *out)
{
    out->is_fortran = pe_npy_take_word(in, "True");
    return out->is_fortran || pe_npy_take_word(in, "False") || pe_npy_refuse(in, "True or False for fortran_order");
}

static bool take_shape(pe_npy_cursor *in, pe_npy_header *out)
{
    const char *expected = "a shape such as (3,) or (3, 4)";
    bool comma = true;
    if (!pe_npy_take(in, '('))
        return pe_npy_refuse(in, expected);
    out->dims = 0;
    while (pe_npy_peek(in) != ')') {
        if (!comma)
            return pe_npy_refuse(in, "a comma or ) in the shape");
        if (out->dims == PE_NPY_MAX_DIMS)
            return pe_npy_refuse(in, "at most 8 dimensions");
        if (!pe_npy_take_dim(in, &out->shape[out->dims]))
            return false;
        out->dims++;
        comma = pe_npy_take(in, ',');
    }
    if (out->dims == 1 && !comma)
        return pe_npy_refuse(in, "a comma after the only dimension"); /* in Python (3) is a number, not a tuple */
    in->at++;
    return true;
}

typedef bool (*taker)(pe_npy_cursor *in, pe_npy_header *out);

static bool take_entry(pe_npy_cursor *in, pe_npy_header *out, bool seen[3])
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    static const taker takers[] = {take_descr, take_order, take_shape};
    const char *expected = "one of the keys 'descr', 'fortran_order', 'shape', each once";
    const unsigned char *key = NULL;
    size_t size = 0;
    pe_npy_skip_space(in);
    const unsigned char *from = in->at;
    if (!pe_npy_take_string(in, expected, &key, &size))
        return false;
    for (size_t k = 0; k < 3; k++) {
        if (size == strlen(keys[k]) && memcmp(key, keys[k], size) == 0 && !seen[k]) {
            seen[k] = true;
            return (pe_npy_take(in, ':') || pe_npy_refuse(in, "a colon after the key")) && takers[k](in, out);
        }
    }
    in->at = from;
    return pe_npy_refuse(in, expected);
}

static bool take_dict(pe_npy_cursor *in, pe_npy_header *out)
{
    bool seen[3] = {false, false, false};
    bool comma = true;
    if (!pe_npy_take(in, '{')) {
        return pe_npy_refuse(in, "a Python dict {...}");
    }
    while (pe_npy_peek(in) != '}') {
        if (!comma) {
            return pe_npy_refuse(in, "a comma or } in the dict");
        }
        if (!take_entry(in, out, seen))
            return false;
        comma = pe_npy_take(in, ',');
    }
    if (!seen[0] || !seen[1] || !seen[2])
        return pe_npy_refuse(in, !seen[0]   ? "the key 'descr'"
                                 : !seen[1] ? "the key 'fortran_order'"
                                            : "the key 'shape'");
    in->at++;
    pe_npy_skip_space(in);
    return in->at == in->end || pe_npy_refuse(in, "nothing after the dict");
}

/* Finds the dict literal, by the magic bytes, the version and the header's length. */
static pe_status find_dict(const unsigned char *data, size_t size, const char *name, pe_npy_header *out, size_t *dict,
                           pe_error *err)
{
    char seen[PE_NPY_SEEN_ROOM];
    if (size < MAGIC_BYTES || memcmp(data, MAGIC, MAGIC_BYTES) != 0) {
        const unsigned char *end = size > 0 ? data + (size < 8 ? size : 8) : data;
        return pe_fail(err, PE_EDATA, "%s: not an npy file: it begins with \"%s\", expected \"\\x93NUMPY\"", name,
                       pe_npy_show(data, end, seen));
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
    pe_npy_cursor in = {bytes + dict, bytes + dict, bytes + out->data_offset, name, err};
    if (!take_dict(&in, out))
        return err->status;
    return count_elements(out, name, err);
}
