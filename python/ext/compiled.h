/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled.h - what compiled.c, its kernels and its columns share.
 */
#ifndef PENGINE_PYTHON_COMPILED_H
#define PENGINE_PYTHON_COMPILED_H

#include "module.h"

#include <pengine/pool.h>

#define PE_PY_POOL "pengine pool" /* names of capsules */
#define PE_PY_KERNEL "pengine kernel"
#define PE_PY_KEPT_BUFFER "pengine kept buffer"

enum { PE_PY_COLUMNS = 64 };

/* pe_py_raise_fault - RuntimeError(code, item, text), which _compute.py turns into an exception of Python's own kinds. NULL. */
PyObject *pe_py_raise_fault(const pe_fault *fault);

/* Functions of the module, as its table of methods describes them. */
PyObject *pe_py_load_kernel(PyObject *module, PyObject *args);
PyObject *pe_py_use_batch(PyObject *module, PyObject *args);
PyObject *pe_py_kernel_results(PyObject *module, PyObject *capsule);
PyObject *pe_py_kernel_signature(PyObject *module, PyObject *capsule);
PyObject *pe_py_open_buffers(PyObject *module, PyObject *none);
PyObject *pe_py_close_buffers(PyObject *module, PyObject *capsule);
/* result_buffer.c: adds the type Buffer; returns 0, or -1 with an exception set. */
int pe_py_add_buffer(PyObject *module);

/* The columns of one call, with what keeps them alive. */
typedef struct pe_py_columns {
    const void *args[PE_PY_COLUMNS];
    void *results[PE_PY_COLUMNS];
    unsigned char *outcomes;
    Py_buffer views[2 * PE_PY_COLUMNS + 1];
    int view_count;
    PyObject *kept[PE_PY_COLUMNS];  /* tuples of the texts of arguments */
    void *texts[2 * PE_PY_COLUMNS]; /* arrays of pe_text, to be freed */
    int kept_count, text_count;
    int is_text[PE_PY_COLUMNS], result_count; /* of results */
} pe_py_columns;

/* pe_py_take_columns - the buffers and texts of a call. Returns 0, or -1 with an exception set; release either way. */
int pe_py_take_columns(pe_py_columns *columns, const pe_pool_kernel *kernel, uint64_t count, PyObject *inputs,
                       PyObject *outputs, PyObject *outcomes);

/* pe_py_texts - a tuple: for each result a list of str, or None where the result is no text. */
PyObject *pe_py_texts(const pe_py_columns *columns, uint64_t count);

void pe_py_release_columns(pe_py_columns *columns);

#endif
