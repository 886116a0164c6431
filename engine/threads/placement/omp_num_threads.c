/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* omp_num_threads.c - the value of OMP_NUM_THREADS, with our error message instead of the OpenMP runtime's.
 *
 * Design:   the runtime reads the variable when it is loaded; if the value is invalid, every rank prints two lines
 *           beside the one message of rank 0. Therefore the variable is removed before the runtime is loaded. libc is
 *           not initialised at that time, so that code calls nothing that needs a locale, memory or environ.
 * Threads:  pe_omp_num_threads_begin is called while the process has one thread; afterwards `invalid` is only read.
 * Not here: the number of threads that a rank starts (threads/placement/thread_placement.c).
 */
#include "threads/placement/omp_num_threads.h"

#include <stdlib.h>
#include <string.h>

static const char name[] = "OMP_NUM_THREADS";

static const char *invalid; /* the value that was removed from the environment, or NULL */

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Reads a number from 1 to PE_THREADS_MOST with blanks around it. Returns the text after it, or NULL. */
static const char *skip_number(const char *at, int *number)
{
    *number = 0;
    for (at = skip_blanks(at); *at >= '0' && *at <= '9' && *number <= PE_THREADS_MOST; at++)
        *number = *number * 10 + (*at - '0');
    return *number < 1 || *number > PE_THREADS_MOST ? NULL : skip_blanks(at);
}

/* The first number of a comma-separated list; 0 when one of the numbers is invalid. */
static int parse(const char *text)
{
    int first = 0, other = 0;
    const char *at = skip_number(text, &first);
    while (at != NULL && *at == ',')
        at = skip_number(at + 1, &other);
    return at != NULL && *at == '\0' ? first : 0;
}

void pe_omp_num_threads_begin(int argc, char **argv, char **env)
{
    (void)argc;
    (void)argv;
    const size_t size = sizeof name - 1;
    char **kept = env;
    for (; *env != NULL; env++) {
        const char *const text = *env + size + 1;
        if (strncmp(*env, name, size) != 0 || (*env)[size] != '=' || parse(text) > 0)
            *kept++ = *env;
        else if (*text != '\0') /* empty counts as not set */
            invalid = text;
    }
    *kept = NULL;
}

pe_status pe_omp_num_threads(int *threads, pe_error *err)
{
    const char *const text = invalid != NULL ? invalid : getenv(name);
    *threads = 0;
    if (text == NULL || *text == '\0')
        return PE_OK;
    *threads = parse(text);
    return *threads > 0 ? PE_OK
                        : pe_fail(err, PE_ECONFIG, "%s: expected 1 to %d, or a list of such, got \"%.40s\"", name,
                                  PE_THREADS_MOST, text);
}
