/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* signame.c - a signal's number as people know it.
 *
 * Threads: any.
 */
#include "os/signame.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

const char *pe_signame(int number, char room[PE_SIGNAME_ROOM])
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
    (void)snprintf(room, PE_SIGNAME_ROOM, "signal %d", number);
    return room;
}
