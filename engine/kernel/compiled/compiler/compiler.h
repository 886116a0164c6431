/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler.h - runs the machine's C compiler, without a shell.
 */
#ifndef PE_COMPILER_H
#define PE_COMPILER_H

#include "base/buffer.h"

/* One compiler. Zero-initialise; release with pe_compiler_fini. */
typedef struct pe_compiler {
    char *path;
    pe_buffer version; /* the output of --version, with a terminator */
} pe_compiler;

/* pe_compiler_find - find the program that PENGINE_CC names, or cc; a name without a slash is searched in PATH.
 * Returns: PE_OK; PE_EKERNEL with the name that was not found */
pe_status pe_compiler_find(pe_compiler *out, pe_error *err);
void pe_compiler_fini(pe_compiler *compiler);

/* The input of one compilation; all pointers are borrowed. */
typedef struct pe_compiler_job {
    const pe_buffer *text;
    const pe_buffer *random;          /* the text of <pengine/random.h>; NULL: the text includes none */
    const char *const *flags;         /* for both steps, ended by NULL */
    const char *const *compile_flags; /* ended by NULL */
    const char *const *cflags;        /* the user's */
    int cflag_count;
    const char *const *libs; /* the user's: "gsl" is -lgsl; what begins with - or holds a / is taken as it is */
    int lib_count;
    const char
        *directory; /* the working directory, so that -I and -L are relative to the job file; NULL: the current one */
} pe_compiler_job;

/* pe_compiler_expand - append the text after the preprocessor (all that decides what comes out) to expanded.
 * pe_compiler_run - append the shared object to object; output then holds the compiler's warnings.
 * Returns: PE_OK; PE_EKERNEL, when output (what the compiler wrote, with a terminator) has the reason; PE_EIO when
 *          the folder for its files cannot be written */
pe_status pe_compiler_expand(const pe_compiler *compiler, const pe_compiler_job *job, pe_buffer *expanded,
                             pe_buffer *output, pe_error *err);
pe_status pe_compiler_run(const pe_compiler *compiler, const pe_compiler_job *job, pe_buffer *object, pe_buffer *output,
                          pe_error *err);

#endif
