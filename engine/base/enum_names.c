/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* enum_names.c - the names of the enums that several stages share.
 *
 * Design:   one table per enum, in its order.
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
#define NAME(format, name) name,
    static const char *const names[] = {"auto", PE_FORMATS_BOTH(NAME) PE_FORMATS_IN(NAME) PE_FORMATS_OUT(NAME)};
#undef NAME
    assert((size_t)format < sizeof names / sizeof *names);
    return names[format];
}

static bool is_suffix(const char *suffix, const char *text, size_t size)
{
    return strlen(suffix) == size && strncasecmp(suffix, text, size) == 0;
}

/* The last suffix of the first `size` bytes of a path, with its dot; it ends at path + size. NULL: there is none. */
static const char *last_suffix(const char *path, size_t size)
{
    while (size > 0 && path[size - 1] != '.')
        size--;
    return size == 0 ? NULL : path + size - 1;
}

pe_packing pe_packing_by_suffix(const char *path)
{
    const size_t size = strlen(path);
    const char *const dot = last_suffix(path, size);
    if (dot == NULL)
        return PE_PACKING_NONE;
    const size_t length = (size_t)(path + size - dot);
    return is_suffix(".gz", dot, length)    ? PE_PACKING_GZIP
           : is_suffix(".zst", dot, length) ? PE_PACKING_ZSTD
                                            : PE_PACKING_NONE;
}

pe_format pe_format_by_suffix(const char *path)
{
    static const struct {
        const char *suffix;
        pe_format format;
    } table[] = {
        {".npy", PE_FORMAT_NPY},      {".npz", PE_FORMAT_NPZ}, {".csv", PE_FORMAT_CSV},
        {".tsv", PE_FORMAT_TSV},      {".txt", PE_FORMAT_TXT}, {".jsonl", PE_FORMAT_JSONL},
        {".ndjson", PE_FORMAT_JSONL}, {".raw", PE_FORMAT_RAW}, {".h5", PE_FORMAT_HDF5},
        {".hdf5", PE_FORMAT_HDF5},    {".bin", PE_FORMAT_RAW}, {".digest", PE_FORMAT_DIGEST},
    };
    size_t size = strlen(path);
    if (pe_packing_by_suffix(path) != PE_PACKING_NONE)
        size = (size_t)(last_suffix(path, size) - path);
    const char *const dot = last_suffix(path, size);
    if (dot == NULL)
        return PE_FORMAT_AUTO;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (is_suffix(table[i].suffix, dot, (size_t)(path + size - dot)))
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
    static const char *const names[] = {"sum", "min", "max", "mean", "count", "var", "std", "argmin", "argmax"};
    assert((size_t)op < sizeof names / sizeof *names);
    return names[op];
}

const char *pe_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}
