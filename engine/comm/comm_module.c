/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm_module.c - finds and opens the shared module with the backend on MPI.
 *
 * Design:  the module lies in the folder pengine/ of the installed libraries. It is looked for from where this code lies (a
 *          shared library, an extension of Python) and from the program, so that an installation can be moved; in a build
 *          tree it lies beside the program. It is opened with RTLD_GLOBAL, since Open MPI opens parts of its own that look
 *          for its symbols, and it stays open, since no MPI can be started twice.
 * Threads: any.
 */
#include "comm/comm_module.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "comm/comm_backend.h"

#define PATH_ROOM 4096
#define MODULE "comm_mpi.so"

/* Seen from the folder that the code is in: a library, a program, a build tree, a program of its tests. */
static const char *const places[] = {"pengine/" MODULE, PENGINE_LIBS_FROM_BIN "/pengine/" MODULE, MODULE, "../" MODULE};

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

static bool find_from(const char *folder, char out[PATH_ROOM])
{
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
        if (snprintf(out, PATH_ROOM, "%s/%s", folder, places[p]) < PATH_ROOM && access(out, R_OK) == 0)
            return true;
    return false;
}

static void find(char out[PATH_ROOM])
{
    char folder[PATH_ROOM];
    const char *const given = getenv("PENGINE_MPI_MODULE");
    if (given != NULL && *given != '\0') {
        (void)snprintf(out, PATH_ROOM, "%s", given);
        return;
    }
    if (folder_of_code(folder) && find_from(folder, out))
        return;
    if (folder_of_program(folder) && find_from(folder, out))
        return;
    (void)snprintf(out, PATH_ROOM, "%s/pengine/" MODULE, PENGINE_LIBS_INSTALLED);
}

static pe_status load(const char *path, const pe_comm_module **out, pe_error *err)
{
    void *const library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (library == NULL)
        return pe_fail(err, PE_EUSAGE,
                       "MPI is not available: %s: to run without mpirun or srun needs none; else install the MPI that "
                       "pengine was built with, or set PENGINE_MPI_MODULE to the path of " MODULE,
                       dlerror());
    const pe_comm_module *const module = dlsym(library, "pe_comm_mpi_module");
    if (module == NULL)
        return pe_fail(err, PE_EUSAGE, "%s is not the MPI module of pengine", path);
    if (strncmp(module->version, PENGINE_VERSION, sizeof module->version) != 0 || module->comm_bytes != sizeof(pe_comm))
        return pe_fail(err, PE_EUSAGE, "%s is of pengine %.31s, and this is pengine " PENGINE_VERSION, path,
                       module->version);
    *out = module;
    return PE_OK;
}

pe_status pe_comm_module_open(const char *path, const pe_comm_module **out, pe_error *err)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static const pe_comm_module *opened; /* under the mutex */
    char found[PATH_ROOM];
    (void)pthread_mutex_lock(&mutex);
    if (opened == NULL) {
        if (path == NULL || access(path, R_OK) != 0)
            find(found);
        (void)load(path == NULL || access(path, R_OK) != 0 ? found : path, &opened, err);
    }
    *out = opened;
    (void)pthread_mutex_unlock(&mutex);
    return err->status;
}
