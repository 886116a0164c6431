/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_kernel.c - kernels that are loaded into a pool, as Python's objects.
 *
 * Design: a kernel's capsule keeps alive what the kernel needs: its pool's capsule, and the function of batches that it calls.
 * Threads: the GIL is free while a kernel is compiled.
 */
#include "compiled.h"

static const char BATCH[] = "pengine batch function";

static void unload_kernel(PyObject *capsule)
{
    pe_pool_kernel *kernel = PyCapsule_GetPointer(capsule, PE_PY_KERNEL);
    PyObject *needed = PyCapsule_GetContext(capsule);
    Py_BEGIN_ALLOW_THREADS;
    pe_pool_unload(kernel);
    Py_END_ALLOW_THREADS;
    Py_XDECREF(needed);
}

/* A loaded kernel as an object that keeps what it needs; takes the reference to that. */
static PyObject *kernel_object(pe_pool_kernel *kernel, const pe_fault *fault, PyObject *needed)
{
    PyObject *capsule = kernel == NULL ? pe_py_raise_fault(fault) : PyCapsule_New(kernel, PE_PY_KERNEL, unload_kernel);
    if (capsule != NULL) {
        PyCapsule_SetContext(capsule, needed);
        return capsule;
    }
    if (kernel != NULL)
        pe_pool_unload(kernel);
    Py_DECREF(needed);
    return NULL;
}

PyObject *pe_py_load_kernel(PyObject *module, PyObject *args)
{
    PyObject *owner = NULL;
    const char *job = NULL, *columns = NULL;
    pe_fault fault = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "Oss", &owner, &job, &columns)) {
        return NULL;
    }
    pe_pool *pool = PyCapsule_GetPointer(owner, PE_PY_POOL);
    if (pool == NULL) {
        return NULL;
    }
    pe_pool_kernel *kernel = NULL;
    Py_BEGIN_ALLOW_THREADS;
    kernel = pe_pool_load(pool, job, columns, &fault);
    Py_END_ALLOW_THREADS;
    return kernel_object(kernel, &fault, Py_NewRef(owner));
}

/* A function of the caller's that computes many items at once. */
typedef struct batch_function {
    int (*compute)(size_t count, const void *const *args, void *const *results);
    pe_kernel kernel;
    char signature[]; /* the kernel's */
} batch_function;

static int compute_batch(pe_batch *batch)
{
    const batch_function *self = batch->kernel->context;
    return self->compute(batch->count, batch->args, batch->results);
}

static void free_batch(PyObject *capsule)
{
    free(PyCapsule_GetPointer(capsule, BATCH));
}

static PyObject *new_batch(unsigned long long address, const char *signature)
{
    const size_t size = strlen(signature) + 1;
    batch_function *self = malloc(sizeof *self + size);
    if (self == NULL) {
        return PyErr_NoMemory();
    }
    const uintptr_t place = (uintptr_t)address;
    memcpy(&self->compute, &place, sizeof self->compute); /* ISO C has no cast of a number to a function */
    memcpy(self->signature, signature, size);
    self->kernel = (pe_kernel){.abi = PE_KERNEL_ABI,
                               .size = sizeof self->kernel,
                               .name = "pointer",
                               .signature = self->signature,
                               .map = compute_batch,
                               .context = self};
    PyObject *capsule = PyCapsule_New(self, BATCH, free_batch);
    if (capsule == NULL) {
        free(self);
    }
    return capsule;
}

PyObject *pe_py_use_batch(PyObject *module, PyObject *args)
{
    PyObject *owner = NULL;
    unsigned long long address = 0;
    const char *signature = NULL, *errors = NULL;
    pe_fault fault = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "OKss", &owner, &address, &signature, &errors)) {
        return NULL;
    }
    pe_pool *pool = PyCapsule_GetPointer(owner, PE_PY_POOL);
    PyObject *batch = pool == NULL ? NULL : new_batch(address, signature);
    PyObject *needed = batch == NULL ? NULL : PyTuple_Pack(2, owner, batch);
    Py_XDECREF(batch);
    if (needed == NULL) {
        return NULL;
    }
    const batch_function *self = PyCapsule_GetPointer(batch, BATCH); /* the tuple has it */
    pe_pool_kernel *kernel = NULL;
    Py_BEGIN_ALLOW_THREADS;
    kernel = pe_pool_use(pool, &self->kernel, errors, &fault);
    Py_END_ALLOW_THREADS;
    return kernel_object(kernel, &fault, needed);
}

/* ((dtype's number, width), ...) of the results. */
PyObject *pe_py_kernel_results(PyObject *module, PyObject *capsule)
{
    (void)module;
    const pe_pool_kernel *kernel = PyCapsule_GetPointer(capsule, PE_PY_KERNEL);
    if (kernel == NULL) {
        return NULL;
    }
    const int count = pe_pool_result_count(kernel);
    PyObject *list = PyTuple_New(count);
    for (int r = 0; list != NULL && r < count; r++) {
        const pe_pool_type type = pe_pool_result(kernel, r);
        PyTuple_SetItem(list, r, Py_BuildValue("iI", (int)type.dtype, type.width));
    }
    return list;
}

PyObject *pe_py_kernel_signature(PyObject *module, PyObject *capsule)
{
    (void)module;
    const pe_pool_kernel *kernel = PyCapsule_GetPointer(capsule, PE_PY_KERNEL);
    return kernel == NULL ? NULL : PyUnicode_FromString(pe_pool_signature(kernel));
}
