/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* take_numbers.c - asks an iterator for numbers, or tuples of numbers, and keeps their bytes alone.
 *
 * Design: an item is freed before the next is asked for, so that it stays in the first-level cache; zip() and enumerate()
 *         use one tuple for all items then. The first item that is none of the known kinds ends it and is given back.
 * Threads: the GIL is held.
 */
#include "column.h"
#include "module.h"

/* What is being filled. */
typedef struct columns {
    const char *kinds; /* i or f, for each column */
    Py_ssize_t width;  /* columns */
    int is_tuple;
    Py_ssize_t count, room; /* items */
    PyObject *bytes[PE_PY_WIDTH];
    char *at[PE_PY_WIDTH];
} columns;

/* 0 where the value is not of its column's kind. */
static int put_value(columns *to, Py_ssize_t k, PyObject *value)
{
    char *const at = to->at[k] + 8 * to->count;
    if (to->kinds[k] == 'i' && Py_IS_TYPE(value, &PyLong_Type)) {
        int overflow = 0;
        const long long integer = PyLong_AsLongLongAndOverflow(value, &overflow);
        memcpy(at, &integer, 8);
        return overflow == 0;
    }
    if (to->kinds[k] == 'f' && Py_IS_TYPE(value, &PyFloat_Type)) {
        const double real = PyFloat_AsDouble(value);
        memcpy(at, &real, 8);
        return 1;
    }
    return 0;
}

/* 0 where the item does not fit; what was written of it is after the last whole one. */
static int put_item(columns *to, PyObject *item)
{
    if (!to->is_tuple)
        return put_value(to, 0, item);
    if (!Py_IS_TYPE(item, &PyTuple_Type) || PyTuple_Size(item) != to->width)
        return 0;
    int fits = 1;
    for (Py_ssize_t k = 0; k < to->width && fits; k++)
        fits = put_value(to, k, PyTuple_GetItem(item, k));
    return fits;
}

static int make_columns(columns *to)
{
    for (Py_ssize_t k = 0; k < to->width; k++) {
        to->bytes[k] = PyBytes_FromStringAndSize(NULL, 8 * to->room);
        if (to->bytes[k] == NULL)
            return -1;
        to->at[k] = PyBytes_AsString(to->bytes[k]);
    }
    return 0;
}

/* A list of the columns, as long as they were filled. */
static PyObject *filled(const columns *from)
{
    PyObject *list = PyList_New(from->width);
    for (Py_ssize_t k = 0; list != NULL && k < from->width; k++) {
        PyObject *one = from->count == from->room ? Py_NewRef(from->bytes[k])
                                                  : PyBytes_FromStringAndSize(from->at[k], 8 * from->count);
        if (one == NULL)
            Py_CLEAR(list);
        else
            PyList_SetItem(list, k, one);
    }
    return list;
}

PyObject *pe_py_take_numbers(PyObject *module, PyObject *args)
{
    (void)module;
    columns to = {.count = 0};
    PyObject *iterator = NULL, *odd = NULL, *list = NULL, *result = NULL;
    if (!PyArg_ParseTuple(args, "Oy#pn", &iterator, &to.kinds, &to.width, &to.is_tuple, &to.room))
        return NULL;
    if (!PyIter_Check(iterator) || to.width < 1 || to.width > PE_PY_WIDTH || to.room < 0 ||
        to.room > PY_SSIZE_T_MAX / 8) {
        PyErr_SetString(PyExc_ValueError, "take_numbers: expected an iterator, kinds and a count");
        return NULL;
    }
    if (make_columns(&to) == 0) {
        while (to.count < to.room && odd == NULL) {
            PyObject *item = PyIter_Next(iterator);
            if (item == NULL)
                break;
            if (put_item(&to, item)) {
                to.count++;
                Py_DECREF(item);
            } else {
                odd = item;
            }
        }
        if (!PyErr_Occurred())
            list = filled(&to);
        if (list != NULL)
            result = odd == NULL ? Py_BuildValue("O()", list) : Py_BuildValue("O(O)", list, odd);
    }
    Py_XDECREF(list);
    Py_XDECREF(odd);
    for (Py_ssize_t k = 0; k < to.width; k++)
        Py_XDECREF(to.bytes[k]);
    return result;
}
