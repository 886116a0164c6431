/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* name_form.c - a built-in kernel, found by its name.
 *
 * Threads: the main thread.
 * Not here: overload resolution (overload.c).
 */
#include "kernel/form.h"

#include "kernel/registry.h"

static pe_status open_name(const pe_form_spec *spec, const pe_buffer *object, pe_form *form, pe_error *err)
{
    (void)object;
    const pe_kernel *kernel = NULL;
    if (spec->may_wrap)
        return pe_fail(err, PE_ECONFIG,
                       "%s: a built-in kernel never wraps: overflow = \"wrap\" goes with expr and source, such as "
                       "expr = \"x*x\"",
                       spec->where);
    const pe_kernel_request request = pe_form_request(spec, spec->name);
    const pe_status status = pe_registry_pick(&request, &kernel, &form->signature, err);
    if (status == PE_OK)
        form->kernel = *kernel;
    return status;
}

const pe_form_ops pe_form_name = {.open = open_name};
