/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* call_shelf.h - the open calls of a kernel that no worker uses at the moment, with their worker processes.
 */
#ifndef PE_CALL_SHELF_H
#define PE_CALL_SHELF_H

#include "kernel/call.h"
#include "worker/worker.h"

typedef struct pe_call_shelf pe_call_shelf;

/* pe_call_shelf_make - the kernel is borrowed. PE_ENOMEM. */
pe_status pe_call_shelf_make(const pe_work_kernel *kernel, pe_call_shelf **out, pe_error *err);
/* pe_call_shelf_clear - free the calls, whose worker processes may be gone. No run is in progress. */
void pe_call_shelf_clear(pe_call_shelf *shelf);
void pe_call_shelf_free(pe_call_shelf *shelf); /* NULL is fine */
bool pe_call_shelf_is_empty(pe_call_shelf *shelf);

/* pe_call_shelf_take - take an open call; it is the caller's until pe_call_shelf_put. As pe_call_make. */
pe_status pe_call_shelf_take(pe_call_shelf *shelf, pe_call **out, pe_error *err);
void pe_call_shelf_put(pe_call_shelf *shelf, pe_call *call); /* NULL is fine */

#endif
