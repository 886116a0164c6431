/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* std_fds.c - keeps descriptors 0, 1 and 2 occupied, so that no file of the program gets one of these numbers.
 *
 * Design:   an output file at descriptor 1 would be written by every printf, and replaced by the redirection of stdout.
 *           stdin is opened for writing and stdout for reading, so that reading input and writing results fail
 *           instead of being empty. The system calls are made without libc's wrappers, which sanitizers replace by
 *           functions that are not initialised yet.
 * Threads:  called while there is one.
 */
#include "os/std_fds.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

void pe_std_fds_hold(void)
{
    static const int modes[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_WRONLY};
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        if (syscall(SYS_fcntl, fd, F_GETFD) >= 0 || errno != EBADF)
            continue;
        /* the lowest free number is fd; without /dev/null it stays closed, and pe_open avoids it */
        (void)syscall(SYS_openat, AT_FDCWD, "/dev/null", modes[fd]);
    }
}
