/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shared_module.c - finds and opens a shared module of the engine.
 *
 * Design:  modules are in the folder pengine/ of the installed libraries. They are looked for from where this code is (a
 *          shared library, an extension of Python) and from the program, so that an installation can be moved; in a build
 *          tree they lie beside the program. They are opened with RTLD_GLOBAL, since Open MPI and libhdf5 open parts of
 *          their own that look for their symbols; no MPI can be started twice, so nothing is closed.
 * Threads: any. dlopen() locks, and gives two threads the same library.
 */
#include "os/shared_module.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 4096

/* Seen from the folder that the code is in: a library, a program, a build tree, a program of its tests. */
static const char *const places[] = {"pengine/", PENGINE_LIBS_FROM_BIN "/pengine/", "", "../"};

/* Cuts the file's name off its path. */
static bool folder_of(char path[PATH_ROOM])
{
    char *const slash = strrchr(path, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

static bool folder_of_code(char out[PATH_ROOM])
{
    static const char here = 'x';
    Dl_info info;
    if (dladdr(&here, &info) == 0 || info.dli_fname == NULL || strchr(info.dli_fname, '/') == NULL)
        return false;
    return snprintf(out, PATH_ROOM, "%s", info.dli_fname) < PATH_ROOM && folder_of(out);
}

static bool folder_of_program(char out[PATH_ROOM])
{
    const ssize_t size = readlink("/proc/self/exe", out, PATH_ROOM - 1);
    if (size <= 0 || size >= PATH_ROOM - 1)
        return false;
    out[size] = '\0';
    return folder_of(out);
}

static bool find_from(const char *folder, const char *file, char out[PATH_ROOM])
{
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
        if (snprintf(out, PATH_ROOM, "%s/%s%s", folder, places[p], file) < PATH_ROOM && access(out, R_OK) == 0)
            return true;
    return false;
}

static void find(const pe_module *module, char out[PATH_ROOM])
{
    char folder[PATH_ROOM];
    const char *const given = getenv(module->variable);
    if (given != NULL && *given != '\0') {
        (void)snprintf(out, PATH_ROOM, "%s", given);
        return;
    }
    if (folder_of_code(folder) && find_from(folder, module->file, out))
        return;
    if (folder_of_program(folder) && find_from(folder, module->file, out))
        return;
    (void)snprintf(out, PATH_ROOM, "%s/pengine/%s", PENGINE_LIBS_INSTALLED, module->file);
}

static pe_status load(const pe_module *module, const char *path, const pe_module_head **out, pe_error *err)
{
    if (access(path, F_OK) != 0)
        return pe_fail(err, module->status, "%s is not available: there is no %s: %s, or set %s to the path of %s",
                       module->name, path, module->absent, module->variable, module->file);
    void *const library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (library == NULL)
        return pe_fail(err, module->status, "%s is not available: %s: %s, or set %s to the path of another %s",
                       module->name, dlerror(), module->broken, module->variable, module->file);
    const pe_module_head *const head = dlsym(library, module->symbol);
    if (head == NULL)
        return pe_fail(err, module->status, "%s is not the %s module of pengine", path, module->name);
    if (strncmp(head->version, PENGINE_VERSION, sizeof head->version) != 0 || head->bytes != module->bytes)
        return pe_fail(err, module->status, "%s is of pengine %.31s, and this is pengine " PENGINE_VERSION, path,
                       head->version);
    *out = head;
    return PE_OK;
}

pe_status pe_module_open(pe_module *module, const char *path, const pe_module_head **out, pe_error *err)
{
    char found[PATH_ROOM];
    *out = atomic_load_explicit(&module->opened, memory_order_acquire);
    if (*out != NULL)
        return PE_OK;
    if (path == NULL || access(path, R_OK) != 0) {
        find(module, found);
        path = found;
    }
    const pe_status status = load(module, path, out, err);
    if (status == PE_OK) /* release: a thread that reads the address reads what the library's constructors wrote */
        atomic_store_explicit(&module->opened, *out, memory_order_release);
    return status;
}
