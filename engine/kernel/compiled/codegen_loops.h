/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen_loops.h - generates the macros for embedded/compiled_loops.h: the columns, the scalars and the call of a job.
 */
#ifndef PE_CODEGEN_LOOPS_H
#define PE_CODEGEN_LOOPS_H

#include "kernel/compiled/codegen.h"

/* Appends the definitions that compiled_loops.h lists, for calls of pe_expr<result> (pe_expr_wide<result> at level 4)
 * or of the function. A failure is kept in err. */
void pe_codegen_loops_write(const pe_codegen *spec, pe_buffer *out, pe_error *err);

/* pe_codegen_loops_is_returned - does a C function return its result (one scalar), or write its results through
 * pointers? */
bool pe_codegen_loops_is_returned(const pe_signature *signature);

/* The C type in which an expression sees a scalar argument: every integer up to 64 bits is an int64_t. At level 4 a
 * uint64 is an __int128, so that sums and differences with it are exact. */
const char *pe_codegen_loops_expr_type(pe_dtype dtype, bool is_wide);

/* Are there two versions of the expression's functions, the second with __int128 for each uint64? */
bool pe_codegen_loops_has_wide(const pe_codegen *spec);

/* Is the item's index an argument, named i? */
bool pe_codegen_loops_has_index(const pe_codegen *spec);

#endif
