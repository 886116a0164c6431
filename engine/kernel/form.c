/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form.c - opens a kernel that is given in one of six forms as a kernel descriptor.
 *
 * Threads: the main thread.
 * Not here: the forms (name_form.c, plugin_form.c, compiled/, python/, command/).
 */
#include "kernel/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "kernel/isolate/isolate.h"
#include "kernel/process/process_form.h"

static const pe_form_ops *ops_of(pe_form_kind kind)
{
    static const pe_form_ops *const all[PE_FORM_COMMAND + 1] = {
        [PE_FORM_NAME] = &pe_form_name,     [PE_FORM_EXPR] = &pe_form_compiled, [PE_FORM_SOURCE] = &pe_form_compiled,
        [PE_FORM_PLUGIN] = &pe_form_plugin, [PE_FORM_PYTHON] = &pe_form_python, [PE_FORM_COMMAND] = &pe_form_command,
    };
    return all[kind];
}

/* The kernel is machine code that runs in this process, unless it is isolated. */
static bool is_native(pe_form_kind kind)
{
    return kind != PE_FORM_PYTHON && kind != PE_FORM_COMMAND;
}

pe_status pe_form_prepare(const pe_form_spec *spec, pe_buffer *object, pe_error *err)
{
    const pe_form_ops *ops = ops_of(spec->kind);
    return ops == NULL || ops->prepare == NULL ? PE_OK : ops->prepare(spec, object, err);
}

pe_status pe_form_open(const pe_form_spec *spec, const pe_buffer *object, pe_form **out, pe_error *err)
{
    pe_form *form = NULL;
    const pe_form_ops *ops = ops_of(spec->kind);
    if (ops == NULL)
        return pe_fail(err, PE_EKERNEL, "%s is not available in this version", spec->where);
    pe_status status = pe_make_array(&form, 1, sizeof *form, err);
    if (status != PE_OK)
        return status;
    form->ops = ops;
    form->is_in_processes = spec->is_isolated || !is_native(spec->kind);
    form->gives_in_order =
        !is_native(spec->kind) || (!spec->is_isolated && (spec->kind == PE_FORM_SOURCE || spec->kind == PE_FORM_EXPR));
    status = form->ops->open(spec, object, form, err);
    if (status == PE_OK && spec->is_isolated && is_native(spec->kind))
        status = pe_isolate_wrap(form, spec->timeout_ns, err);
    if (status != PE_OK) {
        pe_form_close(form);
        return status;
    }
    *out = form;
    return PE_OK;
}

/* The file that the kernel is in; a Python module, a name in PATH and an expression have none. */
static pe_status check_file(const pe_form_spec *spec, pe_error *err)
{
    char path[4096];
    const char *const colon = spec->python == NULL ? NULL : strrchr(spec->python, ':');
    const char *const name = spec->source != NULL ? spec->source : spec->plugin != NULL ? spec->plugin : spec->python;
    size_t size = name == NULL || pe_form_source_is_text(spec) ? 0 : strlen(name);
    if (spec->kind == PE_FORM_PYTHON)
        size = colon != NULL && colon - name > 3 && strncmp(colon - 3, ".py", 3) == 0 ? (size_t)(colon - name) : 0;
    if (size == 0)
        return PE_OK;
    const pe_status status = pe_process_form_path(spec, name, size, path, sizeof path, err);
    if (status != PE_OK || access(path, R_OK) == 0)
        return status;
    char reason[PE_ERRNO_TEXT_SIZE];
    return pe_fail(err, PE_EKERNEL, "%s: %s: %s", spec->where, path, pe_errno_text(errno, reason));
}

pe_status pe_form_check(const pe_form_spec *spec, pe_error *err)
{
    pe_form *form = NULL;
    pe_signature signature;
    char text[PE_SIGNATURE_ROOM];
    if (spec->kind == PE_FORM_NAME) {
        const pe_status status = pe_form_open(spec, NULL, &form, err);
        pe_form_close(form);
        return status;
    }
    const pe_status status = pe_process_form_signature(spec, "kernel", &signature, text, err);
    return status == PE_OK ? check_file(spec, err) : status;
}

void pe_form_close(pe_form *form)
{
    if (form == NULL)
        return;
    if (form->ops->close != NULL)
        form->ops->close(form);
    free(form);
}

const pe_kernel *pe_form_kernel(const pe_form *form)
{
    return &form->kernel;
}

const pe_signature *pe_form_signature(const pe_form *form)
{
    return &form->signature;
}

uint64_t pe_form_worker_bytes(const pe_form *form)
{
    return form->worker_bytes;
}

bool pe_form_gives_in_order(const pe_form *form)
{
    return form->gives_in_order;
}

bool pe_form_is_in_processes(const pe_form *form)
{
    return form->is_in_processes;
}
