/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_columns.c - Python's buffers and lists of texts as columns of pool.h, and texts back.
 */
#include "compiled.h"

static size_t element_size(pe_dtype dtype)
{
    switch (dtype) {
    case PE_BOOL:
    case PE_INT8:
    case PE_UINT8:
        return 1;
    case PE_INT16:
    case PE_UINT16:
    case PE_FLOAT16:
        return 2;
    case PE_INT32:
    case PE_UINT32:
    case PE_FLOAT32:
        return 4;
    case PE_INT64:
    case PE_UINT64:
    case PE_FLOAT64:
    case PE_COMPLEX64:
        return 8;
    case PE_INT128:
    case PE_COMPLEX128:
        return 16;
    case PE_TEXT:
        break;
    }
    return sizeof(pe_text);
}

static int is_complex(pe_dtype dtype)
{
    return dtype == PE_COMPLEX64 || dtype == PE_COMPLEX128;
}

/* The memory of a buffer of `count` items; NULL with an exception where its size or place is not that of the type. */
static void *take_buffer(pe_py_columns *columns, PyObject *object, pe_pool_type type, uint64_t count, int flags)
{
    Py_buffer *view = &columns->views[columns->view_count];
    if (PyObject_GetBuffer(object, view, flags) != 0) {
        return NULL;
    }
    columns->view_count++;
    const size_t element = element_size(type.dtype), item = element * (type.width == 0 ? 1 : type.width);
    if ((uint64_t)view->len / item != count || (uint64_t)view->len % item != 0) {
        PyErr_Format(PyExc_ValueError, "a buffer has %zd bytes, expected %llu items of %zu bytes", view->len,
                     (unsigned long long)count, item);
        return NULL;
    }
    const size_t alignment = is_complex(type.dtype) ? element / 2 : element;
    if (count > 0 && (uintptr_t)view->buf % alignment != 0) {
        PyErr_Format(PyExc_ValueError, "a buffer is not aligned to %zu bytes", alignment);
        return NULL;
    }
    return view->buf;
}

