/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column.h - reading the bytes of a column (plain_decode.c), for who takes its items one by one.
 */
#ifndef PENGINE_PYTHON_COLUMN_H
#define PENGINE_PYTHON_COLUMN_H

#include "module.h"

enum { PE_PY_WIDTH = 32, PE_PY_HEAD = 9 }; /* elements of a tuple; bytes before a column's values */

typedef struct pe_py_bytes_in {
    const char *data;
    size_t size, at;
} pe_py_bytes_in;

/* pe_py_take - `size` bytes from the input; NULL with an exception set where there are not so many. */
const char *pe_py_take(pe_py_bytes_in *in, uint64_t size);

/* pe_py_fixed_item - item i of a column of kind i, f, ? or N whose values begin at `at`: a new reference. */
PyObject *pe_py_fixed_item(char kind, const char *at, uint64_t i);

#endif
