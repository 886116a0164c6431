/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate.h - [kernel] isolate = true: a native kernel runs in child processes, and a crash costs one item.
 */
#ifndef PE_ISOLATE_H
#define PE_ISOLATE_H

#include "kernel/form.h"

/* pe_isolate_wrap - from now on the form's kernel computes its batches in forked child processes, one per worker.
 *
 * Call:    the main thread, with an opened native form (name, expr, source, plugin). The wrapped kernel's open forks, and
 *          the child is killed when the forking thread ends: a worker calls open and close on its own thread.
 * Params:  timeout_ns of one item, 0: none
 * Does:    an item that ends its child fails: "crashed: SIGSEGV", "exited with code 3", "timeout after 5 s". The other
 *          items of its batch keep their results, since the batch is run again item by item. When a child is killed from
 *          outside, its items are run again once before one is blamed. A batch may run more than once, so a kernel must
 *          not count its calls.
 *          The child has no descriptors but stdin (empty) and stdout, stderr (both this stderr).
 * Returns: PE_OK; PE_ENOMEM, with the form as it was
 */
pe_status pe_isolate_wrap(pe_form *form, uint64_t timeout_ns, pe_error *err);

#endif
