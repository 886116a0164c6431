/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* result_buffer.c - pengine._compiled.Buffer, the memory of a large result, which the next large result of a pool uses again.
 *
 * Design: to make new pages takes as long as to compute a simple result into them. So a pool keeps one buffer that was freed, the
 *         larger one where it already has one. The next result takes it where it is large enough, and the rest of it is unmapped;
 *         else all of it is. So a pool never keeps more than its largest result. What it keeps is given to the kernel with
 *         MADV_FREE: the pages stay until another program needs memory. Every view of an array holds its Buffer, so memory that
 *         can still be seen is never used again.
 * Threads: the GIL is held, also when a Buffer is freed.
 */
#include "compiled.h"

#include <sys/mman.h>

static const size_t PAGE = 1U << 16 /* or a part of it */, HUGE_PAGE = 1U << 21;

/* What a pool keeps, in a capsule; the buffers that it made hold the capsule. */
typedef struct kept_buffer {
    char *at; /* NULL for none */
    size_t size;
    int is_closed; /* nothing is kept any more */
} kept_buffer;

typedef struct buffer {
    PyObject_HEAD /* Python's own */
        PyObject *capsule;
    char *at; /* NULL until it is mapped */
    size_t size;
} buffer;

static void drop(kept_buffer *kept)
{
    if (kept->at != NULL)
        (void)munmap(kept->at, kept->size);
    kept->at = NULL;
    kept->size = 0;
}

/* The kept buffer, cut to this size; NULL where there is none as large, and what was kept is unmapped then. */
static char *take_kept(kept_buffer *kept, size_t size)
{
    char *const at = kept->at;
    if (size > kept->size) {
        drop(kept);
        return NULL;
    }
    if (size < kept->size)
        (void)munmap(at + size, kept->size - size);
    *kept = (kept_buffer){.is_closed = kept->is_closed};
    return at;
}

static void give_back(kept_buffer *kept, char *at, size_t size)
{
    if (kept->is_closed || size <= kept->size || madvise(at, size, MADV_FREE) != 0) {
        (void)munmap(at, size);
        return;
    }
    drop(kept);
    kept->at = at;
    kept->size = size;
}

/* New memory that begins with a huge page; NULL where there is none. */
static char *map_new(size_t size)
{
    char *const at = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    const size_t skipped = (HUGE_PAGE - (uintptr_t)at % HUGE_PAGE) % HUGE_PAGE;
    if (skipped > 0)
        (void)munmap(at, skipped);
    (void)munmap(at + skipped + size, HUGE_PAGE - skipped);
    (void)madvise(at + skipped, size, MADV_HUGEPAGE);
    return at + skipped;
}

static PyObject *buffer_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    PyObject *capsule = NULL;
    Py_ssize_t wanted = 0;
    (void)names;
    if (!PyArg_ParseTuple(args, "On", &capsule, &wanted))
        return NULL;
    kept_buffer *const kept = PyCapsule_GetPointer(capsule, PE_PY_KEPT_BUFFER);
    if (kept == NULL)
        return NULL;
    if (wanted <= 0 || (size_t)wanted > SIZE_MAX / 4) {
        PyErr_Format(PyExc_ValueError, "Buffer: expected a size above 0, got %zd", wanted);
        return NULL;
    }
    PyObject *const object = PyType_GenericAlloc(type, 0);
    if (object == NULL)
        return NULL;
    buffer *const self = (buffer *)(void *)object;
    self->capsule = Py_NewRef(capsule);
    self->size = ((size_t)wanted + PAGE - 1) / PAGE * PAGE;
    self->at = take_kept(kept, self->size);
    if (self->at == NULL)
        self->at = map_new(self->size);
    if (self->at == NULL) {
        Py_DECREF(object);
        return PyErr_NoMemory();
    }
    return object;
}

static void buffer_dealloc(PyObject *object)
{
    PyTypeObject *const type = Py_TYPE(object);
    buffer *const self = (buffer *)(void *)object;
    if (self->at != NULL)
        give_back(PyCapsule_GetPointer(self->capsule, PE_PY_KEPT_BUFFER), self->at, self->size);
    Py_XDECREF(self->capsule);
    PyObject_Free(object);
    Py_DECREF(type);
}

static int buffer_get(PyObject *object, Py_buffer *view, int flags)
{
    buffer *const self = (buffer *)(void *)object;
    return PyBuffer_FillInfo(view, object, self->at, (Py_ssize_t)self->size, 0, flags);
}

static void free_kept(PyObject *capsule)
{
    kept_buffer *const kept = PyCapsule_GetPointer(capsule, PE_PY_KEPT_BUFFER);
    drop(kept);
    free(kept);
}

PyObject *pe_py_open_buffers(PyObject *module, PyObject *none)
{
    (void)module;
    (void)none;
    kept_buffer *const kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        return PyErr_NoMemory();
    PyObject *const capsule = PyCapsule_New(kept, PE_PY_KEPT_BUFFER, free_kept);
    if (capsule == NULL)
        free(kept);
    return capsule;
}

PyObject *pe_py_close_buffers(PyObject *module, PyObject *capsule)
{
    (void)module;
    kept_buffer *const kept = PyCapsule_GetPointer(capsule, PE_PY_KEPT_BUFFER);
    if (kept == NULL)
        return NULL;
    drop(kept);
    kept->is_closed = 1;
    return Py_NewRef(Py_None);
}

int pe_py_add_buffer(PyObject *module)
{
    static PyType_Slot slots[] = {
        {Py_tp_doc, (void *)(uintptr_t) "Memory of a result."},
        {Py_tp_new, (void *)(uintptr_t)buffer_new},
        {Py_tp_dealloc, (void *)(uintptr_t)buffer_dealloc},
        {Py_bf_getbuffer, (void *)(uintptr_t)buffer_get},
        {0, NULL},
    };
    static PyType_Spec spec = {
        .name = "pengine._compiled.Buffer",
        .basicsize = sizeof(buffer),
        .flags = Py_TPFLAGS_DEFAULT,
        .slots = slots,
    };
    PyObject *type = PyType_FromSpec(&spec);
    const int failed = type == NULL || PyModule_AddObjectRef(module, "Buffer", type) != 0;
    Py_XDECREF(type);
    return failed ? -1 : 0;
}
