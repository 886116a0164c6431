/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* bind_columns.h - assigns a file's columns to a kernel's arguments; a vector takes as many columns as it has elements.
 */
#ifndef PE_BIND_COLUMNS_H
#define PE_BIND_COLUMNS_H

#include "source/source_vtable.h"

/* pe_bind_columns - may `columns` columns become the source->want_count types at want?
 * Params:  columns that are info.untyped parse as any dtype; others cast from their info.types, of which
 *          a vector is several columns.
 * Returns: PE_OK; PE_ECONFIG when the elements wanted are not as many as the columns, or the cast could lose value */
pe_status pe_bind_columns(const pe_source *source, const pe_type *want, uint64_t columns, pe_error *err);

/* pe_bound_argument - the place in info.types of a file's column: a dtype that is a vector takes several columns. */
int pe_bound_argument(const pe_source *source, uint64_t column);

#endif
