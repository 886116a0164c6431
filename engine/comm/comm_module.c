/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm_module.c - opens the shared module with the backend on MPI.
 *
 * Threads: any.
 */
#include "comm/comm_module.h"

#include "comm/comm_backend.h"

pe_status pe_comm_module_open(const char *path, const pe_comm_module **out, pe_error *err)
{
    static pe_module module = {
        .name = "MPI",
        .file = "comm_mpi.so",
        .symbol = "pe_comm_mpi_module",
        .variable = "PENGINE_MPI_MODULE",
        .bytes = sizeof(pe_comm),
        .status = PE_EUSAGE,
        .absent = "start this pengine without mpirun or srun, build it with MPI (cmake -DPENGINE_MPI=ON)",
        .broken = "to run without mpirun or srun needs none; else install the MPI that pengine was built with"};
    const pe_module_head *head = NULL;
    const pe_status status = pe_module_open(&module, path, &head, err);
    *out = (const pe_comm_module *)head; /* whose first member it is */
    return status;
}
