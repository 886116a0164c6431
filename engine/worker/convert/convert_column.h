/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* convert_column.h - a column in another type, item by item exact or failed.
 */
#ifndef PE_CONVERT_COLUMN_H
#define PE_CONVERT_COLUMN_H

#include "kernel/failures.h"
#include "types/dtype.h"

/* pe_convert_column - convert the items from number `first` on. One with an element that does not fit fails, with zero in
 * that element's place; the others go on after it.
 *
 * Params:  seconds: that a failed item is said to have taken
 * Returns: PE_OK; PE_ENOMEM: no room for the failures
 */
pe_status pe_convert_column(pe_type from, const void *in, pe_type to, void *out, uint64_t first, size_t count,
                            double seconds, pe_failures *failures, pe_error *err);

#endif
