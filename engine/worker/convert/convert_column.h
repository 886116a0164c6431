/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* convert_column.h - a column in another type, item by item exact or failed.
 */
#ifndef PE_CONVERT_COLUMN_H
#define PE_CONVERT_COLUMN_H

#include "kernel/failures.h"
#include "types/dtype.h"

typedef struct pe_column_conversion {
    pe_type from, to;
    const void *in; /* count items of type from */
    void *out;      /* room for count items of type to */
    uint64_t first; /* number of the first item */
    size_t count;
    double seconds; /* that a failed item is said to have taken */
} pe_column_conversion;

/* pe_convert_column - convert a column. An item with an element that does not fit fails, with zero in that element's place;
 * the other items are converted.
 *
 * Returns: PE_OK; PE_ENOMEM: no room for the failures
 */
pe_status pe_convert_column(const pe_column_conversion *column, pe_failures *failures, pe_error *err);

#endif
