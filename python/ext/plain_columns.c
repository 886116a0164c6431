/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plain_columns.c - lists of plain Python values to bytes and back, without a pickle an item.
 *
 * Design: a column is a kind (one byte), the count (8 bytes), the values. All values of a column have exactly one type: int that
 *         fits 64 bits, float, bool, str, bytes, None, or a tuple of such columns. encode() gives None for every other list,
 *         and the caller pickles it then. Both ends are the same machine, so numbers are in its byte order.
 *         Texts and bytes are all lengths, then all contents.
 * Threads: the GIL is held.
 * Not here: ranges, numpy arrays and pickles (codec.py).
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
    if (more > SIZE_MAX / 2 - out->size) {
        return NULL;
    }
    if (out->size + more > out->room) {
        size_t room = (out->size + more) * 2;
        char *data = realloc(out->data, room);
        if (data == NULL) {
            return NULL;
        }
        out->data = data;
        out->room = room;
    }
    out->size += more;
    return out->data + out->size - more;
}

/* The parts of a column answer 1: written; 0: these values are no column; -1: no memory. */
static int put_head(bytes_out *out, char kind, Py_ssize_t count)
{
    char *at = extend(out, PE_PY_HEAD);
    if (at == NULL) {
        return -1;
    }
    const uint64_t wide = (uint64_t)count;
    at[0] = kind;
    memcpy(at + 1, &wide, sizeof wide);
    return 1;
}

static int put_ints(bytes_out *out, PyObject *list, Py_ssize_t count)
{
    char *at = extend(out, (size_t)count * 8);
    if (at == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PyList_GetItem(list, i);
        int overflow = 0;
        if (!Py_IS_TYPE(item, &PyLong_Type)) {
            return 0;
        }
        const long long value = PyLong_AsLongLongAndOverflow(item, &overflow);
        if (overflow != 0) {
            return 0;
        }
        memcpy(at + 8 * i, &value, 8);
    }
    return 1;
}

static int put_floats(bytes_out *out, PyObject *list, Py_ssize_t count)
{
    char *at = extend(out, (size_t)count * 8);
    if (at == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PyList_GetItem(list, i);
        if (!Py_IS_TYPE(item, &PyFloat_Type)) {
            return 0;
        }
        const double value = PyFloat_AsDouble(item);
        memcpy(at + 8 * i, &value, 8);
    }
    return 1;
}

static int put_bools(bytes_out *out, PyObject *list, Py_ssize_t count)
{
    char *at = extend(out, (size_t)count);
    if (at == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PyList_GetItem(list, i);
        if (item != Py_True && item != Py_False) {
            return 0;
        }
        at[i] = item == Py_True;
    }
    return 1;
}

static int put_nones(PyObject *list, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        if (PyList_GetItem(list, i) != Py_None) {
            return 0;
        }
    }
    return 1;
}

/* The bytes of a str or bytes object; NULL where it is neither as asked, or has no UTF-8. */
static const char *text_of(PyObject *item, char kind, Py_ssize_t *size)
{
    if (kind == 's' && Py_IS_TYPE(item, &PyUnicode_Type)) {
        const char *text = PyUnicode_AsUTF8AndSize(item, size);
        if (text == NULL) {
            PyErr_Clear(); /* a lone surrogate: pickle can */
        }
        return text;
    }
    if (kind == 'b' && Py_IS_TYPE(item, &PyBytes_Type)) {
        *size = PyBytes_Size(item);
        return PyBytes_AsString(item);
    }
    return NULL;
}

static int put_texts(bytes_out *out, PyObject *list, Py_ssize_t count, char kind)
{
    const size_t lengths = out->size;
    if (extend(out, (size_t)count * 8) == NULL) {
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t size = 0;
        const char *text = text_of(PyList_GetItem(list, i), kind, &size);
        if (text == NULL) {
            return 0;
        }
        char *at = extend(out, (size_t)size);
        if (at == NULL) {
            return -1;
        }
        const uint64_t wide = (uint64_t)size;
        memcpy(at, text, (size_t)size);
        memcpy(out->data + lengths + 8 * (size_t)i, &wide, sizeof wide);
    }
    return 1;
}

static int put_column(bytes_out *out, PyObject *list, int depth);

/* One column of each place of the tuples. */
static int put_tuples(bytes_out *out, PyObject *list, Py_ssize_t count, int depth)
{
    const Py_ssize_t width = PyTuple_Size(PyList_GetItem(list, 0));
    char *at = extend(out, 1);
    if (width > PE_PY_WIDTH || depth >= MAX_DEPTH) {
        return 0;
    }
    if (at == NULL) {
        return -1;
    }
    *at = (char)width;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PyList_GetItem(list, i);
        if (!Py_IS_TYPE(item, &PyTuple_Type) || PyTuple_Size(item) != width) {
            return 0;
        }
    }
    int written = 1;
    for (Py_ssize_t k = 0; k < width && written == 1; k++) {
        PyObject *column = PyList_New(count);
        if (column == NULL) {
            return -1;
        }
        for (Py_ssize_t i = 0; i < count; i++) {
            PyList_SetItem(column, i, Py_NewRef(PyTuple_GetItem(PyList_GetItem(list, i), k)));
        }
        written = put_column(out, column, depth + 1);
        Py_DECREF(column);
    }
    return written;
}

static char kind_of(PyObject *item)
{
    if (Py_IS_TYPE(item, &PyLong_Type)) {
        return 'i';
    }
    if (Py_IS_TYPE(item, &PyFloat_Type)) {
        return 'f';
    }
    if (Py_IS_TYPE(item, &PyUnicode_Type)) {
        return 's';
    }
    if (Py_IS_TYPE(item, &PyTuple_Type)) {
        return 't';
    }
    if (Py_IS_TYPE(item, &PyBytes_Type)) {
        return 'b';
    }
    if (Py_IS_TYPE(item, &PyBool_Type)) {
        return '?';
    }
    return item == Py_None ? 'N' : 0;
}

