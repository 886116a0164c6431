/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* long_list.c - the list that the results of a map are put into.
 *
 * Design: its places are unset, and its memory is new, so that it costs nothing until results come; that of a long list is
 *         advised to be huge pages: ten million places in small pages cost a sixth of the time in which the results are made.
 *         The limited API does not say where a list's places lie. Python's allocator is wrapped while it makes the list, to see
 *         the address. The garbage collector knows a list only once all its places are set, so that no other code finds it.
 * Threads: the GIL is held. Since Python 3.12 an interpreter with a GIL of its own may allocate through the wrapper meanwhile.
 */
#include "module.h"

#include <sys/mman.h>

enum { OF_MEMORY = 1 }; /* PYMEM_DOMAIN_MEM */
/* From this size on malloc maps memory for each block. */
static const size_t LONG = 1U << 25, HUGE_PAGE = 1U << 21;

/* Exported by Python, but no part of the limited API: absent in a Python that has none. */
typedef struct allocator {
    void *context;
    void *(*malloc)(void *context, size_t size);
    void *(*calloc)(void *context, size_t count, size_t size);
    void *(*realloc)(void *context, void *at, size_t size);
    void (*free)(void *context, void *at);
} allocator;
#pragma weak PyMem_GetAllocator
#pragma weak PyMem_SetAllocator
extern void PyMem_GetAllocator(int domain, allocator *found);
extern void PyMem_SetAllocator(int domain, allocator *used);

static allocator pythons; /* as found */

/* Advises the whole huge pages of a block. */
static void advise(char *at, size_t size)
{
    const size_t skipped = (HUGE_PAGE - (uintptr_t)at % HUGE_PAGE) % HUGE_PAGE;
    (void)madvise(at + skipped, (size - skipped) / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
}

static void *calloc_and_advise(void *context, size_t count, size_t size)
{
    void *const at = pythons.calloc(context, count, size);
    if (at != NULL && count * size >= LONG)
        advise(at, count * size);
    return at;
}

static PyObject *new_list(Py_ssize_t count)
{
    if ((size_t)count < LONG / sizeof(PyObject *) || PyMem_GetAllocator == NULL || PyMem_SetAllocator == NULL)
        return PyList_New(count);
    PyMem_GetAllocator(OF_MEMORY, &pythons);
    allocator wrapper = pythons;
    wrapper.calloc = calloc_and_advise;
    PyMem_SetAllocator(OF_MEMORY, &wrapper);
    PyObject *const list = PyList_New(count);
    PyMem_SetAllocator(OF_MEMORY, &pythons);
    return list;
}

PyObject *pe_py_unset_list(PyObject *module, PyObject *count)
{
    (void)module;
    const Py_ssize_t places = PyLong_AsSsize_t(count);
    if (places < 0) {
        if (!PyErr_Occurred())
            PyErr_Format(PyExc_ValueError, "unset_list: expected a count of 0 or more, got %zd", places);
        return NULL;
    }
    PyObject *const list = new_list(places);
    if (list != NULL)
        PyObject_GC_UnTrack(list);
    return list;
}

PyObject *pe_py_set_list(PyObject *module, PyObject *list)
{
    (void)module;
    if (!PyList_Check(list)) {
        PyErr_SetString(PyExc_TypeError, "set_list: expected a list");
        return NULL;
    }
    if (!PyObject_GC_IsTracked(list))
        PyObject_GC_Track(list);
    return Py_NewRef(Py_None);
}
