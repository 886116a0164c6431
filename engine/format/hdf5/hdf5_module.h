/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_module.h - the functions of hdf5.h as a shared module (os/shared_module.h), which is opened for a job with HDF5 alone.
 *
 * Design:  libhdf5 brings 30 more libraries, which take longer to load than pengine. The module holds the files of this
 *          folder that call it; hdf5.c is in the engine and opens the module.
 */
#ifndef PE_HDF5_MODULE_H
#define PE_HDF5_MODULE_H

#include "format/hdf5/hdf5.h"
#include "os/shared_module.h"

typedef struct pe_hdf5_functions {
    pe_module_head head; /* bytes: sizeof(pe_hdf5_facts) + sizeof(pe_hdf5_layout) */
    pe_status (*open)(const char *path, const char *dataset, const char *where, pe_hdf5 **out, pe_hdf5_facts *facts,
                      pe_error *err);
    void (*close)(pe_hdf5 *file); /* not NULL */
    pe_status (*read)(pe_hdf5 *file, uint64_t first, uint64_t count, unsigned char *out, pe_error *err);
    pe_status (*create)(const char *path, const pe_hdf5_layout *layout, uint64_t *offset, pe_error *err);
} pe_hdf5_functions;

#define PE_HDF5_SHARED_BYTES (sizeof(pe_hdf5_facts) + sizeof(pe_hdf5_layout))

extern const pe_hdf5_functions pe_hdf5_module; /* inside the module */

#endif
