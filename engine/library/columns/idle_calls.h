/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* idle_calls.h - the open calls of a kernel that no worker uses at the moment, with their worker processes.
 */
#ifndef PE_IDLE_CALLS_H
#define PE_IDLE_CALLS_H

#include "kernel/call.h"
#include "worker/worker.h"

typedef struct pe_idle_calls pe_idle_calls;

/* pe_idle_calls_make - the kernel is borrowed. PE_ENOMEM. */
pe_status pe_idle_calls_make(const pe_work_kernel *kernel, pe_idle_calls **out, pe_error *err);
/* pe_idle_calls_clear - free the calls, whose worker processes may be gone. No run is in progress. */
void pe_idle_calls_clear(pe_idle_calls *idle);
void pe_idle_calls_free(pe_idle_calls *idle); /* NULL is fine */
bool pe_idle_calls_is_empty(pe_idle_calls *idle);

/* pe_idle_calls_take - take an open call; it is the caller's until pe_idle_calls_put. As pe_call_make. */
pe_status pe_idle_calls_take(pe_idle_calls *idle, pe_call **out, pe_error *err);
void pe_idle_calls_put(pe_idle_calls *idle, pe_call *call); /* NULL is fine */

#endif
