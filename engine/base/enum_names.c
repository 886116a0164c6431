/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* enum_names.c - the names of the enums that several stages share.
 *
 * Design:   one table an enum, in its order.
 * Threads:  no state.
 * Not here: reading these names from a job file (job/schema).
 */
#include "base/enum_names.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

const char *pe_format_name(pe_format format)
{
    static const char *const names[] = {"auto", "npy", "csv", "tsv", "txt", "raw", "npz", "digest", "null", "bytes"};
    assert((size_t)format < sizeof names / sizeof *names);
    return names[format];
}

pe_format pe_format_by_suffix(const char *path)
{
    static const struct {
        const char *suffix;
        pe_format format;
    } table[] = {
        {".npy", PE_FORMAT_NPY}, {".npz", PE_FORMAT_NPZ}, {".csv", PE_FORMAT_CSV}, {".tsv", PE_FORMAT_TSV},
        {".txt", PE_FORMAT_TXT}, {".raw", PE_FORMAT_RAW}, {".bin", PE_FORMAT_RAW}, {".digest", PE_FORMAT_DIGEST},
    };
    const char *const dot = strrchr(path, '.');
    if (dot == NULL)
        return PE_FORMAT_AUTO;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strcasecmp(dot, table[i].suffix) == 0)
            return table[i].format;
    return PE_FORMAT_AUTO;
}

const char *pe_schedule_name(pe_schedule schedule)
{
    static const char *const names[] = {"auto", "static", "dynamic"};
    assert((size_t)schedule < sizeof names / sizeof *names);
    return names[schedule];
}

const char *pe_reduce_op_name(pe_reduce_op op)
{
    static const char *const names[] = {"sum", "min", "max", "mean", "count"};
    assert((size_t)op < sizeof names / sizeof *names);
    return names[op];
}

const char *pe_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
