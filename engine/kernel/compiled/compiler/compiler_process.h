/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler_process.h - runs a compiler as a child process, and collects its output.
 */
#ifndef PE_COMPILER_PROCESS_H
#define PE_COMPILER_PROCESS_H

#include "base/buffer.h"

#define PE_ARG_LIST 256 /* of one command line */

/* Zero-initialise; the arguments are borrowed. A list longer than PE_ARG_LIST is refused when it is run. */
typedef struct pe_arg_list {
    const char *list[PE_ARG_LIST + 1]; /* ended by NULL */
    size_t count;
} pe_arg_list;

void pe_arg_list_add(pe_arg_list *to, const char *word);
void pe_arg_list_add_all(pe_arg_list *to, const char *const *list); /* ended by NULL; NULL has none */

/* pe_compiler_process - run program in directory (NULL: the current one) and wait until it exits; append its stdout and
 * stderr to output, with a terminator.
 * Returns: PE_OK; PE_EKERNEL when it cannot be started, was killed by a signal, or exited with a code other than 0 */
pe_status pe_compiler_process(const char *program, const pe_arg_list *argv, const char *directory, pe_buffer *output,
                              pe_error *err);

#endif
