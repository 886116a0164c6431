/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hand_spawn.c - `true NUMBER` for COUNT numbers, as fast as a C library starts programs; their output is not read.
 *
 * Usage:   hand_spawn COUNT; prints how many ended with 0.
 * Threads: each starts its own and waits for them, one after the other.
 */
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

extern char **environ;

static int run_true(int64_t number)
{
    char program[] = "/bin/true", text[24];
    char *argv[] = {program, text, NULL};
    pid_t pid = 0;
    int status = 1;
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    if (posix_spawn(&pid, program, NULL, NULL, argv, environ) != 0 || waitpid(pid, &status, 0) != pid)
        return 0;
    return status == 0;
}

int main(int argc, char **argv)
{
    const int64_t count = argc == 2 ? strtoll(argv[1], NULL, 10) : -1;
    int64_t good = 0;
    if (count < 0) {
        fputs("usage: hand_spawn COUNT\n", stderr);
        return EXIT_FAILURE;
    }
#pragma omp parallel for default(none) shared(count) schedule(dynamic) reduction(+ : good)
    for (int64_t i = 0; i < count; i++)
        good += run_true(i);
    printf("%" PRId64 "\n", good);
    return EXIT_SUCCESS;
}
