/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5.c - hdf5.h by way of the module with libhdf5.
 *
 * Threads:  any; libhdf5's lock is in the module (hdf5_library.c).
 * Not here: libhdf5.
 */
#include "format/hdf5/hdf5.h"

#include "format/hdf5/hdf5_module.h"

static pe_status open_module(const pe_hdf5_functions **out, pe_error *err)
{
    static pe_module module = {.name = "HDF5",
                               .file = "hdf5.so",
                               .symbol = "pe_hdf5_module",
                               .variable = "PENGINE_HDF5_MODULE",
                               .bytes = PE_HDF5_SHARED_BYTES,
                               .status = PE_ECONFIG,
                               .absent = "build this pengine with HDF5 (libhdf5-dev, cmake -DPENGINE_HDF5=ON)",
                               .broken = "install the libhdf5 that pengine was built with, and its HL part"};
    const pe_module_head *head = NULL;
    const pe_status status = pe_module_open(&module, NULL, &head, err);
    *out = (const pe_hdf5_functions *)head; /* whose first member it is */
    return status;
}

pe_status pe_hdf5_check(const char *where, pe_error *err)
{
    const pe_hdf5_functions *functions;
    pe_error reason = PE_ERROR_INIT;
    if (open_module(&functions, &reason) == PE_OK)
        return PE_OK;
    return pe_fail(err, reason.status, "%s: %s", where, reason.text);
}

pe_status pe_hdf5_open(const char *path, const char *dataset, const char *where, pe_hdf5 **out, pe_hdf5_facts *facts,
                       pe_error *err)
{
    const pe_hdf5_functions *functions;
    const pe_status status = open_module(&functions, err);
    *out = NULL;
    return status == PE_OK ? functions->open(path, dataset, where, out, facts, err) : status;
}

void pe_hdf5_close(pe_hdf5 *file)
{
    const pe_hdf5_functions *functions;
    pe_error ignored = PE_ERROR_INIT; /* what opened the file is open */
    if (file != NULL && open_module(&functions, &ignored) == PE_OK)
        functions->close(file);
}

pe_status pe_hdf5_read(pe_hdf5 *file, uint64_t first, uint64_t count, unsigned char *out, pe_error *err)
{
    const pe_hdf5_functions *functions;
    const pe_status status = open_module(&functions, err);
    return status == PE_OK ? functions->read(file, first, count, out, err) : status;
}

pe_status pe_hdf5_create(const char *path, const pe_hdf5_layout *layout, uint64_t *offset, pe_error *err)
{
    const pe_hdf5_functions *functions;
    const pe_status status = open_module(&functions, err);
    return status == PE_OK ? functions->create(path, layout, offset, err) : status;
}
