/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* python_form.c - a function of a Python file or module as a kernel.
 *
 * Design: open starts one process, so that a file that cannot be imported is refused before the first item; the first
 *         worker keeps that process. The signature gives the types; without one the arguments have the columns' types
 *         (of a text file, what its first records are) and the result is text, as str() gives it.
 *         [kernel.params] are keyword arguments of the function.
 * Threads: open and close: the main thread. The kernel: one process per worker.
 * Not here: the protocol with a process (python_worker.c), what it reads first (python_handshake.c), the process itself
 *          (worker.py).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/call.h"
#include "kernel/process/process_form.h"
#include "kernel/python/python_internal.h"

/* Set to 1 for a worker, which is one of as many as there are cores; a variable that the user has set stays. */
static const char *const thread_variables[] = {"OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1",
                                               "BLIS_NUM_THREADS=1", "NUMEXPR_NUM_THREADS=1"};
_Static_assert(sizeof thread_variables / sizeof *thread_variables < PE_PYTHON_VARIABLES, "room for all, and NULL");

static void choose_variables(const char *chosen[PE_PYTHON_VARIABLES])
{
    int count = 0;
    for (size_t v = 0; v < sizeof thread_variables / sizeof *thread_variables; v++) {
        char name[40];
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(thread_variables[v], "="), thread_variables[v]);
        if (getenv(name) == NULL)
            chosen[count++] = thread_variables[v];
    }
    chosen[count] = NULL;
}

/* A name is looked for in PATH; a path is relative to the job file's folder. */
static pe_status choose_interpreter(const pe_form_spec *spec, char out[PE_PYTHON_PATH], pe_error *err)
{
    const char *const variable = getenv("PENGINE_PYTHON");
    const char *const name = spec->interpreter != NULL                 ? spec->interpreter
                             : variable != NULL && variable[0] != '\0' ? variable
                                                                       : "python3";
    if (strchr(name, '/') != NULL && spec->interpreter != NULL)
        return pe_process_form_path(spec, name, strlen(name), out, PE_PYTHON_PATH, err);
    const int size = snprintf(out, PE_PYTHON_PATH, "%s", name);
    return size < PE_PYTHON_PATH ? PE_OK
                                 : pe_fail(err, PE_ECONFIG, "%s: the interpreter's path is longer than %d bytes",
                                           spec->where, PE_PYTHON_PATH - 1);
}

/* ---- the kernel ---- */

static int open_worker(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)setup; /* the handshake has it */
    pe_python *const form = *(pe_python *const *)kernel->context;
    pe_error err = PE_ERROR_INIT;
    /* acquires what the main thread wrote to the worker */
    pe_python_worker *made = atomic_exchange_explicit(&form->started, NULL, memory_order_acq_rel);
    if (made == NULL && pe_python_worker_make(form, &made, &err) != PE_OK) {
        pe_call_refuse_for_lack(err.text);
        return 1;
    }
    *worker = made;
    return 0;
}

static void close_worker(void *worker)
{
    pe_python_worker_free(worker);
}

static int map(pe_batch *batch)
{
    return pe_python_worker_map(batch->worker, batch);
}

/* ---- the form ---- */

static pe_status check(pe_python *form, pe_error *err)
{
    pe_python_worker *worker = NULL;
    pe_status status = pe_python_worker_make(form, &worker, err);
    if (status == PE_OK)
        status = pe_python_worker_start(worker, err);
    if (status != PE_OK) {
        pe_python_worker_free(worker);
        return status;
    }
    form->worker_bytes = pe_python_worker_bytes(worker);
    atomic_store_explicit(&form->started, worker, memory_order_release); /* with what was written to it */
    return PE_OK;
}

static pe_status open_python(const pe_form_spec *spec, const pe_buffer *object, pe_form *out, pe_error *err)
{
    (void)object;
    pe_python *form = NULL;
    pe_status status = pe_make_array(&form, 1, sizeof *form, err);
    if (status != PE_OK)
        return status;
    form->self = form;
    form->where = spec->where;
    form->initializer = spec->initializer;
    form->max_items = spec->max_items_per_worker;
    form->timeout_ns = spec->timeout_ns;
    form->stop = spec->stop;
    choose_variables(form->variables);
    /* The current folder leaves the path before anything is imported. */
    (void)snprintf(form->boot, sizeof form->boot,
                   "import sys; sys.path[:1] == [''] and sys.path.pop(0); requests = open(3, 'rb', 1 << 18); "
                   "exec(compile(requests.read(%zu), 'pengine', 'exec'))",
                   pe_python_program_bytes());
    out->state = form;
    out->kernel = (pe_kernel){.abi = PE_KERNEL_ABI,
                              .size = sizeof out->kernel,
                              .name = spec->python,
                              .signature = form->signature_text,
                              .summary = "a Python function",
                              .map = map,
                              .open = open_worker,
                              .close = close_worker,
                              .context = &form->self};
    status = pe_process_form_signature(spec, spec->python, &form->signature, form->signature_text, err);
    if (status == PE_OK)
        status = choose_interpreter(spec, form->interpreter, err);
    if (status == PE_OK)
        status = pe_python_make_handshake(spec, form, err);
    if (status == PE_OK)
        status = check(form, err);
    out->signature = form->signature;
    out->worker_bytes = form->worker_bytes;
    return status;
}

static void close_python(pe_form *out)
{
    pe_python *const form = out->state;
    if (form == NULL)
        return;
    pe_python_worker_free(atomic_exchange_explicit(&form->started, NULL, memory_order_acq_rel));
    pe_buffer_fini(&form->handshake);
    free(form);
}

const pe_form_ops pe_form_python = {.open = open_python, .close = close_python};
