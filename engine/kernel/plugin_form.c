/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plugin_form.c - the kernel form `plugin`: loads a shared library that exports `pengine_plugin`.
 *
 * Invariant: the ABI number and the size of each struct are checked before any other field is read.
 * Design:   the library stays loaded after the form is closed, since threads that it started (as a BLAS does) may still
 *           run its code.
 * Threads:  the main thread.
 * Not here: overload resolution (overload.c).
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/suggest.h"
#include "kernel/form.h"
#include "kernel/overload.h"

#define NAMES_ROOM 480u /* of the list of kernels in a message */

typedef struct opened {
    const pe_form_spec *spec;
    const pe_plugin *plugin;
    const char **names; /* each name once, in the plugin's order */
    size_t name_count;
} opened;

static const char *last_error(void)
{
    const char *text = dlerror();
    return text != NULL ? text : "the dynamic linker gave no reason";
}

/* Loads the library. Its path always contains a slash, so that dlopen does not search the system's library path. */
static pe_status load(const pe_form_spec *spec, void **library, pe_error *err)
{
    const bool is_absolute = spec->plugin[0] == '/';
    const bool is_here = spec->directory == NULL || spec->directory[0] == '\0';
    pe_buffer path = {0};
    const pe_status status = pe_buffer_printf(&path, err, "%s%s%s",
                                              is_absolute ? ""
                                              : is_here   ? "."
                                                          : spec->directory,
                                              is_absolute ? "" : "/", spec->plugin);
    if (status != PE_OK)
        return status;
    *library = dlopen((const char *)path.data, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    pe_buffer_fini(&path);
    return *library != NULL ? PE_OK : pe_fail(err, PE_EKERNEL, "%s: %s", spec->where, last_error());
}

static pe_status check_numbers(const pe_form_spec *spec, const char *what, uint32_t abi, uint32_t size, size_t our_size,
                               pe_error *err)
{
    if (abi != PE_KERNEL_ABI) {
        return pe_fail(err, PE_EKERNEL,
                       "%s: %s: %s is of ABI %u, but this pengine takes ABI %u: compile the plugin with the "
                       "pengine/kernel.h of this pengine",
                       spec->where, spec->plugin, what, abi, PE_KERNEL_ABI);
    }
    if (size != our_size) {
        return pe_fail(err, PE_EKERNEL,
                       "%s: %s: %s says that it is %u bytes, but this pengine's is %zu: compile the plugin with the "
                       "pengine/kernel.h of this pengine",
                       spec->where, spec->plugin, what, size, our_size);
    }
    return PE_OK;
}

static pe_status check_kernel(const pe_form_spec *spec, const pe_kernel *kernel, size_t number, pe_error *err)
{
    char what[40];
    (void)snprintf(what, sizeof what, "kernel number %zu", number);
    if (kernel == NULL)
        return pe_fail(err, PE_EKERNEL, "%s: %s: %s is NULL", spec->where, spec->plugin, what);
    const pe_status status = check_numbers(spec, what, kernel->abi, kernel->size, sizeof *kernel, err);
    if (status != PE_OK)
        return status;
    const char *const missing = kernel->name == NULL || kernel->name[0] == '\0' ? "name"
                                : kernel->signature == NULL                     ? "signature"
                                : kernel->map == NULL                           ? "map"
                                                                                : NULL;
    if (missing != NULL)
        return pe_fail(err, PE_EKERNEL, "%s: %s: %s has no %s", spec->where, spec->plugin, what, missing);
    return PE_OK;
}

static pe_status check_plugin(const pe_form_spec *spec, const pe_plugin *plugin, pe_error *err)
{
    pe_status status = check_numbers(spec, "pengine_plugin", plugin->abi, plugin->size, sizeof *plugin, err);
    if (status != PE_OK)
        return status;
    if (plugin->count == 0 || plugin->kernels == NULL)
        return pe_fail(err, PE_EKERNEL, "%s: %s: pengine_plugin has no kernels", spec->where, spec->plugin);
    for (size_t k = 0; status == PE_OK && k < plugin->count; k++)
        status = check_kernel(spec, plugin->kernels[k], k, err);
    return status;
}

static bool has_name(const opened *self, const char *name)
{
    size_t n = 0;
    while (n < self->name_count && strcmp(self->names[n], name) != 0)
        n++;
    return n < self->name_count;
}

static pe_status list_names(opened *self, pe_error *err)
{
    const pe_status status = pe_make_array(&self->names, self->plugin->count, sizeof *self->names, err);
    for (size_t k = 0; status == PE_OK && k < self->plugin->count; k++)
        if (!has_name(self, self->plugin->kernels[k]->name))
            self->names[self->name_count++] = self->plugin->kernels[k]->name;
    return status;
}

static void print_names(const opened *self, char out[NAMES_ROOM])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t n = 0; n < self->name_count && used < NAMES_ROOM; n++)
        used += (size_t)snprintf(out + used, NAMES_ROOM - used, "%s\"%s\"", n == 0 ? "" : ", ", self->names[n]);
}

static pe_status choose_name(const opened *self, const char **name, pe_error *err)
{
    const pe_form_spec *spec = self->spec;
    char all[NAMES_ROOM];
    *name = spec->name != NULL ? spec->name : self->names[0];
    if (spec->name != NULL ? has_name(self, spec->name) : self->name_count == 1)
        return PE_OK;
    print_names(self, all);
    if (spec->name == NULL) {
        return pe_fail(err, PE_ECONFIG, "%s: %s has %zu kernels, so kernel.name must say which: %s", spec->where,
                       spec->plugin, self->name_count, all);
    }
    const char *const meant = pe_suggest(spec->name, self->names, self->name_count);
    if (meant != NULL) {
        return pe_fail(err, PE_EKERNEL, "%s: %s has no kernel \"%s\"; did you mean \"%s\"?", spec->where, spec->plugin,
                       spec->name, meant);
    }
    return pe_fail(err, PE_EKERNEL, "%s: %s has no kernel \"%s\"; it has %s", spec->where, spec->plugin, spec->name,
                   all);
}

static pe_status pick(const opened *self, pe_form *form, pe_error *err)
{
    const pe_form_spec *spec = self->spec;
    const pe_kernel *kernel = NULL;
    pe_kernel_request request = pe_form_request(spec, NULL); /* the name is chosen now */
    pe_status status = choose_name(self, &request.name, err);
    if (status == PE_OK)
        status = pe_overload_pick(&request, self->plugin->kernels, self->plugin->count, &kernel, &form->signature, err);
    if (status == PE_OK)
        form->kernel = *kernel;
    return status;
}

static pe_status open_plugin(const pe_form_spec *spec, const pe_buffer *object, pe_form *form, pe_error *err)
{
    (void)object;
    opened self = {.spec = spec};
    pe_status status = load(spec, &form->state, err);
    if (status != PE_OK)
        return status;
    self.plugin = dlsym(form->state, "pengine_plugin");
    if (self.plugin == NULL)
        return pe_fail(err, PE_EKERNEL, "%s: %s; a plugin exports `const pe_plugin pengine_plugin` of pengine/kernel.h",
                       spec->where, last_error());
    status = check_plugin(spec, self.plugin, err);
    if (status == PE_OK)
        status = list_names(&self, err);
    if (status == PE_OK)
        status = pick(&self, form, err);
    free(self.names);
    return status;
}

static void close_plugin(pe_form *form)
{
    if (form->state != NULL)
        (void)dlclose(form->state);
}

const pe_form_ops pe_form_plugin = {.open = open_plugin, .close = close_plugin};
