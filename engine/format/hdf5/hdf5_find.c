/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_find.c - finds a dataset of a file by its name, or the only one.
 *
 * Threads:  under the lock.
 */
#include <stdio.h>
#include <string.h>

#include "format/hdf5/hdf5_find.h"

#define NAMES_ROOM 400
#define ONE_ROOM 256

typedef struct found {
    hid_t file;
    int count;
    char only[ONE_ROOM];
    char names[NAMES_ROOM];
} found;

static bool is_dataset(hid_t file, const char *name)
{
    const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
    const bool is = object >= 0 && H5Iget_type(object) == H5I_DATASET;
    if (object >= 0)
        (void)H5Oclose(object);
    return is;
}

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
    found *const all = context;
    (void)group;
    (void)info;
    const size_t used = strlen(all->names);
    if (!is_dataset(all->file, name))
        return 0;
    if (all->count++ == 0)
        (void)snprintf(all->only, sizeof all->only, "%s", name);
    if (used + strlen(name) + 10 < sizeof all->names)
        (void)snprintf(all->names + used, sizeof all->names - used, "%s\"/%s\"", used > 0 ? ", " : "", name);
    else if (used + 6 < sizeof all->names && all->names[used - 1] != '.')
        (void)snprintf(all->names + used, sizeof all->names - used, ", ...");
    return 0;
}

pe_status pe_hdf5_find(hid_t file, const char *path, const char *wanted, const char *where, hid_t *out, pe_error *err)
{
    found all = {.file = file};
    if (wanted != NULL && is_dataset(file, wanted)) {
        *out = H5Dopen2(file, wanted, H5P_DEFAULT);
        return *out >= 0 ? PE_OK : pe_hdf5_fail(err, PE_EDATA, path, wanted);
    }
    if (H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, visit, &all) < 0)
        return pe_hdf5_fail(err, PE_EDATA, path, "its groups cannot be read");
    if (all.count == 0)
        return pe_fail(err, PE_ECONFIG, "%s: %s holds no dataset", where, path);
    if (wanted != NULL)
        return pe_fail(err, PE_ECONFIG, "%s: dataset: there is no dataset \"%s\" in %s: it holds %s", where, wanted,
                       path, all.names);
    if (all.count > 1)
        return pe_fail(err, PE_ECONFIG, "%s: %s holds %d datasets: choose one with dataset = ...: %s", where, path,
                       all.count, all.names);
    *out = H5Dopen2(file, all.only, H5P_DEFAULT);
    return *out >= 0 ? PE_OK : pe_hdf5_fail(err, PE_EDATA, path, all.only);
}
