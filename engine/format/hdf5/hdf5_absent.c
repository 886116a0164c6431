/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_absent.c - hdf5.h in a build without libhdf5: every function says what is missing.
 *
 * Threads:  no state.
 */
#include "format/hdf5/hdf5.h"

#include <stddef.h>

#define MISSING "this pengine was built without HDF5: build it with libhdf5-dev installed (cmake -DPENGINE_HDF5=ON)"

pe_status pe_hdf5_open(const char *path, const char *dataset, const char *where, pe_hdf5 **out, pe_hdf5_facts *facts,
                       pe_error *err)
{
    (void)dataset;
    (void)facts;
    *out = NULL;
    return pe_fail(err, PE_ECONFIG, "%s: %s: " MISSING, where, path);
}

void pe_hdf5_close(pe_hdf5 *file)
{
    (void)file;
}

pe_status pe_hdf5_read(pe_hdf5 *file, uint64_t first, uint64_t count, unsigned char *out, pe_error *err)
{
    (void)file;
    (void)first;
    (void)count;
    (void)out;
    return pe_fail(err, PE_EBUG, MISSING);
}

pe_status pe_hdf5_create(const char *path, const pe_hdf5_layout *layout, uint64_t *offset, pe_error *err)
{
    (void)layout;
    *offset = 0;
    return pe_fail(err, PE_ECONFIG, "%s: " MISSING, path);
}

pe_status pe_hdf5_check(const char *where, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG, "%s: " MISSING, where);
}
