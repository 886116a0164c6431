/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_library.c - the lock around libhdf5, and its reasons.
 *
 * Threads:  libhdf5 is not thread-safe, so one mutex of the process lets one thread in. In a forked child it is unlocked
 *           only where no other thread held it; a child of the engine calls none of this.
 */
#include <pthread.h>
#include <stdio.h>

#include "format/hdf5/hdf5_internal.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void pe_hdf5_lock(void)
{
    (void)pthread_mutex_lock(&lock);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    (void)H5Eclear2(H5E_DEFAULT);
}

void pe_hdf5_unlock(void)
{
    (void)pthread_mutex_unlock(&lock);
}

/* The innermost reason is the last one of a walk downwards. */
static herr_t keep_reason(unsigned number, const H5E_error2_t *error, void *out)
{
    (void)number;
    if (error->desc != NULL)
        (void)snprintf(out, 200, "%s", error->desc);
    return 0;
}

pe_status pe_hdf5_fail(pe_error *err, pe_status status, const char *name, const char *what)
{
    char reason[200] = "";
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_reason, reason);
    return pe_fail(err, status, "%s: %s%s%s", name, what, reason[0] != '\0' ? ": " : "", reason);
}

hid_t pe_hdf5_access(void)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
    (void)H5Pset_file_locking(access, false, true);
#endif
    return access;
}
