/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* call_shelf.c - the open calls of a kernel that no worker uses at the moment, with their worker processes.
 *
 * Design:  a worker takes a call when a run begins and puts it back at its end, so that what the kernel's open made lives
 *          from run to run. The first worker that finds none opens one.
 * Threads: any; all fields are under the mutex.
 */
#include "library/columns/call_shelf.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"

struct pe_call_shelf {
    const pe_work_kernel *kernel;
    pthread_mutex_t mutex;
    pe_call **calls;
    size_t count, room;
};

pe_status pe_call_shelf_make(const pe_work_kernel *kernel, pe_call_shelf **out, pe_error *err)
{
    const pe_status status = pe_make_array(out, 1, sizeof **out, err);
    if (status != PE_OK)
        return status;
    (*out)->kernel = kernel;
    pe_lock_init(&(*out)->mutex);
    return PE_OK;
}

void pe_call_shelf_clear(pe_call_shelf *shelf)
{
    for (size_t c = 0; c < shelf->count; c++)
        pe_call_free(shelf->calls[c]);
    shelf->count = 0;
}

void pe_call_shelf_free(pe_call_shelf *shelf)
{
    if (shelf == NULL)
        return;
    pe_call_shelf_clear(shelf);
    (void)pthread_mutex_destroy(&shelf->mutex);
    free(shelf->calls);
    free(shelf);
}

bool pe_call_shelf_is_empty(pe_call_shelf *shelf)
{
    (void)pthread_mutex_lock(&shelf->mutex);
    const bool is_empty = shelf->count == 0;
    (void)pthread_mutex_unlock(&shelf->mutex);
    return is_empty;
}

pe_status pe_call_shelf_take(pe_call_shelf *shelf, pe_call **out, pe_error *err)
{
    (void)pthread_mutex_lock(&shelf->mutex);
    *out = shelf->count > 0 ? shelf->calls[--shelf->count] : NULL;
    (void)pthread_mutex_unlock(&shelf->mutex);
    if (*out != NULL)
        return PE_OK;
    const pe_work_kernel *kernel = shelf->kernel;
    return pe_call_make(kernel->descriptor, &kernel->signature, kernel->setup, out, err);
}

/* Without memory for its place the call is freed instead. */
void pe_call_shelf_put(pe_call_shelf *shelf, pe_call *call)
{
    if (call == NULL)
        return;
    (void)pthread_mutex_lock(&shelf->mutex);
    if (shelf->count == shelf->room) {
        const size_t room = 2 * shelf->room + 4;
        pe_call **more = realloc(shelf->calls, room * sizeof *more);
        shelf->calls = more != NULL ? more : shelf->calls;
        shelf->room = more != NULL ? room : shelf->room;
    }
    const bool has_room = shelf->count < shelf->room;
    if (has_room)
        shelf->calls[shelf->count++] = call;
    (void)pthread_mutex_unlock(&shelf->mutex);
    if (!has_room)
        pe_call_free(call);
}
