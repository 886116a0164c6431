/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_dtypes.h - [input] dtype as a table: the dtypes of some columns by their names.
 */
#ifndef PE_COLUMN_DTYPES_H
#define PE_COLUMN_DTYPES_H

#include "source/source_vtable.h"

/* pe_column_dtypes_set - the columns of the table get their types in info.types, and are typed.
 * Params:  names: what the file calls its columns, NULL: nothing; [input] names are known too. is_other: is a column that
 *          is no argument called so? NULL: there are none
 * Returns: PE_OK; PE_ECONFIG for a name that no column has, with the names there are */
pe_status pe_column_dtypes_set(pe_source *source, const char *const *names,
                               bool (*is_other)(const pe_source *source, const char *name), pe_error *err);

/* pe_column_dtypes_check - a table needs columns. PE_ECONFIG for a source that has none. */
pe_status pe_column_dtypes_check(const pe_source_spec *spec, pe_format format, pe_error *err);

#endif
