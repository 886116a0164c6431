/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* idle_calls.c - the open calls of a kernel that no worker uses at the moment, with their worker processes.
 *
 * Design:  a worker takes a call when a run begins and puts it back at its end, so that what the kernel's open made lives
 *          from run to run. The first worker that finds none opens one.
 * Threads: any; all fields are under the mutex.
 */
#include "library/columns/idle_calls.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/lock.h"

struct pe_idle_calls {
    const pe_work_kernel *kernel;
    pthread_mutex_t mutex;
    pe_call **calls;
    size_t count, room;
};

pe_status pe_idle_calls_make(const pe_work_kernel *kernel, pe_idle_calls **out, pe_error *err)
{
    const pe_status status = pe_make_array(out, 1, sizeof **out, err);
    if (status != PE_OK)
        return status;
    (*out)->kernel = kernel;
    pe_lock_init(&(*out)->mutex);
    return PE_OK;
}

void pe_idle_calls_clear(pe_idle_calls *idle)
{
    for (size_t c = 0; c < idle->count; c++)
        pe_call_free(idle->calls[c]);
    idle->count = 0;
}

void pe_idle_calls_free(pe_idle_calls *idle)
{
    if (idle == NULL)
        return;
    pe_idle_calls_clear(idle);
    (void)pthread_mutex_destroy(&idle->mutex);
    free(idle->calls);
    free(idle);
}

bool pe_idle_calls_is_empty(pe_idle_calls *idle)
{
    (void)pthread_mutex_lock(&idle->mutex);
    const bool is_empty = idle->count == 0;
    (void)pthread_mutex_unlock(&idle->mutex);
    return is_empty;
}

pe_status pe_idle_calls_take(pe_idle_calls *idle, pe_call **out, pe_error *err)
{
    (void)pthread_mutex_lock(&idle->mutex);
    *out = idle->count > 0 ? idle->calls[--idle->count] : NULL;
    (void)pthread_mutex_unlock(&idle->mutex);
    if (*out != NULL)
        return PE_OK;
    const pe_work_kernel *kernel = idle->kernel;
    return pe_call_make(kernel->descriptor, &kernel->signature, kernel->setup, out, err);
}

/* Without memory for its place the call is freed instead. */
void pe_idle_calls_put(pe_idle_calls *idle, pe_call *call)
{
    if (call == NULL)
        return;
    (void)pthread_mutex_lock(&idle->mutex);
    if (idle->count == idle->room) {
        const size_t room = 2 * idle->room + 4;
        pe_call **more = realloc(idle->calls, room * sizeof *more);
        idle->calls = more != NULL ? more : idle->calls;
        idle->room = more != NULL ? room : idle->room;
    }
    const bool has_room = idle->count < idle->room;
    if (has_room)
        idle->calls[idle->count++] = call;
    (void)pthread_mutex_unlock(&idle->mutex);
    if (!has_room)
        pe_call_free(call);
}
