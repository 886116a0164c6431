/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crash_listener.h - a thread that writes the reports when a kernel's crash ends the run.
 */
#ifndef PE_CRASH_LISTENER_H
#define PE_CRASH_LISTENER_H

#include "base/error.h"

/* Called on the thread when a kernel has crashed, with the item where it is known; all other threads still run. */
typedef void pe_crash_listener(const pe_error *end);

/* pe_crash_listen - start the thread; where none can be had, nothing is called.
 * pe_crash_listen_end - the run has ended in order: the thread ends. Call: the main thread, between pe_crash_begin and
 * pe_crash_end. */
void pe_crash_listen(pe_crash_listener *write);
void pe_crash_listen_end(void);

#endif
