/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plain_columns.c - lists of plain Python values to bytes, without a pickle an item.
 *
 * Design: a column is a kind (one byte), the count (8 bytes), the values. All values of a column have exactly one type: int
 *         that fits 64 bits, float, bool, str, bytes, None, a tuple of such columns, or a dict whose keys are the same texts in
 *         the same order. encode() gives None for every other list, and the caller pickles it then. Both ends are the same
 *         machine, so numbers are in its byte order. Texts and bytes are all lengths, then all contents; dicts are their keys,
 *         then a column for each.
 * Threads: the GIL is held.
 * Not here: the way back (plain_decode.c); ranges, numpy arrays and pickles (_codec.py).
 */
#include "column.h"
#include "module.h"

enum { MAX_DEPTH = 4 };

typedef struct bytes_out {
    char *data;
    size_t size, room;
} bytes_out;

/* Room for `more` bytes at the end; NULL without memory. The bytes are counted as written. */
static char *extend(bytes_out *out, size_t more)
{
    if (more > SIZE_MAX / 2 - out->size)
        return NULL;
    if (out->size + more > out->room) {
        size_t room = (out->size + more) * 2;
        char *data = realloc(out->data, room);
        if (data == NULL)
            return NULL;
        out->data = data;
        out->room = room;
    }
    out->size += more;
    return out->data + out->size - more;
}

/* Where a part of an item is: a tuple's place, or where key is not NULL, a dict's key. */
typedef struct step {
    Py_ssize_t place;
    PyObject *key; /* borrowed */
} step;

/* The values of a column: those of a list, or parts of its tuples and dicts, parts of those, and so on. */
typedef struct values {
    PyObject *list;
    Py_ssize_t count;
    int depth;
    step path[MAX_DEPTH];
} values;

/* Borrowed; tuples and dicts on the way have that part (put_tuples, put_dicts). */
static PyObject *value_at(const values *from, Py_ssize_t i)
{
    PyObject *item = PyList_GetItem(from->list, i);
    for (const step *s = from->path; s < from->path + from->depth; s++)
        item = s->key == NULL ? PyTuple_GetItem(item, s->place) : PyDict_GetItemWithError(item, s->key);
    return item;
}

/* The parts of a column answer 1: written; 0: these values are no column; -1: no memory. */
static int put_head(bytes_out *out, char kind, Py_ssize_t count)
{
    char *at = extend(out, PE_PY_HEAD);
    if (at == NULL)
        return -1;
    const uint64_t wide = (uint64_t)count;
    at[0] = kind;
    memcpy(at + 1, &wide, sizeof wide);
    return 1;
}

/* Ints that fit 64 bits, or floats. */
static int put_numbers(bytes_out *out, const values *from, char kind)
{
    char *at = extend(out, (size_t)from->count * 8);
    if (at == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < from->count; i++) {
        PyObject *item = value_at(from, i);
        int overflow = 0;
        if (!Py_IS_TYPE(item, kind == 'i' ? &PyLong_Type : &PyFloat_Type))
            return 0;
        const long long integer = kind == 'i' ? PyLong_AsLongLongAndOverflow(item, &overflow) : 0;
        const double real = kind == 'f' ? PyFloat_AsDouble(item) : 0;
        if (overflow != 0)
            return 0;
        memcpy(at + 8 * i, kind == 'i' ? (const void *)&integer : (const void *)&real, 8);
    }
    return 1;
}

static int put_bools(bytes_out *out, const values *from)
{
    char *at = extend(out, (size_t)from->count);
    if (at == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < from->count; i++) {
        PyObject *item = value_at(from, i);
        if (item != Py_True && item != Py_False)
            return 0;
        at[i] = item == Py_True;
    }
    return 1;
}

static int put_nones(const values *from)
{
    for (Py_ssize_t i = 0; i < from->count; i++) {
        if (value_at(from, i) != Py_None)
            return 0;
    }
    return 1;
}

/* The bytes of a str or bytes object; NULL where it is neither as asked, or has no UTF-8. */
static const char *text_of(PyObject *item, char kind, Py_ssize_t *size)
{
    if (kind == 's' && Py_IS_TYPE(item, &PyUnicode_Type)) {
        const char *text = PyUnicode_AsUTF8AndSize(item, size);
        if (text == NULL)
            PyErr_Clear(); /* a lone surrogate: pickle can */
        return text;
    }
    if (kind == 'b' && Py_IS_TYPE(item, &PyBytes_Type)) {
        *size = PyBytes_Size(item);
        return PyBytes_AsString(item);
    }
    return NULL;
}

static int put_texts(bytes_out *out, const values *from, char kind)
{
    const size_t lengths = out->size;
    if (extend(out, (size_t)from->count * 8) == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < from->count; i++) {
        Py_ssize_t size = 0;
        const char *text = text_of(value_at(from, i), kind, &size);
        if (text == NULL)
            return 0;
        char *at = extend(out, (size_t)size);
        if (at == NULL)
            return -1;
        const uint64_t wide = (uint64_t)size;
        memcpy(at, text, (size_t)size);
        memcpy(out->data + lengths + 8 * (size_t)i, &wide, sizeof wide);
    }
    return 1;
}

