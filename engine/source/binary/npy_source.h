/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_source.h - what npy and npz share: a mapped npy file becomes rows.
 */
#ifndef PE_NPY_SOURCE_H
#define PE_NPY_SOURCE_H

#include "format/npy.h"
#include "source/binary/binary_rows.h"

/* pe_npy_open_at - the header of the npy file that is `size` bytes of source->map from `begin` on, checked, as layout and
 * info.
 * Returns: PE_OK, PE_EDATA (no npy, truncated, a dtype that is none of ours), PE_ECONFIG (columns, dtype) */
pe_status pe_npy_open_at(pe_binary_source *binary, uint64_t begin, size_t size, pe_error *err);

/* pe_npy_take_fields - the columns of a structured array: those that the spec chooses, or all.
 * Returns: PE_OK, PE_ECONFIG for a name that does not exist, PE_EDATA for a field that cannot be read */
pe_status pe_npy_take_fields(pe_binary_source *binary, const pe_npy_header *header, uint32_t width, pe_error *err);

#endif
