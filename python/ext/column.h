/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column.h - reading the bytes of a column (plain_decode.c), for callers that take its items one by one.
 */
#ifndef PENGINE_PYTHON_COLUMN_H
#define PENGINE_PYTHON_COLUMN_H

#include "module.h"

enum { PE_PY_WIDTH = 32, PE_PY_HEAD = 9 }; /* parts of a tuple or dict; bytes before a column's values */

typedef struct pe_py_bytes_in {
    const char *data;
    size_t size, at;
} pe_py_bytes_in;

/* pe_py_take - `size` bytes from the input; NULL with an exception set where there are fewer. */
const char *pe_py_take(pe_py_bytes_in *in, uint64_t size);

/* pe_py_fixed_item - item i of a column of kind i, f, ? or N whose values begin at `at`: a new reference. */
PyObject *pe_py_fixed_item(char kind, const char *at, uint64_t i);

/* One column that is read item by item. */
typedef struct pe_py_cursor {
    char kind;
    uint64_t count;
    const char *at;        /* fixed items */
    const char *texts;     /* the next text */
    long long start, step; /* kind 'r', a range */
    int width;
    struct pe_py_cursor *parts; /* of tuples and dicts */
    PyObject *keys;             /* of dicts, a list of texts */
} pe_py_cursor;

/* pe_py_cursor_open - the next column; 0, or -1 with an exception set where it is cut off.
 * Owns: the cursor, zeroed before, is freed by the caller also after -1; the input has to stay. */
int pe_py_cursor_open(pe_py_cursor *c, pe_py_bytes_in *in);

void pe_py_cursor_free(pe_py_cursor *c);

/* pe_py_cursor_item - item i, below count: a new reference. Texts are read in order. */
PyObject *pe_py_cursor_item(pe_py_cursor *c, uint64_t i);

#endif
