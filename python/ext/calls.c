/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* calls.c - a worker process's loop over the items of one task, with what the pool sees of it meanwhile.
 *
 * Design: before each call the item's number goes into the worker's slot of shared memory. So the pool knows which item killed
 *         a worker or takes too long, and the worker asks no clock. A task is begun by one compare and swap of slot.begun, from
 *         its predecessor's number to its own; the pool takes a task back that waits for a slow one by the same swap.
 * Threads: the GIL is held, except for the watcher, which never takes it: it must end the process whatever Python does.
 */
#include "module.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* Exported by Python 3.11 and in the stable API since 3.12. */
extern PyObject *PyObject_Vectorcall(PyObject *callable, PyObject *const *args, size_t count, PyObject *names);

pe_slot *pe_py_slot(const Py_buffer *view, Py_ssize_t offset)
{
    if (offset < 0 || offset % 8 != 0 || view->len < (Py_ssize_t)sizeof(pe_slot) ||
        offset > view->len - (Py_ssize_t)sizeof(pe_slot)) {
        PyErr_SetString(PyExc_ValueError, "the slot is outside of the shared memory");
        return NULL;
    }
    return (pe_slot *)(void *)((char *)view->buf + offset);
}

PyObject *pe_py_claim(PyObject *module, PyObject *args)
{
    (void)module;
    Py_buffer view;
    Py_ssize_t offset = 0;
    unsigned long long task = 0;
    if (!PyArg_ParseTuple(args, "w*nK", &view, &offset, &task)) {
        return NULL;
    }
    pe_slot *slot = pe_py_slot(&view, offset);
    uint64_t before = task - 1;
    /* acquire, release: the thread that loses the swap sees all that the other wrote before it */
    const int won = slot != NULL && __atomic_compare_exchange_n(&slot->begun, &before, (uint64_t)task, 0,
                                                                __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    PyBuffer_Release(&view);
    return slot == NULL ? NULL : PyBool_FromLong(won);
}

static PyObject *call_unpacked(PyObject *function, PyObject *item)
{
    if (Py_IS_TYPE(item, &PyTuple_Type)) {
        return PyObject_Call(function, item, NULL);
    }
    PyObject *arguments = PySequence_Tuple(item);
    if (arguments == NULL) {
        return NULL;
    }
    PyObject *result = PyObject_Call(function, arguments, NULL);
    Py_DECREF(arguments);
    return result;
}

/* Calls for items first .. of a list, each result appended. Returns 0, or -1 with the exception of the call that failed. */
static int call_all(PyObject *function, PyObject *items, Py_ssize_t first, PyObject *results, int star, pe_slot *slot)
{
    for (Py_ssize_t i = first; i < PyList_Size(items); i++) {
        /* relaxed: single words, read for messages and time limits alone */
        __atomic_store_n(&slot->item, (uint64_t)i, __ATOMIC_RELAXED);
        __atomic_store_n(&slot->calls, slot->calls + 1, __ATOMIC_RELAXED);
        PyObject *item = PyList_GetItem(items, i);
        PyObject *result = star ? call_unpacked(function, item) : PyObject_Vectorcall(function, &item, 1, NULL);
        if (result == NULL) {
            return -1;
        }
        const int failed = PyList_Append(results, result);
        Py_DECREF(result);
        if (failed) {
            return -1;
        }
    }
    return 0;
}

PyObject *pe_py_run(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *function = NULL, *items = NULL, *results = NULL;
    Py_ssize_t first = 0, offset = 0;
    int star = 0;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "OOnOpw*n", &function, &items, &first, &results, &star, &view, &offset)) {
        return NULL;
    }
    int failed = -1;
    pe_slot *slot = pe_py_slot(&view, offset);
    if (!PyList_Check(items) || !PyList_Check(results)) {
        PyErr_SetString(PyExc_TypeError, "run: expected lists of items and of results");
    } else if (slot != NULL) {
        failed = call_all(function, items, first, results, star, slot);
    }
    PyBuffer_Release(&view);
    return failed ? NULL : Py_NewRef(Py_None);
}

/* Ends the process and what it started when the other end of the pipe is gone. */
static void *watch(void *context)
{
    const int fd = (int)(intptr_t)context;
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    while (poll(&entry, 1, -1) < 0) {
    }
    if (getpgrp() == getpid()) {
        (void)kill(0, SIGKILL);
    }
    (void)kill(getpid(), SIGKILL);
    return NULL;
}

PyObject *pe_py_watch(PyObject *module, PyObject *args)
{
    (void)module;
    int fd = -1;
    if (!PyArg_ParseTuple(args, "i", &fd)) {
        return NULL;
    }
    /* no signal's handler may run in this thread */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    const int failed = pthread_create(&thread, NULL, watch, (void *)(intptr_t)fd);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        PyErr_SetString(PyExc_RuntimeError, "cannot start a thread");
        return NULL;
    }
    pthread_detach(thread);
    return Py_NewRef(Py_None);
}
