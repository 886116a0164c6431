/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* iterator.c - pengine._core.Iterator, an iterator over lists that its subclass delivers one after the other.
 *
 * Design: __next__ takes the next item of the current list, in C, because imap is asked millions of times. An item is forgotten
 *         when it is handed out. Where the list is used up, the method _refill() of the subclass gives the next list, or raises
 *         StopIteration. An item of the type `failure` stands for a failed call: its attribute `exception` is raised.
 * Threads: several threads may iterate; each item goes to one of them, because the GIL is held from index to item.
 */
#include "module.h"

typedef struct iterator {
    PyObject_HEAD /* Python's own */
        PyObject *list;
    PyObject *failure; /* a type */
    Py_ssize_t at;
} iterator;

static int iterator_init(PyObject *object, PyObject *args, PyObject *names)
{
    iterator *self = (iterator *)(void *)object;
    PyObject *failure = NULL;
    (void)names;
    if (!PyArg_ParseTuple(args, "O", &failure)) {
        return -1;
    }
    PyObject *before = self->failure;
    self->failure = Py_NewRef(failure);
    Py_XDECREF(before);
    return 0;
}

static int iterator_clear(PyObject *object)
{
    iterator *self = (iterator *)(void *)object;
    Py_CLEAR(self->list);
    Py_CLEAR(self->failure);
    return 0;
}

static int iterator_traverse(PyObject *object, visitproc visit, void *arg)
{
    iterator *self = (iterator *)(void *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->list);
    Py_VISIT(self->failure);
    return 0;
}

static void iterator_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    (void)iterator_clear(object);
    PyObject_GC_Del(object);
    Py_DECREF(type);
}

static PyObject *raise_failure(PyObject *item)
{
    PyObject *exception = PyObject_GetAttrString(item, "exception");
    Py_DECREF(item);
    if (exception != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
        Py_DECREF(exception);
    }
    return NULL;
}

static PyObject *iterator_next(PyObject *object)
{
    iterator *self = (iterator *)(void *)object;
    while (self->list == NULL || self->at >= PyList_Size(self->list)) {
        PyObject *list = PyObject_CallMethod(object, "_refill", NULL);
        if (list == NULL) {
            return NULL;
        }
        if (!PyList_Check(list)) {
            Py_DECREF(list);
            PyErr_SetString(PyExc_TypeError, "_refill() must return a list");
            return NULL;
        }
        if (self->list != NULL && self->at < PyList_Size(self->list)) {
            /* another thread refilled meanwhile: this list comes after its own */
            PyObject *both = PySequence_InPlaceConcat(self->list, list);
            Py_XDECREF(both);
            Py_DECREF(list);
            if (both == NULL) {
                return NULL;
            }
            continue;
        }
        PyObject *before = self->list;
        self->list = list;
        self->at = 0;
        Py_XDECREF(before);
    }
    PyObject *item = Py_NewRef(PyList_GetItem(self->list, self->at));
    PyList_SetItem(self->list, self->at++, Py_NewRef(Py_None));
    return (PyObject *)Py_TYPE(item) == self->failure ? raise_failure(item) : item;
}

static PyObject *iterator_self(PyObject *object)
{
    return Py_NewRef(object);
}

int pe_py_add_iterator(PyObject *module)
{
    static PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t) "An iterator over the lists that _refill() gives."},
        {Py_tp_init, (void *)(uintptr_t)iterator_init},
        {Py_tp_dealloc, (void *)(uintptr_t)iterator_dealloc},
        {Py_tp_traverse, (void *)(uintptr_t)iterator_traverse},
        {Py_tp_clear, (void *)(uintptr_t)iterator_clear},
        {Py_tp_iter, (void *)(uintptr_t)iterator_self},
        {Py_tp_iternext, (void *)(uintptr_t)iterator_next},
        {0, NULL},
    };
    static PyType_Spec spec = {
        .name = "pengine._core.Iterator",
        .basicsize = sizeof(iterator),
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
        .slots = slots,
    };
    PyObject *type = PyType_FromSpec(&spec);
    const int failed = type == NULL || PyModule_AddObjectRef(module, "Iterator", type) != 0;
    Py_XDECREF(type);
    return failed ? -1 : 0;
}
