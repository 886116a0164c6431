/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm_module.h - the backend on MPI as a shared module (os/shared_module.h), which is opened only where MPI is wanted.
 *
 * Design:  the module holds comm_mpi.c, which is linked with MPI; so another MPI is another build of that one file.
 */
#ifndef PE_COMM_MODULE_H
#define PE_COMM_MODULE_H

#include "comm/comm.h"
#include "os/shared_module.h"

typedef struct pe_comm_module {
    pe_module_head head; /* bytes: sizeof(pe_comm) */
    /* Start MPI and become a rank of all that the launcher started. */
    pe_status (*open_world)(pe_comm **out, pe_error *err);
    /* A duplicate of the caller's communicator, whose bytes are passed. Collective. */
    pe_status (*open_given)(const void *communicator, size_t size, pe_comm **out, pe_error *err);
} pe_comm_module;

extern const pe_comm_module pe_comm_mpi_module; /* inside the module */

/* pe_comm_module_open - get the module, which is opened at the first call and never closed.
 *
 * Params:  path: the file; NULL: $PENGINE_MPI_MODULE, else comm_mpi.so near this library or program, else where it is
 *          installed
 * Returns: PE_OK; PE_EUSAGE naming the file and what is wrong with it: there is none, MPI is not installed, another
 *          version
 */
pe_status pe_comm_module_open(const char *path, const pe_comm_module **out, pe_error *err);

#endif
