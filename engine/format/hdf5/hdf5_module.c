/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_module.c - the table that the module shows.
 *
 * Threads:  no state.
 */
#include "format/hdf5/hdf5_module.h"

#include "format/hdf5/hdf5_internal.h"

const pe_hdf5_functions pe_hdf5_module = {.head = {PENGINE_VERSION, PE_HDF5_SHARED_BYTES},
                                          .open = pe_hdf5_dataset_open,
                                          .close = pe_hdf5_dataset_close,
                                          .read = pe_hdf5_dataset_read,
                                          .create = pe_hdf5_file_create};
