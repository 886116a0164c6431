/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen.h - generates the C text of a compiled kernel: an expression or a C function, called in loops over a batch.
 */
#ifndef PE_CODEGEN_H
#define PE_CODEGEN_H

#include "base/buffer.h"
#include "kernel/signature.h"
#include <pengine/kernel.h>

/* The kernel to generate; all pointers are borrowed. */
typedef struct pe_codegen {
    pe_signature signature;   /* result_count 0: the expression's own type */
    const char *expr;         /* the first of exprs, or NULL: function */
    const char *const *exprs; /* one per result; NULL: expr alone */
    int expr_count;
    const char *const *names; /* of the arguments of expr */
    const char *function;
    const char *text;        /* of the file that holds the function */
    const char *path;        /* of that file, for messages */
    const char *initializer; /* a function of that file, or NULL */
    const pe_setup *setup;
    bool may_wrap;
} pe_codegen;

static inline int pe_codegen_exprs(const pe_codegen *spec)
{
    return spec->exprs == NULL ? (spec->expr == NULL ? 0 : 1) : spec->expr_count;
}

static inline const char *pe_codegen_expr(const pe_codegen *spec, int number)
{
    return spec->exprs == NULL ? spec->expr : spec->exprs[number];
}

/* The file names of the generated text in the compiler's messages. */
#define PE_CODEGEN_EXPR "<kernel.expr>"
#define PE_CODEGEN_SIGNATURE "<kernel.signature>"
#define PE_CODEGEN_INITIALIZER "<kernel.initializer>"
#define PE_CODEGEN_OURS "<pengine>"

/* pe_codegen_write - append the whole text to out.
 * Returns: PE_OK; PE_ECONFIG when an argument's or parameter's name is not valid in C, or when the signature has no C
 *          form. The message does not name file and line; the caller adds them. */
pe_status pe_codegen_write(const pe_codegen *spec, pe_buffer *out, pe_error *err);

/* pe_codegen_random - append the text of <pengine/random.h> for the C functions of a job. */
pe_status pe_codegen_random(pe_buffer *out, pe_error *err);

/* pe_codegen_prototype - append the C declaration that the function must have: "double f(double)". */
pe_status pe_codegen_prototype(const pe_signature *signature, const char *function, pe_buffer *out, pe_error *err);

/* The texts of embedded/ and of pengine/draws.h, made by the build. */
extern const unsigned char pe_text_compiled_abi[], pe_text_compiled_checks[], pe_text_compiled_expr[],
    pe_text_compiled_function[], pe_text_compiled_loops[], pe_text_compiled_map[], pe_text_compiled_philox[],
    pe_text_compiled_ramps[], pe_text_draws[];
extern const size_t pe_text_compiled_abi_size, pe_text_compiled_checks_size, pe_text_compiled_expr_size,
    pe_text_compiled_function_size, pe_text_compiled_loops_size, pe_text_compiled_map_size,
    pe_text_compiled_philox_size, pe_text_compiled_ramps_size, pe_text_draws_size;

#endif
