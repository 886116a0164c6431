/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plain_decode.c - the bytes of plain_columns.c as lists of Python values again.
 *
 * Design: a cursor makes one item after the other, with all its parts at once, so that they are still in the cache when a dict
 *         is filled. Items go into a new list, or into places of a list that is there, so that the results of a map are put
 *         down once. Lengths are checked: cut off bytes are an exception.
 * Threads: the GIL is held.
 * Not here: the layout of a column (plain_columns.c).
 */
#include "column.h"
#include "module.h"

enum { LONG = 1 << 16 }; /* bytes of a column whose objects need several arenas */

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

static PyObject *column_list(pe_py_bytes_in *in);

void pe_py_cursor_free(pe_py_cursor *c)
{
    for (int k = 0; k < c->width; k++)
        pe_py_cursor_free(&c->parts[k]);
    free(c->parts);
    Py_XDECREF(c->keys);
}

static int open_parts(pe_py_cursor *c, pe_py_bytes_in *in, Py_ssize_t width)
{
    c->parts = calloc(width > 0 ? (size_t)width : 1, sizeof *c->parts);
    if (c->parts == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    while (c->width < width) {
        pe_py_cursor *part = &c->parts[c->width++];
        if (pe_py_cursor_open(part, in) != 0)
            return -1;
        if (part->count != c->count) {
            PyErr_SetString(PyExc_ValueError, "decode: the columns of tuples or dicts differ in length");
            return -1;
        }
    }
    return 0;
}

int pe_py_cursor_open(pe_py_cursor *c, pe_py_bytes_in *in)
{
    const char *head = pe_py_take(in, PE_PY_HEAD);
    if (head == NULL)
        return -1;
    c->kind = head[0];
    memcpy(&c->count, head + 1, sizeof c->count);
    if (c->count > (uint64_t)PY_SSIZE_T_MAX / 16) {
        PyErr_NoMemory();
        return -1;
    }
    if (c->kind == 'd') {
        c->keys = column_list(in);
        return c->keys == NULL ? -1 : open_parts(c, in, PyList_Size(c->keys));
    }
    if (c->kind == 't') {
        const char *width = pe_py_take(in, 1);
        return width == NULL ? -1 : open_parts(c, in, *width);
    }
    const uint64_t size = c->kind == 'N' ? 0 : c->kind == '?' ? 1 : 8;
    c->at = pe_py_take(in, c->count * size);
    if (c->at == NULL)
        return -1;
    c->texts = in->data + in->at;
    for (uint64_t i = 0; (c->kind == 's' || c->kind == 'b') && i < c->count; i++) {
        uint64_t length = 0;
        memcpy(&length, c->at + 8 * i, sizeof length);
        if (pe_py_take(in, length) == NULL)
            return -1;
    }
    return 0;
}

static PyObject *tuple_item(pe_py_cursor *c, uint64_t i)
{
    PyObject *tuple = PyTuple_New(c->width);
    for (int k = 0; tuple != NULL && k < c->width; k++) {
        PyObject *item = pe_py_cursor_item(&c->parts[k], i);
        if (item == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SetItem(tuple, k, item);
    }
    return tuple;
}

static PyObject *dict_item(pe_py_cursor *c, uint64_t i)
{
    PyObject *dict = PyDict_New();
    for (int k = 0; dict != NULL && k < c->width; k++) {
        PyObject *item = pe_py_cursor_item(&c->parts[k], i);
        if (item == NULL || PyDict_SetItem(dict, PyList_GetItem(c->keys, k), item) != 0)
            Py_CLEAR(dict);
        Py_XDECREF(item);
    }
    return dict;
}

PyObject *pe_py_cursor_item(pe_py_cursor *c, uint64_t i)
{
    if (c->kind == 'r')
        return PyLong_FromLongLong(c->start + (long long)i * c->step);
    if (c->kind == 't')
        return tuple_item(c, i);
    if (c->kind == 'd')
        return dict_item(c, i);
    if (c->kind != 's' && c->kind != 'b')
        return pe_py_fixed_item(c->kind, c->at, i);
    uint64_t length = 0;
    memcpy(&length, c->at + 8 * i, sizeof length);
    const char *text = c->texts;
    c->texts += length;
    return c->kind == 's' ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)length, NULL)
                          : PyBytes_FromStringAndSize(text, (Py_ssize_t)length);
}

/* A column's items into `count` places of a list that is there, from `first` on, or where it is NULL into a new one: a new
 * reference. */
static PyObject *to_list(pe_py_bytes_in *in, PyObject *given, Py_ssize_t first, Py_ssize_t count)
{
    pe_py_cursor c = {0};
    PyObject *list = NULL;
    if (pe_py_cursor_open(&c, in) == 0) {
        list = given == NULL ? PyList_New((Py_ssize_t)c.count) : Py_NewRef(given);
        if (given != NULL &&
            (first < 0 || count < 0 || first > PyList_Size(given) - count || c.count != (uint64_t)count)) {
            PyErr_Format(PyExc_ValueError, "decode: a column of %llu items for %zd places from %zd on of a list of %zd",
                         (unsigned long long)c.count, count, first, PyList_Size(given));
            Py_CLEAR(list);
        }
    }
    for (uint64_t i = 0; list != NULL && i < c.count; i++) {
        PyObject *item = pe_py_cursor_item(&c, i);
        if (item == NULL)
            Py_CLEAR(list);
        else
            PyList_SetItem(list, first + (Py_ssize_t)i, item);
    }
    pe_py_cursor_free(&c);
    return list;
}

static PyObject *column_list(pe_py_bytes_in *in)
{
    return to_list(in, NULL, 0, 0);
}

PyObject *pe_py_decode(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer view;
    PyObject *list = NULL;
    Py_ssize_t first = 0, count = 0;
    if (!PyArg_ParseTuple(args, "y*|O!nn", &view, &PyList_Type, &list, &first, &count)) {
        return NULL;
    }
    pe_py_bytes_in in = {.data = view.buf, .size = (size_t)view.len, .at = 0};
    const int collects = PyGC_Disable(); /* else it looks through the new tuples again and again */
    const int is_huge = view.len >= LONG && pe_py_huge_arenas_begin();
    PyObject *result = to_list(&in, list, first, count);
    if (is_huge)
        pe_py_huge_arenas_end();
    if (collects)
        PyGC_Enable();
    PyBuffer_Release(&view);
    return result;
}
