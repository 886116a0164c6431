/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* module.h - what the files of the extension pengine._core share: the limited API of Python 3.11.
 *
 * Threads: every function is called with the GIL held, unless it says otherwise.
 */
#ifndef PENGINE_PYTHON_MODULE_H
#define PENGINE_PYTHON_MODULE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Words of one worker in memory that it shares with the pool's process. */
typedef struct pe_slot {
    uint64_t begun; /* the last task begun by the worker, or taken back by the pool: compare and swap decides */
    uint64_t item;  /* the item of that task which runs now, from 0; UINT64_MAX while there is none */
    uint64_t calls; /* grows with each call, so that a repeated call of an item counts as progress */
} pe_slot;

/* arenas.c: new small objects lie in huge pages until the end, where begin returns 1; it returns 0 where that cannot be. */
int pe_py_huge_arenas_begin(void);
void pe_py_huge_arenas_end(void);
/* long_list.c */
PyObject *pe_py_unset_list(PyObject *module, PyObject *count);
PyObject *pe_py_set_list(PyObject *module, PyObject *list);
/* plain_columns.c */
PyObject *pe_py_encode(PyObject *module, PyObject *items);
/* plain_decode.c */
PyObject *pe_py_decode(PyObject *module, PyObject *args);
/* take_numbers.c */
PyObject *pe_py_take_numbers(PyObject *module, PyObject *args);
/* column_calls.c */
PyObject *pe_py_call_column(PyObject *module, PyObject *args);
/* calls.c */
PyObject *pe_py_run(PyObject *module, PyObject *args);
PyObject *pe_py_claim(PyObject *module, PyObject *args);
PyObject *pe_py_watch(PyObject *module, PyObject *args);
/* pe_py_slot - the slot at an offset of shared memory; NULL with an exception set where it does not lie in it. */
pe_slot *pe_py_slot(const Py_buffer *view, Py_ssize_t offset);
/* iterator.c: adds the type Iterator; returns 0, or -1 with an exception set. */
int pe_py_add_iterator(PyObject *module);

#endif
