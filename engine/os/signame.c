/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* signame.c - the name of a signal.
 *
 * Threads: any.
 */
#include "os/signame.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

const char *pe_signame(int number, char out[PE_SIGNAME_SIZE])
{
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},   {SIGILL, "SIGILL"},
                 {SIGABRT, "SIGABRT"}, {SIGKILL, "SIGKILL"}, {SIGTERM, "SIGTERM"}, {SIGPIPE, "SIGPIPE"},
                 {SIGALRM, "SIGALRM"}, {SIGTRAP, "SIGTRAP"}, {SIGSYS, "SIGSYS"},   {SIGXCPU, "SIGXCPU"}};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        if (names[n].number == number)
            return names[n].name;
    (void)snprintf(out, PE_SIGNAME_SIZE, "signal %d", number);
    return out;
}
