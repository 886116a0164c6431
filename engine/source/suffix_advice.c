/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* suffix_advice.c - what to do with an input whose suffix names no format.
 *
 * Threads: no state.
 */
#include "source/suffix_advice.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

const char *pe_suffix_advice(const char *path)
{
    static const struct {
        const char *suffix, *advice;
    } table[] = {
        {".bz2", "bzip2 -dc unpacks it, for path = \"-\""},
        {".xz", "xz -dc unpacks it, for path = \"-\""},
        {".zip", "unzip -p unpacks it, for path = \"-\""},
        {".json", "if each line is an object, set input.format = \"jsonl\"; jq -c '.[]' makes such lines of an array"},
        {".nc", "netCDF-4 is HDF5: set input.format = \"hdf5\""},
        {".nc4", "netCDF-4 is HDF5: set input.format = \"hdf5\""},
        {".xlsx", "save it as csv"},
        {".xls", "save it as csv"},
        {".ods", "save it as csv"},
        {".parquet", "save it as csv, npy or HDF5"},
        {".feather", "save it as csv, npy or HDF5"},
        {".pkl", "save it as csv, npy or HDF5"},
        {".mat", "MATLAB's -v7.3 is HDF5: set input.format = \"hdf5\""},
    };
    struct stat facts;
    const size_t size = strlen(path);
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return "it is a folder: input.glob = \"folder/*\" gives the names of its files";
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const size_t length = strlen(table[i].suffix);
        if (size > length && strcasecmp(path + size - length, table[i].suffix) == 0)
            return table[i].advice;
    }
    return NULL;
}
