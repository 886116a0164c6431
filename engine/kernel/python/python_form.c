/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* python_form.c - a function of a Python file as a kernel.
 *
 * Design: open starts one process, so that a file that cannot be imported is refused before the first item; the first
 *         worker keeps that process. The signature gives the types; without one the arguments have the columns' types
 *         (text, where a column has none) and the result is text, as str() gives it.
 *         [kernel.params] are keyword arguments of the function.
 * Threads: open and close: the main thread. The kernel: one process a worker.
 * Not here: the protocol with a process (python_worker.c), the process itself (worker.py).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/call.h"
#include "kernel/process/process_form.h"
#include "kernel/python/python_internal.h"
#include "types/number.h"

#define PATH_ROOM 4096

/* "f.py:name", split; file is a path that the process can open. */
typedef struct target {
    char file[PATH_ROOM];
    const char *name;
} target;

static pe_status split_target(const pe_form_spec *spec, const char *key, const char *text, target *out, pe_error *err)
{
    const char *const colon = strrchr(text, ':');
    if (colon == NULL || colon == text || colon[1] == '\0')
        return pe_fail(err, PE_ECONFIG, "%s: %s: expected \"file.py:function\", got \"%s\"", spec->where, key, text);
    const pe_status status = pe_process_form_path(spec, text, (size_t)(colon - text), out->file, sizeof out->file, err);
    out->name = colon + 1;
    return status;
}

/* ---- the handshake: what a new process reads first ---- */

static pe_status append_field(pe_buffer *out, const void *data, size_t size, pe_error *err)
{
    const uint64_t bytes = size;
    const pe_status status = pe_buffer_append(out, &bytes, sizeof bytes, err);
    return status == PE_OK ? pe_buffer_append(out, data, size, err) : status;
}

static pe_status append_string(pe_buffer *out, const char *string, pe_error *err)
{
    return append_field(out, string, strlen(string), err);
}

static pe_status append_types(pe_buffer *out, const pe_type *types, int count, pe_error *err)
{
    pe_buffer list = {0};
    pe_status status = PE_OK;
    for (int t = 0; t < count && status == PE_OK; t++) {
        char name[PE_TYPE_NAME_ROOM];
        status = pe_buffer_printf(&list, err, "%s%s", t == 0 ? "" : ",", pe_type_print(types[t], name));
    }
    if (status == PE_OK)
        status = append_field(out, list.data, list.size, err);
    pe_buffer_fini(&list);
    return status;
}

/* Three strings: the name, a letter for the type, the value. */
static pe_status append_param(pe_buffer *out, const pe_param *param, pe_error *err)
{
    char number[PE_NUMBER_ROOM];
    const bool is_int = param->dtype == PE_INT64 || param->dtype == PE_BOOL;
    const char *const end = is_int ? pe_print_int64(number, param->integer) : pe_print_float64(number, param->real);
    const char *const kind = param->dtype == PE_BOOL    ? "b"
                             : param->dtype == PE_INT64 ? "i"
                             : param->dtype == PE_TEXT  ? "t"
                                                        : "r";
    pe_status status = append_string(out, param->name, err);
    if (status == PE_OK)
        status = append_string(out, kind, err);
    if (status == PE_OK && param->dtype == PE_TEXT)
        status = append_field(out, param->text.data, param->text.size, err);
    else if (status == PE_OK)
        status = append_field(out, number, (size_t)(end - number), err);
    return status;
}

static pe_status make_handshake(const pe_form_spec *spec, pe_python *form, pe_error *err)
{
    target function, initializer = {.file = "", .name = ""};
    pe_buffer *const out = &form->handshake;
    pe_status status = split_target(spec, "python", spec->python, &function, err);
    if (status == PE_OK && spec->initializer != NULL)
        status = split_target(spec, "initializer", spec->initializer, &initializer, err);
    const uint64_t fields = 8 + 3 * spec->setup.param_count;
    const char *const paths[] = {function.file, function.name, initializer.file, initializer.name};
    if (status == PE_OK)
        status = pe_buffer_append(out, pe_worker_py, pe_worker_py_size, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, &fields, sizeof fields, err);
    for (int p = 0; p < 4 && status == PE_OK; p++)
        status = append_string(out, paths[p], err);
    if (status == PE_OK)
        status = append_types(out, form->signature.args, form->signature.arg_count, err);
    if (status == PE_OK)
        status = append_types(out, form->signature.results, form->signature.result_count, err);
    if (status == PE_OK)
        status = append_string(out, spec->signature == NULL ? "1" : "0", err);
    if (status == PE_OK) {
        char room[PE_NUMBER_ROOM];
        status = append_field(out, room, (size_t)(pe_print_int64(room, PE_REASON_ROOM - 1) - room), err);
    }
    for (size_t p = 0; p < spec->setup.param_count && status == PE_OK; p++)
        status = append_param(out, &spec->setup.params[p], err);
    return status;
}

/* ---- the kernel ---- */

static int open_worker(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)setup; /* the handshake has it */
    pe_python *const form = *(pe_python *const *)kernel->context;
    pe_error err = PE_ERROR_INIT;
    pe_python_worker *made = atomic_exchange_explicit(
        &form->started, NULL, memory_order_acq_rel); /* acquires what the worker was written by */
    if (made == NULL && pe_python_worker_make(form, &made, &err) != PE_OK)
        return 1;
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
    if (status == PE_OK)
        atomic_store_explicit(&form->started, worker,
                              memory_order_release); /* publishes the worker to the thread that takes it */
    else
        pe_python_worker_free(worker);
    return status;
}

static pe_status open_python(const pe_form_spec *spec, const pe_buffer *object, pe_form *out, pe_error *err)
{
    (void)object;
    pe_python *form = NULL;
    pe_status status = pe_make_array(&form, 1, sizeof *form, err);
    if (status != PE_OK)
        return status;
    const char *const chosen = getenv("PENGINE_PYTHON");
    form->self = form;
    form->where = spec->where;
    form->interpreter = chosen != NULL && chosen[0] != '\0' ? chosen : "python3";
    form->max_items = spec->max_items_per_worker;
    form->timeout_ns = spec->timeout_ns;
    form->stop = spec->stop;
    (void)snprintf(form->boot, sizeof form->boot,
                   "requests = open(3, 'rb', 1 << 18); exec(compile(requests.read(%zu), 'pengine', 'exec'))",
                   pe_worker_py_size);
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
        status = make_handshake(spec, form, err);
    if (status == PE_OK)
        status = check(form, err);
    out->signature = form->signature;
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
