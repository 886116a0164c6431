/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_lock.c - whether another run is writing an output.
 *
 * Design:   the lock is taken for a moment and given back.
 * Threads:  any.
 * Not here: the lock that a run holds while it writes (out_file.c).
 */
#include "os/file/out_lock.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "os/file/file.h"
#include "os/file/out_path.h"

#define MOST_TRIES 4 /* a run that is alive replaces its checkpoint */

pe_status pe_out_is_in_use(const char *path, const char *name, pe_error *err)
{
    return pe_fail(err, PE_EOUTPUT, "cannot create %s: another run is writing %s", path, name);
}

/* One try; *is_same is false when another file has taken the name meanwhile. */
static bool is_locked(const char *name, bool *is_same)
{
    const int fd = pe_open(name, O_RDONLY | O_NONBLOCK, 0);
    *is_same = true;
    if (fd < 0)
        return false;
    const bool is_taken = !pe_file_lock(fd);
    *is_same = is_taken || pe_file_is_named(fd, name);
    (void)close(fd); /* nothing was written */
    return is_taken;
}

pe_status pe_out_check_unused(const char *path, const char *name, pe_error *err)
{
    bool is_same = false;
    for (int tries = 0; tries < MOST_TRIES && !is_same; tries++)
        if (is_locked(name, &is_same))
            return pe_out_is_in_use(path, name, err);
    return is_same ? PE_OK : pe_out_is_in_use(path, name, err);
}

pe_status pe_out_check_idle(const char *path, pe_error *err)
{
    char *final = NULL;
    pe_buffer part = {0};
    pe_status status = pe_out_resolve(path, &final, err);
    if (status == PE_OK)
        status = pe_buffer_printf(&part, err, "%s.part", final);
    if (status == PE_OK)
        status = pe_out_check_unused(final, (const char *)part.data, err);
    if (status == PE_OK)
        status = pe_out_check_unused(final, final, err);
    pe_buffer_fini(&part);
    free(final);
    return status;
}
