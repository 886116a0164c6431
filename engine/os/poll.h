/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* poll.h - poll for loops: a failure takes time, so that a loop around it does not spin.
 */
#ifndef PE_POLL_H
#define PE_POLL_H

#include <poll.h>

/* pe_poll - as poll, but a call that fails for another reason than a signal (ENOMEM) returns after a millisecond. Any
 * thread. */
int pe_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

#endif
