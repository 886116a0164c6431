/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_calls.c - call a function for each item of a column, without a list of the items or of plain results.
 *
 * Design: an argument is made when its call comes and freed after it, so that it stays in the first-level cache, and an int or
 *         a float that comes back goes into a column at once. The first result decides what is collected; one of another type
 *         turns what is there into a list. A tuple's elements are passed as arguments (starmap) without the tuple.
 * Threads: the GIL is held.
 */
#include "column.h"
#include "module.h"

/* Exported by Python 3.11 and in the stable API since 3.12. */
extern PyObject *PyObject_Vectorcall(PyObject *callable, PyObject *const *args, size_t count, PyObject *names);

enum { VALUES = 1 + PE_PY_HEAD }; /* bytes of a message before a column's values */

/* Results: a message with a column of `kind`, or a list once one did not fit. */
typedef struct collector {
    char kind;
    uint64_t count, room;
    PyObject *message; /* bytes */
    char *at;          /* of the values in it */
    PyObject *list;
} collector;

/* Puts a plain result into the column; 0 where it does not fit there, -1 with an exception set. */
static int put_plain(collector *out, PyObject *result)
{
    if (out->count == 0)
        out->kind = Py_IS_TYPE(result, &PyLong_Type) ? 'i' : Py_IS_TYPE(result, &PyFloat_Type) ? 'f' : 0;
    long long integer = 0;
    double real = 0;
    if (out->kind == 'i' && Py_IS_TYPE(result, &PyLong_Type)) {
        int overflow = 0;
        integer = PyLong_AsLongLongAndOverflow(result, &overflow);
        if (overflow != 0)
            return 0;
    } else if (out->kind == 'f' && Py_IS_TYPE(result, &PyFloat_Type)) {
        real = PyFloat_AsDouble(result);
    } else {
        return 0;
    }
    if (out->message == NULL) {
        out->message = PyBytes_FromStringAndSize(NULL, VALUES + (Py_ssize_t)(8 * out->room));
        if (out->message == NULL)
            return -1;
        out->at = PyBytes_AsString(out->message) + VALUES;
    }
    memcpy(out->at + 8 * out->count++, out->kind == 'i' ? (void *)&integer : (void *)&real, 8);
    return 1;
}

/* Turns the column into a list. */
static int to_list(collector *out)
{
    out->list = PyList_New((Py_ssize_t)out->count);
    for (uint64_t i = 0; out->list != NULL && i < out->count; i++)
        PyList_SetItem(out->list, (Py_ssize_t)i, pe_py_fixed_item(out->kind, out->at, i));
    return out->list == NULL ? -1 : 0;
}

static int collect(collector *out, PyObject *result)
{
    if (out->list == NULL) {
        const int put = put_plain(out, result);
        if (put == 1)
            return 0;
        if (put < 0 || to_list(out) != 0)
            return -1;
    }
    out->count++;
    return PyList_Append(out->list, result);
}

static PyObject *call_item(PyObject *function, pe_py_cursor *c, uint64_t i, int star)
{
    PyObject *args[PE_PY_WIDTH]; /* cleared for no call: that would cost as much as the call */
    const int width = star ? c->width : 1;
    PyObject *result = NULL;
    int made = 0;
    for (; made < width; made++) {
        args[made] = star ? pe_py_cursor_item(&c->parts[made], i) : pe_py_cursor_item(c, i);
        if (args[made] == NULL)
            break;
    }
    if (made == width)
        result = PyObject_Vectorcall(function, args, (size_t)width, NULL);
    while (made > 0)
        Py_DECREF(args[--made]);
    return result;
}

static int call_all(PyObject *function, pe_py_cursor *c, int star, collector *out, pe_slot *slot)
{
    for (uint64_t i = 0; i < c->count; i++) {
        /* relaxed: single words, read for messages and time limits alone */
        __atomic_store_n(&slot->item, i, __ATOMIC_RELAXED);
        __atomic_store_n(&slot->calls, slot->calls + 1, __ATOMIC_RELAXED);
        PyObject *result = call_item(function, c, i, star);
        if (result == NULL)
            return -1;
        const int failed = collect(out, result);
        Py_DECREF(result);
        if (failed)
            return -1;
    }
    return 0;
}

/* The exception that is set, as an object; NULL where it is none of Exception's kinds, and it stays set then. */
static PyObject *take_exception(void)
{
    if (!PyErr_ExceptionMatches(PyExc_Exception))
        return NULL;
    PyObject *type = NULL, *value = NULL, *trace = NULL;
    PyErr_Fetch(&type, &value, &trace);
    PyErr_NormalizeException(&type, &value, &trace);
    if (trace != NULL)
        PyException_SetTraceback(value, trace);
    Py_XDECREF(type);
    Py_XDECREF(trace);
    return value;
}

/* The results as a list or as a message. */
static PyObject *collected(collector *out)
{
    if (out->list != NULL)
        return Py_NewRef(out->list);
    if (out->count == 0)
        return PyList_New(0);
    out->at[-VALUES] = 'C';
    out->at[1 - VALUES] = out->kind;
    memcpy(out->at + 2 - VALUES, &out->count, sizeof out->count);
    if (out->count < out->room)
        return PyBytes_FromStringAndSize(out->at - VALUES, VALUES + (Py_ssize_t)(8 * out->count));
    return Py_NewRef(out->message);
}

static int open_message(pe_py_cursor *c, const Py_buffer *data, int star)
{
    pe_py_bytes_in in = {.data = data->buf, .size = (size_t)data->len, .at = 1};
    long long range[3] = {0};
    if (data->len > 0 && in.data[0] == 'R' && !star) {
        const char *at = pe_py_take(&in, sizeof range);
        if (at == NULL)
            return -1;
        memcpy(range, at, sizeof range);
        *c = (pe_py_cursor){.kind = 'r', .start = range[0], .step = range[1], .count = (uint64_t)range[2]};
        return 0;
    }
    if (data->len == 0 || in.data[0] != 'C' || pe_py_cursor_open(c, &in) != 0 || (star && c->kind != 't')) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "call_column: no column");
        return -1;
    }
    return 0;
}

PyObject *pe_py_call_column(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *function = NULL, *result = NULL;
    int star = 0;
    Py_ssize_t offset = 0;
    Py_buffer data, memory;
    if (!PyArg_ParseTuple(args, "Oy*pw*n", &function, &data, &star, &memory, &offset))
        return NULL;
    pe_py_cursor c = {0};
    pe_slot *slot = pe_py_slot(&memory, offset);
    if (slot != NULL && open_message(&c, &data, star) == 0) {
        collector out = {.room = c.count};
        PyObject *error = NULL;
        const int failed = call_all(function, &c, star, &out, slot);
        if (!failed || (error = take_exception()) != NULL) {
            PyObject *values = collected(&out);
            result = values == NULL ? NULL : Py_BuildValue("NO", values, error == NULL ? Py_None : error);
        }
        Py_XDECREF(error);
        Py_XDECREF(out.list);
        Py_XDECREF(out.message);
    }
    pe_py_cursor_free(&c);
    PyBuffer_Release(&data);
    PyBuffer_Release(&memory);
    return result;
}