static pe_text *new_texts(pe_py_columns *columns, uint64_t count)
{
    pe_text *texts = calloc(count == 0 ? 1 : (size_t)count, sizeof(pe_text));
    if (texts == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    columns->texts[columns->text_count++] = texts;
    return texts;
}

/* The texts of a sequence of str and bytes. */
static void *take_texts(pe_py_columns *columns, PyObject *object, uint64_t count)
{
    PyObject *items = PySequence_Tuple(object); /* a copy: the list may change while items are computed */
    if (items == NULL) {
        return NULL;
    }
    columns->kept[columns->kept_count++] = items;
    if ((uint64_t)PyTuple_Size(items) != count) {
        PyErr_Format(PyExc_ValueError, "a list has %zd texts, expected %llu", PyTuple_Size(items),
                     (unsigned long long)count);
        return NULL;
    }
    pe_text *texts = new_texts(columns, count);
    for (uint64_t i = 0; texts != NULL && i < count; i++) {
        PyObject *item = PyTuple_GetItem(items, (Py_ssize_t)i);
        Py_ssize_t size = 0;
        if (PyBytes_Check(item)) {
            texts[i].data = PyBytes_AsString(item);
            size = PyBytes_Size(item);
        } else if (PyUnicode_Check(item)) {
            texts[i].data = PyUnicode_AsUTF8AndSize(item, &size);
        } else {
            PyErr_Format(PyExc_TypeError, "item %llu: expected a text (str or bytes)", (unsigned long long)i);
        }
        if (texts[i].data == NULL) {
            return NULL;
        }
        texts[i].size = (size_t)size;
    }
    return texts;
}

static int take_inputs(pe_py_columns *columns, const pe_pool_kernel *kernel, uint64_t count, PyObject *inputs)
{
    const int wanted = pe_pool_column_count(kernel);
    if (PyTuple_Size(inputs) != wanted || wanted > PE_PY_COLUMNS) {
        PyErr_Format(PyExc_TypeError, "%zd columns were given, the kernel was loaded for %d", PyTuple_Size(inputs),
                     wanted);
        return -1;
    }
    for (int a = 0; a < wanted; a++) {
        PyObject *input = PyTuple_GetItem(inputs, a);
        const pe_pool_type type = pe_pool_column(kernel, a);
        columns->args[a] = type.dtype == PE_TEXT ? take_texts(columns, input, count)
                                                 : take_buffer(columns, input, type, count, PyBUF_SIMPLE);
        if (columns->args[a] == NULL) {
            return -1;
        }
    }
    return 0;
}

static int take_outputs(pe_py_columns *columns, const pe_pool_kernel *kernel, uint64_t count, PyObject *outputs)
{
    const int wanted = pe_pool_result_count(kernel);
    if (PyTuple_Size(outputs) != wanted || wanted > PE_PY_COLUMNS) {
        PyErr_Format(PyExc_TypeError, "%zd results were given, the kernel has %d", PyTuple_Size(outputs), wanted);
        return -1;
    }
    for (int r = 0; r < wanted; r++) {
        const pe_pool_type type = pe_pool_result(kernel, r);
        columns->is_text[r] = type.dtype == PE_TEXT;
        columns->results[r] = columns->is_text[r]
                                  ? (void *)new_texts(columns, count)
                                  : take_buffer(columns, PyTuple_GetItem(outputs, r), type, count, PyBUF_WRITABLE);
        if (columns->results[r] == NULL) {
            return -1;
        }
    }
    columns->result_count = wanted;
    return 0;
}

static int is_shared(const Py_buffer *a, const Py_buffer *b)
{
    const uintptr_t one = (uintptr_t)a->buf, other = (uintptr_t)b->buf;
    return one < other + (uintptr_t)b->len && other < one + (uintptr_t)a->len;
}

/* Results must not overwrite arguments of items that are still to come, nor each other. Where each item's only result takes the
 * place of its argument they do not. */
static int check_memory(const pe_py_columns *columns, int inputs)
{
    const Py_buffer *views = columns->views;
    for (int r = inputs; r < columns->view_count; r++)
        for (int v = 0; v < r; v++) {
            const int in_place = v < inputs && columns->result_count == 1 && views[v].buf == views[r].buf &&
                                 views[v].len == views[r].len;
            if (is_shared(&views[v], &views[r]) && !in_place) {
                PyErr_SetString(PyExc_ValueError, "out: shares memory with an argument or another result; expected an "
                                                  "array of its own, or for one result the whole array of an argument");
                return -1;
            }
        }
    return 0;
}

int pe_py_take_columns(pe_py_columns *columns, const pe_pool_kernel *kernel, uint64_t count, PyObject *inputs,
                       PyObject *outputs, PyObject *outcomes)
{
    if (take_inputs(columns, kernel, count, inputs) != 0)
        return -1;
    const int views = columns->view_count;
    if (take_outputs(columns, kernel, count, outputs) != 0 || check_memory(columns, views) != 0)
        return -1;
    if (outcomes != Py_None) {
        columns->outcomes = take_buffer(columns, outcomes, (pe_pool_type){.dtype = PE_UINT8}, count, PyBUF_WRITABLE);
        return columns->outcomes == NULL ? -1 : 0;
    }
    return 0;
}

static PyObject *texts_of(const pe_text *texts, uint64_t count)
{
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        const char *data = texts[i].data == NULL ? "" : texts[i].data;
        PyObject *text = PyUnicode_DecodeUTF8(data, (Py_ssize_t)texts[i].size, "surrogateescape");
        if (text == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SetItem(list, (Py_ssize_t)i, text);
        }
    }
    return list;
}

PyObject *pe_py_texts(const pe_py_columns *columns, uint64_t count)
{
    PyObject *all = PyTuple_New(columns->result_count);
    for (int r = 0; all != NULL && r < columns->result_count; r++) {
        PyObject *one = columns->is_text[r] ? texts_of(columns->results[r], count) : Py_NewRef(Py_None);
        if (one == NULL) {
            Py_CLEAR(all);
        } else {
            PyTuple_SetItem(all, r, one);
        }
    }
    return all;
}

void pe_py_release_columns(pe_py_columns *columns)
{
    for (int i = 0; i < columns->view_count; i++) {
        PyBuffer_Release(&columns->views[i]);
    }
    for (int i = 0; i < columns->kept_count; i++) {
        Py_DECREF(columns->kept[i]);
    }
    for (int i = 0; i < columns->text_count; i++) {
        free(columns->texts[i]);
    }
}
