/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled.c - the extension module pengine._compiled: compiled kernels over buffers of Python, on the threads of pool.h.
 *
 * Design: a thin face. The arguments are objects with a contiguous buffer, or lists of texts; the results are writable buffers, or
 *         None where texts are wanted, which come back as lists. What types and lengths buffers must have was checked in Python
 *         (_compute.py); here only sizes are checked, so that no call can write beside a buffer. Pools and kernels are capsules; a
 *         kernel's capsule keeps its pool's alive.
 * Threads: the GIL is free while items are computed; it is taken ten times a second, to see whether Ctrl-C was pressed.
 */
#include "compiled.h"

static const char POOL[] = "pengine pool", KERNEL[] = "pengine kernel", BATCH[] = "pengine batch function";

/* Raises pengine's Fault(code, item, text), that _compute.py turns into an exception of Python's own kinds. */
static PyObject *raise_fault(const pe_fault *fault)
{
    PyObject *values = Py_BuildValue("iKs", fault->code, (unsigned long long)fault->item, fault->text);
    if (values != NULL) {
        PyErr_SetObject(PyExc_RuntimeError, values);
        Py_DECREF(values);
    }
    return NULL;
}

static void close_pool(PyObject *capsule)
{
    pe_pool *pool = PyCapsule_GetPointer(capsule, POOL);
    Py_BEGIN_ALLOW_THREADS;
    pe_pool_close(pool);
    Py_END_ALLOW_THREADS;
}

static void unload_kernel(PyObject *capsule)
{
    pe_pool_kernel *kernel = PyCapsule_GetPointer(capsule, KERNEL);
    PyObject *needed = PyCapsule_GetContext(capsule);
    Py_BEGIN_ALLOW_THREADS;
    pe_pool_unload(kernel);
    Py_END_ALLOW_THREADS;
    Py_XDECREF(needed);
}

/* A loaded kernel as an object that keeps what it needs; takes the reference to that. */
static PyObject *kernel_object(pe_pool_kernel *kernel, const pe_fault *fault, PyObject *needed)
{
    PyObject *capsule = kernel == NULL ? raise_fault(fault) : PyCapsule_New(kernel, KERNEL, unload_kernel);
    if (capsule != NULL) {
        PyCapsule_SetContext(capsule, needed);
        return capsule;
    }
    if (kernel != NULL)
        pe_pool_unload(kernel);
    Py_DECREF(needed);
    return NULL;
}

static PyObject *open_pool(PyObject *module, PyObject *args)
{
    pe_pool_options options = {0};
    pe_fault fault = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "i", &options.threads)) {
        return NULL;
    }
    pe_pool *pool = NULL;
    Py_BEGIN_ALLOW_THREADS;
    pool = pe_pool_open(&options, &fault);
    Py_END_ALLOW_THREADS;
    return pool == NULL ? raise_fault(&fault) : PyCapsule_New(pool, POOL, close_pool);
}

static PyObject *load_kernel(PyObject *module, PyObject *args)
{
    PyObject *owner = NULL;
    const char *job = NULL, *columns = NULL;
    pe_fault fault = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "Oss", &owner, &job, &columns)) {
        return NULL;
    }
    pe_pool *pool = PyCapsule_GetPointer(owner, POOL);
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

