/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* errno_text.c - the text of an errno value; where a limit was reached that a user can raise, with its name.
 *
 * Design:   strerror_r, since strerror may share its buffer between threads.
 * Threads:  any.
 */
#include "base/errno_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *pe_errno_text(int number, char out[PE_ERRNO_TEXT_SIZE])
{
    if (strerror_r(number, out, PE_ERRNO_TEXT_SIZE) != 0)
        snprintf(out, PE_ERRNO_TEXT_SIZE, "error %d", number);
    else if (number == EMFILE)
        (void)snprintf(out + strlen(out), PE_ERRNO_TEXT_SIZE - strlen(out), " (the limit is that of ulimit -n)");
    return out;
}
