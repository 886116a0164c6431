/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* module.c - the extension module pengine._core: its table of functions.
 *
 * Design: the parts of the package that run once per item. All that runs once per chunk is Python.
 */
#include "module.h"

static PyMethodDef methods[] = {
    {"encode", pe_py_encode, METH_O, "encode(list) -> bytes, or None where the items are not plain values of one type"},
    {"decode", pe_py_decode, METH_VARARGS,
     "decode(bytes[, list, first, count]) -> list, a new one, or the one given with count items from first on "
     "replaced"},
    {"unset_list", pe_py_unset_list, METH_O,
     "unset_list(count) -> list whose places have no value; nothing but decode() and assignment to slices may use it"},
    {"set_list", pe_py_set_list, METH_O, "set_list(list): all places of the list of unset_list() are set now"},
    {"take_numbers", pe_py_take_numbers, METH_VARARGS,
     "take_numbers(iterator, kinds, tuples, count) -> (bytes of each column, (the item that does not fit,) or ())"},
    {"run", pe_py_run, METH_VARARGS,
     "run(function, items, first, results, star, memory, offset): append function(item) of each"},
    {"call_column", pe_py_call_column, METH_VARARGS,
     "call_column(function, message, star, memory, offset) -> (list or column of the results, exception or None)"},
    {"claim", pe_py_claim, METH_VARARGS,
     "claim(memory, offset, task) -> True where the task was not begun or taken back"},
    {"watch", pe_py_watch, METH_VARARGS, "watch(fd): end this process when the other end of the pipe is closed"},
    {NULL, NULL, 0, NULL},
};

static int fill(PyObject *module)
{
    return pe_py_add_iterator(module);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)(uintptr_t)fill}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "pengine._core", .m_doc = "The parts of pengine in C.",
    .m_methods = methods,  .m_slots = slots,
};

PyMODINIT_FUNC PyInit__core(void);
PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&definition);
}
