/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_find.h - finds a dataset of an open file.
 */
#ifndef PE_HDF5_FIND_H
#define PE_HDF5_FIND_H

#include "format/hdf5/hdf5_internal.h"

/* pe_hdf5_find - open the dataset `wanted`, or the only one (NULL). As pe_hdf5_open; under the lock. */
pe_status pe_hdf5_find(hid_t file, const char *path, const char *wanted, const char *where, hid_t *out, pe_error *err);

#endif
