/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate.h - [kernel] isolate: a kernel whose crash costs one item.
 */
#ifndef PE_ISOLATE_H
#define PE_ISOLATE_H

#include "kernel/form.h"

/* pe_isolate_wrap - from here the form's kernel computes its batches in forked processes, one a worker.
 *
 * Call:    the main thread, with an opened native form (name, expr, source, plugin). The wrapped kernel's open forks: a
 *          worker calls it, and close, on its own thread, since the process is killed when that thread ends.
 * Params:  timeout_ns of one item, 0: none
 * Does:    an item that ends its process fails: "crashed: SIGSEGV", "exited with code 3", "timeout after 5 s". The other
 *          items of its batch keep their results, for the batch is done again item by item. A process that was killed
 *          from outside is replaced and its items run again, once, before one is blamed. So a batch may run more than
 *          once: a kernel must not count its calls.
 *          The kernel's process has no descriptors but stdin (empty) and stdout, stderr (both this stderr).
 * Returns: PE_OK; PE_ENOMEM, with the form as it was
 */
pe_status pe_isolate_wrap(pe_form *form, uint64_t timeout_ns, pe_error *err);

#endif
