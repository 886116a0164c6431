/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* shared_module.h - a shared module of the engine: a part that is linked with a library which few runs need.
 *
 * Design:  neither the program nor the library needs such a library to start: MPI, libhdf5. A module shows one symbol, a
 *          table of its functions that begins with a pe_module_head. It is opened when it is first needed and stays open.
 */
#ifndef PE_SHARED_MODULE_H
#define PE_SHARED_MODULE_H

#include <stdatomic.h>
#include <stddef.h>

#include "base/error.h"

/* How the table of every module begins. */
typedef struct pe_module_head {
    char version[32]; /* of pengine: module and engine share structs, so they are of one version */
    size_t bytes;     /* of the structs that they share */
} pe_module_head;

typedef struct pe_module {
    const char *name;     /* of what it brings: "MPI" */
    const char *file;     /* "comm_mpi.so" */
    const char *symbol;   /* of its table */
    const char *variable; /* of the environment: another path of the file */
    size_t bytes;         /* those of its head must be the same */
    pe_status status;     /* of a failure */
    const char *absent;   /* what to do where there is no such file */
    const char *broken;   /* what to do where it cannot be loaded: a library that it needs is missing */
    _Atomic(const pe_module_head *) opened; /* NULL at first; written and read by any thread */
} pe_module;

/* pe_module_open - get the table of a module, which is loaded at the first call and never closed.
 *
 * Call:    any thread
 * Params:  path: the file, where it is known; NULL, or where there is none: the path in the environment's variable, else
 *          the file near this library or program, else where it is installed
 * Returns: PE_OK; module->status, naming the file and what is wrong with it: there is none, a library is missing, another
 *          version
 */
pe_status pe_module_open(pe_module *module, const char *path, const pe_module_head **out, pe_error *err);

#endif
