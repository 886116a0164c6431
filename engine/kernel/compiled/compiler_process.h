/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler_process.h - one run of a compiler, from its words to its end.
 */
#ifndef PE_COMPILER_PROCESS_H
#define PE_COMPILER_PROCESS_H

#include "base/buffer.h"

#define PE_WORDS 256 /* of one command line */

/* Zero-initialise; the words are borrowed. What is beyond PE_WORDS is refused when it is run. */
typedef struct pe_words {
    const char *list[PE_WORDS + 1]; /* ended by NULL */
    size_t count;
} pe_words;

void pe_words_add(pe_words *to, const char *word);
void pe_words_add_all(pe_words *to, const char *const *list); /* ended by NULL; NULL has none */

/* pe_compiler_process - run program in directory (NULL: here) to its end; said gets all that it wrote, with a
 * terminator.
 * Returns: PE_OK; PE_EKERNEL when it cannot be run, died or ended with a number other than 0 */
pe_status pe_compiler_process(const char *program, const pe_words *argv, const char *directory, pe_buffer *said,
                              pe_error *err);

#endif
