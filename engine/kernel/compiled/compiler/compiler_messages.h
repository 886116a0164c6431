/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiler_messages.h - makes one error message of a compiler's output.
 */
#ifndef PE_COMPILER_MESSAGES_H
#define PE_COMPILER_MESSAGES_H

#include "base/error.h"

/* A failed compilation; all pointers are borrowed. source and prototype may be NULL for an expression. */
typedef struct pe_compiler_failure {
    const char *where;     /* "job.toml:9:8: kernel.expr" */
    const char *name;      /* the kernel's name */
    const char *source;    /* the user's file */
    const char *prototype; /* the declaration that the signature requires */
    const char *signature;
    const char *initializer; /* or NULL */
    const char *output;      /* the compiler's output; may be empty */
    const char *reason;      /* why the compiler ended */
} pe_compiler_failure;

/* pe_compiler_messages_refuse - record the failure: the first errors that the compiler reports, each once; a sentence
 * of ours when the function is missing or has another type. Returns status. */
pe_status pe_compiler_messages_refuse(const pe_compiler_failure *failure, pe_status status, pe_error *err);

/* pe_compiler_messages_warn - log the warnings about the user's own text, each once, the first ten of them. */
void pe_compiler_messages_warn(const char *where, const char *output);

#endif