static PyObject *use_batch(PyObject *module, PyObject *args)
{
    PyObject *owner = NULL;
    unsigned long long address = 0;
    const char *signature = NULL, *errors = NULL;
    pe_fault fault = {0};
    (void)module;
    if (!PyArg_ParseTuple(args, "OKss", &owner, &address, &signature, &errors)) {
        return NULL;
    }
    pe_pool *pool = PyCapsule_GetPointer(owner, POOL);
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
static PyObject *kernel_results(PyObject *module, PyObject *capsule)
{
    (void)module;
    const pe_pool_kernel *kernel = PyCapsule_GetPointer(capsule, KERNEL);
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

static PyObject *kernel_signature(PyObject *module, PyObject *capsule)
{
    (void)module;
    const pe_pool_kernel *kernel = PyCapsule_GetPointer(capsule, KERNEL);
    return kernel == NULL ? NULL : PyUnicode_FromString(pe_pool_signature(kernel));
}

/* Waits for a task; -1 with an exception set where a signal's handler raised one, and the task is cancelled then. */
static int wait_for(pe_pool_task *task, pe_fault *fault)
{
    int ended = 0;
    while (!ended) {
        Py_BEGIN_ALLOW_THREADS;
        ended = pe_pool_test(task, 0.1);
        Py_END_ALLOW_THREADS;
        if (!ended && PyErr_CheckSignals() != 0) {
            pe_pool_cancel(task);
            Py_BEGIN_ALLOW_THREADS;
            (void)pe_pool_wait(task, fault);
            Py_END_ALLOW_THREADS;
            return -1;
        }
    }
    return pe_pool_wait(task, fault);
}

static PyObject *failures_of(const pe_pool_task *task)
{
    const pe_pool_failure *failures = NULL;
    const size_t count = pe_pool_failures(task, &failures);
    PyObject *list = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; list != NULL && i < count; i++) {
        const char *reason = failures[i].reason == NULL ? "" : failures[i].reason;
        PyObject *entry = Py_BuildValue("KiN", (unsigned long long)failures[i].item, (int)failures[i].outcome,
                                        PyUnicode_DecodeUTF8(reason, (Py_ssize_t)strlen(reason), "replace"));
        if (entry == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SetItem(list, (Py_ssize_t)i, entry);
        }
    }
    return list;
}

/* (code, item, text, failures, texts) of a call whose columns are ready. */
static PyObject *compute(pe_pool_kernel *kernel, const pe_pool_call *call, pe_py_columns *columns)
{
    pe_fault fault = {.item = UINT64_MAX};
    pe_pool_task *task = pe_pool_start(kernel, call, &fault);
    if (task == NULL) {
        return raise_fault(&fault);
    }
    PyObject *result = NULL;
    const int code = wait_for(task, &fault);
    if (code >= 0) {
        PyObject *failures = failures_of(task);
        PyObject *texts = code == 0 ? pe_py_texts(columns, call->count) : Py_NewRef(Py_None);
        if (failures != NULL && texts != NULL) {
            result = Py_BuildValue("iKsOO", code, (unsigned long long)fault.item, code == 0 ? "" : fault.text, failures,
                                   texts);
        }
        Py_XDECREF(failures);
        Py_XDECREF(texts);
    }
    Py_BEGIN_ALLOW_THREADS;
    pe_pool_free(task);
    Py_END_ALLOW_THREADS;
    return result;
}

static PyObject *run(PyObject *module, PyObject *args)
{
    PyObject *capsule = NULL, *inputs = NULL, *outputs = NULL, *outcomes = NULL;
    unsigned long long count = 0, chunk = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "OKO!O!OK", &capsule, &count, &PyTuple_Type, &inputs, &PyTuple_Type, &outputs,
                          &outcomes, &chunk)) {
        return NULL;
    }
    pe_pool_kernel *kernel = PyCapsule_GetPointer(capsule, KERNEL);
    if (kernel == NULL) {
        return NULL;
    }
    pe_py_columns columns = {0};
    PyObject *result = NULL;
    if (pe_py_take_columns(&columns, kernel, count, inputs, outputs, outcomes) == 0) {
        const pe_pool_call call = {.count = count,
                                   .args = columns.args,
                                   .results = columns.results,
                                   .outcomes = columns.outcomes,
                                   .chunk_size = chunk};
        result = compute(kernel, &call, &columns);
    }
    pe_py_release_columns(&columns);
    return result;
}

static PyMethodDef methods[] = {
    {"open", open_pool, METH_VARARGS, "open(threads) -> pool"},
    {"load", load_kernel, METH_VARARGS, "load(pool, job, columns) -> kernel"},
    {"use", use_batch, METH_VARARGS, "use(pool, address, signature, errors) -> kernel, of a function of whole batches"},
    {"results", kernel_results, METH_O, "results(kernel) -> ((dtype, width), ...)"},
    {"signature", kernel_signature, METH_O, "signature(kernel) -> str"},
    {"run", run, METH_VARARGS,
     "run(kernel, count, inputs, outputs, outcomes, chunk) -> (code, item, text, failures, texts)"},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "pengine._compiled",
    .m_doc = "Compiled kernels over buffers.",
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__compiled(void);
PyMODINIT_FUNC PyInit__compiled(void)
{
    return PyModuleDef_Init(&definition);
}
