/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plain_decode.c - the bytes of plain_columns.c as lists of Python values again.
 *
 * Design: a column's values go into a new list, or into places of a list that is there, so that the results of a map are put down once.
 *         Lengths are checked: cut off bytes are an exception.
 * Threads: the GIL is held.
 * Not here: the layout of a column (plain_columns.c).
 */
#include "column.h"
#include "module.h"

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

/* The parts of a column are put into a list from `first` on; 0, or -1 with an exception set. */
static int get_fixed(pe_py_bytes_in *in, char kind, uint64_t count, PyObject *list, Py_ssize_t first)
{
    const uint64_t size = kind == 'N' ? 0 : kind == '?' ? 1 : 8;
    const char *at = pe_py_take(in, count * size);
    for (uint64_t i = 0; at != NULL && i < count; i++) {
        PyObject *item = pe_py_fixed_item(kind, at, i);
        if (item == NULL) {
            return -1;
        }
        PyList_SetItem(list, first + (Py_ssize_t)i, item);
    }
    return at == NULL ? -1 : 0;
}

static int get_texts(pe_py_bytes_in *in, char kind, uint64_t count, PyObject *list, Py_ssize_t first)
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
        PyList_SetItem(list, first + (Py_ssize_t)i, item);
    }
    return lengths == NULL ? -1 : 0;
}

static PyObject *get_column(pe_py_bytes_in *in);

static int get_tuples(pe_py_bytes_in *in, uint64_t count, PyObject *list, Py_ssize_t first)
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
        PyList_SetItem(list, first + (Py_ssize_t)i, tuple);
    }
    for (Py_ssize_t k = 0; k < width; k++) {
        PyObject *column = get_column(in);
        if (column == NULL) {
            return -1;
        }
        for (uint64_t i = 0; i < count; i++) {
            PyTuple_SetItem(PyList_GetItem(list, first + (Py_ssize_t)i), k,
                            Py_NewRef(PyList_GetItem(column, (Py_ssize_t)i)));
        }
        Py_DECREF(column);
    }
    return 0;
}

/* The values behind a column's head. */
static int get_values(pe_py_bytes_in *in, char kind, uint64_t count, PyObject *list, Py_ssize_t first)
{
    if (kind == 't')
        return get_tuples(in, count, list, first);
    if (kind == 's' || kind == 'b')
        return get_texts(in, kind, count, list, first);
    return get_fixed(in, kind, count, list, first);
}

static int get_head(pe_py_bytes_in *in, char *kind, uint64_t *count)
{
    const char *head = pe_py_take(in, PE_PY_HEAD);
    if (head == NULL)
        return -1;
    *kind = head[0];
    memcpy(count, head + 1, sizeof *count);
    if (*count <= (uint64_t)PY_SSIZE_T_MAX / 16)
        return 0;
    PyErr_NoMemory();
    return -1;
}

static PyObject *get_column(pe_py_bytes_in *in)
{
    char kind = 0;
    uint64_t count = 0;
    PyObject *list = get_head(in, &kind, &count) == 0 ? PyList_New((Py_ssize_t)count) : NULL;
    if (list != NULL && get_values(in, kind, count, list, 0) != 0)
        Py_CLEAR(list);
    return list;
}

/* Where a list is given its items are replaced from `first` on. */
static PyObject *decode_into(pe_py_bytes_in *in, PyObject *list, Py_ssize_t first)
{
    char kind = 0;
    uint64_t count = 0;
    if (get_head(in, &kind, &count) != 0)
        return NULL;
    const Py_ssize_t size = PyList_Size(list);
    if (size < 0 || first < 0 || first > size || count > (uint64_t)(size - first)) {
        PyErr_SetString(PyExc_ValueError, "decode: the list has no room for the column");
        return NULL;
    }
    return get_values(in, kind, count, list, first) == 0 ? Py_NewRef(list) : NULL;
}

PyObject *pe_py_decode(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer view;
    PyObject *list = NULL;
    Py_ssize_t first = 0;
    if (!PyArg_ParseTuple(args, "y*|O!n", &view, &PyList_Type, &list, &first)) {
        return NULL;
    }
    pe_py_bytes_in in = {.data = view.buf, .size = (size_t)view.len, .at = 0};
    const int collects = PyGC_Disable(); /* else it looks through the new tuples again and again */
    PyObject *result = list == NULL ? get_column(&in) : decode_into(&in, list, first);
    if (collects)
        PyGC_Enable();
    PyBuffer_Release(&view);
    return result;
}
