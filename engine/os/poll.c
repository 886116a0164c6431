/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* poll.c - poll for loops: a failure takes time, so that a loop around it does not spin.
 *
 * Threads: any.
 */
#include "os/poll.h"

#include <errno.h>

#include "base/clock.h"

#define PAUSE_NS ((uint64_t)1000 * 1000)

int pe_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    const int ready = poll(fds, count, timeout_ms);
    const int number = errno;
    if (ready < 0 && number != EINTR)
        pe_sleep_ns(PAUSE_NS);
    errno = number;
    return ready;
}