static int put_column(bytes_out *out, PyObject *list, int depth)
{
    const Py_ssize_t count = PyList_Size(list);
    const char kind = count > 0 ? kind_of(PyList_GetItem(list, 0)) : 0;
    if (kind == 0) {
        return 0;
    }
    const int headed = put_head(out, kind, count);
    if (headed != 1) {
        return headed;
    }
    switch (kind) {
    case 'i':
        return put_ints(out, list, count);
    case 'f':
        return put_floats(out, list, count);
    case '?':
        return put_bools(out, list, count);
    case 'N':
        return put_nones(list, count);
    case 't':
        return put_tuples(out, list, count, depth);
    default:
        return put_texts(out, list, count, kind);
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
    const int written = put_column(&out, items, 0);
    if (written == 1) {
        result = PyBytes_FromStringAndSize(out.data, (Py_ssize_t)out.size);
    } else if (written == 0) {
        result = Py_NewRef(Py_None);
    } else {
        PyErr_NoMemory();
    }
    free(out.data);
    return result;
}

const char *pe_py_take(pe_py_bytes_in *in, uint64_t size)
{
    if (size > in->size - in->at) {
        PyErr_SetString(PyExc_ValueError, "decode: the column is cut off");
        return NULL;
    }
    in->at += (size_t)size;
    return in->data + in->at - (size_t)size;
}

PyObject *pe_py_fixed_item(char kind, const char *at, uint64_t i)
{
    if (kind == 'i') {
        long long value = 0;
        memcpy(&value, at + 8 * i, 8);
        return PyLong_FromLongLong(value);
    }
    if (kind == 'f') {
        double value = 0;
        memcpy(&value, at + 8 * i, 8);
        return PyFloat_FromDouble(value);
    }
    return Py_NewRef(kind == 'N' ? Py_None : at[i] ? Py_True : Py_False);
}

static int get_fixed(pe_py_bytes_in *in, PyObject *list, char kind, uint64_t count)
{
    const uint64_t size = kind == 'N' ? 0 : kind == '?' ? 1 : 8;
    const char *at = pe_py_take(in, count * size);
    for (uint64_t i = 0; at != NULL && i < count; i++) {
        PyObject *item = pe_py_fixed_item(kind, at, i);
        if (item == NULL) {
            return -1;
        }
        PyList_SetItem(list, (Py_ssize_t)i, item);
    }
    return at == NULL ? -1 : 0;
}

static int get_texts(pe_py_bytes_in *in, PyObject *list, char kind, uint64_t count)
{
    const char *lengths = pe_py_take(in, count * 8);
    for (uint64_t i = 0; lengths != NULL && i < count; i++) {
        uint64_t size = 0;
        memcpy(&size, lengths + 8 * i, 8);
        const char *text = pe_py_take(in, size);
        if (text == NULL) {
            return -1;
        }
        PyObject *item = kind == 's' ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, NULL)
                                     : PyBytes_FromStringAndSize(text, (Py_ssize_t)size);
        if (item == NULL) {
            return -1;
        }
        PyList_SetItem(list, (Py_ssize_t)i, item);
    }
    return lengths == NULL ? -1 : 0;
}

static PyObject *get_column(pe_py_bytes_in *in);

static int get_tuples(pe_py_bytes_in *in, PyObject *list, uint64_t count)
{
    const char *at = pe_py_take(in, 1);
    if (at == NULL) {
        return -1;
    }
    const Py_ssize_t width = *at;
    for (uint64_t i = 0; i < count; i++) {
        PyObject *tuple = PyTuple_New(width);
        if (tuple == NULL) {
            return -1;
        }
        PyList_SetItem(list, (Py_ssize_t)i, tuple);
    }
    for (Py_ssize_t k = 0; k < width; k++) {
        PyObject *column = get_column(in);
        if (column == NULL) {
            return -1;
        }
        for (uint64_t i = 0; i < count; i++) {
            PyTuple_SetItem(PyList_GetItem(list, (Py_ssize_t)i), k, Py_NewRef(PyList_GetItem(column, (Py_ssize_t)i)));
        }
        Py_DECREF(column);
    }
    return 0;
}

static PyObject *get_column(pe_py_bytes_in *in)
{
    const char *head = pe_py_take(in, PE_PY_HEAD);
    if (head == NULL) {
        return NULL;
    }
    const char kind = head[0];
    uint64_t count = 0;
    memcpy(&count, head + 1, sizeof count);
    PyObject *list = count > (uint64_t)PY_SSIZE_T_MAX / 16 ? PyErr_NoMemory() : PyList_New((Py_ssize_t)count);
    if (list == NULL) {
        return NULL;
    }
    const int failed = kind == 't'                  ? get_tuples(in, list, count)
                       : kind == 's' || kind == 'b' ? get_texts(in, list, kind, count)
                                                    : get_fixed(in, list, kind, count);
    if (failed) {
        Py_DECREF(list);
        return NULL;
    }
    return list;
}

PyObject *pe_py_decode(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "y*", &view)) {
        return NULL;
    }
    pe_py_bytes_in in = {.data = view.buf, .size = (size_t)view.len, .at = 0};
    const int collects = PyGC_Disable(); /* else it looks through the new tuples again and again */
    PyObject *list = get_column(&in);
    if (collects)
        PyGC_Enable();
    PyBuffer_Release(&view);
    return list;
}
