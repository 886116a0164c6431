/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_internal.h - what the files of hdf5/ share.
 */
#ifndef PE_HDF5_INTERNAL_H
#define PE_HDF5_INTERNAL_H

#include <hdf5.h>

#include "format/hdf5/hdf5.h"

/* As in hdf5.h, of which these are the functions; the file of a close is not NULL. */
pe_status pe_hdf5_dataset_open(const char *path, const char *dataset, const char *where, pe_hdf5 **out,
                               pe_hdf5_facts *facts, pe_error *err);
void pe_hdf5_dataset_close(pe_hdf5 *file);
pe_status pe_hdf5_dataset_read(pe_hdf5 *file, uint64_t first, uint64_t count, unsigned char *out, pe_error *err);
pe_status pe_hdf5_file_create(const char *path, const pe_hdf5_layout *layout, uint64_t *offset, pe_error *err);

/* pe_hdf5_lock - from here to pe_hdf5_unlock this thread alone calls libhdf5, which is silent. */
void pe_hdf5_lock(void);
void pe_hdf5_unlock(void);

/* pe_hdf5_fail - "NAME: what: the reason that libhdf5 gives"; under the lock. */
pe_status pe_hdf5_fail(pe_error *err, pe_status status, const char *name, const char *what);

/* pe_hdf5_access - make a property list for opening files: no locks of files, which network file systems lack. */
hid_t pe_hdf5_access(void);

/* pe_hdf5_describe - describe an element's type as a field: dtype, order, kind. elements and element_bytes are set. */
void pe_hdf5_describe(hid_t type, pe_hdf5_field *out);

/* pe_hdf5_type - make a type for elements of a dtype, little-endian, or of a text of `bytes` bytes. Negative: none. */
hid_t pe_hdf5_type(pe_dtype dtype, size_t bytes, pe_hdf5_pad pad);

/* pe_hdf5_vector - the same as an array of `elements`, where they are several; takes over type. */
hid_t pe_hdf5_vector(hid_t type, uint32_t elements);

#endif
