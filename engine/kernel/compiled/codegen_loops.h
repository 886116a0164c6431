/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* codegen_loops.h - codegen's loops over a batch.
 */
#ifndef PE_CODEGEN_LOOPS_H
#define PE_CODEGEN_LOOPS_H

#include "kernel/compiled/codegen.h"

/* Appends pe_levels, pe_level_of and pe_exact, which call pe_expr (pe_expr_wide in the loops for all values) or the
 * function. A failure is kept in err. */
void pe_codegen_loops_write(const pe_codegen *spec, pe_buffer *out, pe_error *err);

/* The C type in which an expression sees a scalar argument: every integer up to 64 bits is an int64_t. In loops for all
 * values an uint64 is an __int128, so that sums and differences with it are exact. */
const char *pe_codegen_loops_expr_type(pe_dtype dtype, bool is_wide);
bool pe_codegen_loops_has_wide(const pe_codegen *spec);

/* Is the item's index an argument, named i? */
bool pe_codegen_loops_has_index(const pe_codegen *spec);

#endif