static int put_column(bytes_out *out, const values *from);

static char kind_of(PyObject *item)
{
    if (Py_IS_TYPE(item, &PyLong_Type))
        return 'i';
    if (Py_IS_TYPE(item, &PyFloat_Type))
        return 'f';
    if (Py_IS_TYPE(item, &PyUnicode_Type))
        return 's';
    if (Py_IS_TYPE(item, &PyTuple_Type))
        return 't';
    if (Py_IS_TYPE(item, &PyDict_Type))
        return 'd';
    if (Py_IS_TYPE(item, &PyBytes_Type))
        return 'b';
    if (Py_IS_TYPE(item, &PyBool_Type))
        return '?';
    return item == Py_None ? 'N' : 0;
}

/* A column of each part of tuples or dicts. */
static int put_parts(bytes_out *out, const values *from, const step *steps, Py_ssize_t width)
{
    values part = *from;
    part.depth++;
    int written = 1;
    for (Py_ssize_t k = 0; k < width && written == 1; k++) {
        part.path[from->depth] = steps[k];
        written = put_column(out, &part);
    }
    return written;
}

static int put_tuples(bytes_out *out, const values *from)
{
    const Py_ssize_t width = PyTuple_Size(value_at(from, 0));
    step steps[PE_PY_WIDTH] = {0};
    char *at = extend(out, 1);
    if (width > PE_PY_WIDTH || from->depth >= MAX_DEPTH)
        return 0;
    if (at == NULL)
        return -1;
    *at = (char)width;
    for (Py_ssize_t k = 0; k < width; k++)
        steps[k].place = k;
    for (Py_ssize_t i = 0; i < from->count; i++) {
        PyObject *item = value_at(from, i);
        if (!Py_IS_TYPE(item, &PyTuple_Type) || PyTuple_Size(item) != width)
            return 0;
    }
    return put_parts(out, from, steps, width);
}

/* Whether it is a dict with these keys, in this order. */
static int has_keys(PyObject *item, const step *steps, Py_ssize_t width)
{
    PyObject *key = NULL;
    Py_ssize_t at = 0;
    if (!Py_IS_TYPE(item, &PyDict_Type) || PyDict_Size(item) != width)
        return 0;
    for (Py_ssize_t k = 0; PyDict_Next(item, &at, &key, NULL); k++)
        if (key != steps[k].key && (!Py_IS_TYPE(key, &PyUnicode_Type) || PyUnicode_Compare(key, steps[k].key) != 0))
            return 0;
    return 1;
}

/* The keys of the first are a column of texts. */
static int put_dicts(bytes_out *out, const values *from, PyObject *keys)
{
    const values names = {.list = keys, .count = PyList_Size(keys)};
    step steps[PE_PY_WIDTH] = {0};
    PyObject *first = value_at(from, 0);
    if (names.count > PE_PY_WIDTH || from->depth >= MAX_DEPTH)
        return 0;
    for (Py_ssize_t k = 0; k < names.count; k++) {
        steps[k].key = value_at(&names, k);
        if (kind_of(steps[k].key) != 's' || kind_of(PyDict_GetItemWithError(first, steps[k].key)) == 0)
            return 0;
    }
    for (Py_ssize_t i = 0; i < from->count; i++)
        if (!has_keys(value_at(from, i), steps, names.count))
            return 0;
    const int written = put_column(out, &names);
    return written == 1 ? put_parts(out, from, steps, names.count) : written;
}

static int put_column(bytes_out *out, const values *from)
{
    const char kind = from->count > 0 ? kind_of(value_at(from, 0)) : 0;
    if (kind == 0)
        return 0;
    const int headed = put_head(out, kind, from->count);
    if (headed != 1)
        return headed;
    switch (kind) {
    case 'i':
    case 'f':
        return put_numbers(out, from, kind);
    case '?':
        return put_bools(out, from);
    case 'N':
        return put_nones(from);
    case 't':
        return put_tuples(out, from);
    case 'd': {
        PyObject *keys = PyDict_Keys(value_at(from, 0));
        const int written = keys == NULL ? -1 : put_dicts(out, from, keys);
        Py_XDECREF(keys);
        return written;
    }
    default:
        return put_texts(out, from, kind);
    }
}

PyObject *pe_py_encode(PyObject *module, PyObject *items)
{
    (void)module;
    if (!PyList_Check(items)) {
        PyErr_SetString(PyExc_TypeError, "encode: expected a list");
        return NULL;
    }
    bytes_out out = {0};
    PyObject *result = NULL;
    const values all = {.list = items, .count = PyList_Size(items)};
    const int written = put_column(&out, &all);
    if (written == 1)
        result = PyBytes_FromStringAndSize(out.data, (Py_ssize_t)out.size);
    else if (written == 0)
        result = Py_NewRef(Py_None);
    else
        PyErr_NoMemory();
    free(out.data);
    return result;
}
