/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* errno_text.c - an errno as text, in any thread.
 *
 * Design:   strerror_r, since strerror may share its buffer between threads.
 * Threads:  any.
 * Not here: what the failure means to the user.
 */
#include "base/errno_text.h"

#include <stdio.h>
#include <string.h>

const char *pe_errno_text(int number, char out[PE_ERRNO_ROOM])
{
    if (strerror_r(number, out, PE_ERRNO_ROOM) != 0)
        snprintf(out, PE_ERRNO_ROOM, "error %d", number);
    return out;
}
