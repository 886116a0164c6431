/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled.c - the extension module pengine._compiled: compiled kernels over buffers of Python, on the threads of pool.h.
 *
 * Design: a thin face. The arguments are objects with a contiguous buffer, or lists of texts; the results are writable buffers,
 *         or None where texts are wanted, which come back as lists. What types and lengths buffers must have was checked in
 *         Python (_compute.py); here only sizes are checked, so that no call can write beside a buffer. Pools and kernels are
 *         capsules.
 * Threads: the GIL is free while items are computed; it is taken ten times a second, to see whether Ctrl-C was pressed
 *          and to call tick(items), where that is not None.
 */
#include "compiled.h"

/* A reason of a kernel's may be any bytes. */
static PyObject *text_of(const char *text)
{
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace");
}

PyObject *pe_py_raise_fault(const pe_fault *fault)
{
    PyObject *values = Py_BuildValue("iKN", fault->code, (unsigned long long)fault->item, text_of(fault->text));
    if (values != NULL) {
        PyErr_SetObject(PyExc_RuntimeError, values);
        Py_DECREF(values);
    }
    return NULL;
}

static void close_pool(PyObject *capsule)
{
    pe_pool *pool = PyCapsule_GetPointer(capsule, PE_PY_POOL);
    Py_BEGIN_ALLOW_THREADS;
    pe_pool_close(pool);
    Py_END_ALLOW_THREADS;
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
    return pool == NULL ? pe_py_raise_fault(&fault) : PyCapsule_New(pool, PE_PY_POOL, close_pool);
}

/* What has to be done now and then while items are computed: 0, or -1 with an exception set. */
static int look_up(const pe_pool_task *task, PyObject *tick)
{
    if (PyErr_CheckSignals() != 0) {
        return -1;
    }
    PyObject *answer = tick == Py_None ? Py_NewRef(Py_None)
                                       : PyObject_CallFunction(tick, "K", (unsigned long long)pe_pool_items(task));
    Py_XDECREF(answer);
    return answer == NULL ? -1 : 0;
}

/* Waits for a task; -1 with an exception set where a signal's handler or tick raised one, and the task is cancelled then. */
static int wait_for(pe_pool_task *task, PyObject *tick, pe_fault *fault)
{
    int ended = 0;
    while (!ended) {
        Py_BEGIN_ALLOW_THREADS;
        ended = pe_pool_test(task, 0.1);
        Py_END_ALLOW_THREADS;
        if (!ended && look_up(task, tick) != 0) {
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
        PyObject *entry =
            Py_BuildValue("KiN", (unsigned long long)failures[i].item, (int)failures[i].outcome, text_of(reason));
        if (entry == NULL) {
            Py_CLEAR(list);
        } else {
            PyList_SetItem(list, (Py_ssize_t)i, entry);
        }
    }
    return list;
}

/* (code, item, text, failures, texts) of a call whose columns are ready. */
static PyObject *compute(pe_pool_kernel *kernel, const pe_pool_call *call, PyObject *tick, pe_py_columns *columns)
{
    pe_fault fault = {.item = UINT64_MAX};
    pe_pool_task *task = pe_pool_start(kernel, call, &fault);
    if (task == NULL) {
        return pe_py_raise_fault(&fault);
    }
    PyObject *result = NULL;
    const int code = wait_for(task, tick, &fault);
    if (code >= 0) {
        PyObject *failures = failures_of(task);
        PyObject *texts = code == 0 ? pe_py_texts(columns, call->count) : Py_NewRef(Py_None);
        if (failures != NULL && texts != NULL) {
            result = Py_BuildValue("iKNOO", code, (unsigned long long)fault.item, text_of(code == 0 ? "" : fault.text),
                                   failures, texts);
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
    PyObject *capsule = NULL, *inputs = NULL, *outputs = NULL, *outcomes = NULL, *tick = NULL;
    unsigned long long count = 0, chunk = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "OKO!O!OKO", &capsule, &count, &PyTuple_Type, &inputs, &PyTuple_Type, &outputs,
                          &outcomes, &chunk, &tick)) {
        return NULL;
    }
    pe_pool_kernel *kernel = PyCapsule_GetPointer(capsule, PE_PY_KERNEL);
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
        result = compute(kernel, &call, tick, &columns);
    }
    pe_py_release_columns(&columns);
    return result;
}

static PyMethodDef methods[] = {
    {"open", open_pool, METH_VARARGS, "open(threads) -> pool"},
    {"load", pe_py_load_kernel, METH_VARARGS, "load(pool, job, columns) -> kernel"},
    {"use", pe_py_use_batch, METH_VARARGS,
     "use(pool, address, signature, errors) -> kernel, of a function of whole batches"},
    {"results", pe_py_kernel_results, METH_O, "results(kernel) -> ((dtype, width), ...)"},
    {"signature", pe_py_kernel_signature, METH_O, "signature(kernel) -> str"},
    {"run", run, METH_VARARGS,
     "run(kernel, count, inputs, outputs, outcomes, chunk, tick) -> (code, item, text, failures, texts)"},
    {"open_buffers", pe_py_open_buffers, METH_NOARGS,
     "open_buffers() -> what Buffer(it, size) keeps a freed buffer in"},
    {"close_buffers", pe_py_close_buffers, METH_O, "close_buffers(buffers): no freed buffer is kept any more"},
    {NULL, NULL, 0, NULL},
};

static int fill(PyObject *module)
{
    return pe_py_add_buffer(module);
}

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)(uintptr_t)fill}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "pengine._compiled",
    .m_doc = "Compiled kernels over buffers.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__compiled(void);
PyMODINIT_FUNC PyInit__compiled(void)
{
    return PyModuleDef_Init(&definition);
}
