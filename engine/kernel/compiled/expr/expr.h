/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* expr.h - checks a C expression of a job before a compiler sees it.
 */
#ifndef PE_EXPR_H
#define PE_EXPR_H

#include "types/dtype.h"
#include <pengine/kernel.h>

/* What an expression may name: all pointers are borrowed. */
typedef struct pe_expr_scope {
    const pe_type *args;
    const char *const *arg_names;
    int arg_count;
    const pe_param *params;
    size_t param_count;
    /* What the inputs' files call their columns, arguments or not; NULL after the last. NULL: no names. */
    const char *(*column_name)(const void *inputs, uint64_t number);
    const void *column_names_of;
    bool is_open;     /* headers or libraries of the user's may define further names, which then pass */
    bool gives_float; /* the job's signature asks for a float */
    bool gives_real;  /* or for another number that is not complex */
} pe_expr_scope;

/* The most that pe_expr_check warns about: a division of integers, and ^. */
#define PE_EXPR_WARNINGS 2

/* What was found. Zero-initialise. */
typedef struct pe_expr_facts {
    bool reads_arg[PE_MAX_COLUMNS];
    bool *reads_param; /* the caller's array of param_count, or NULL; set to true, never to false */
    bool reads_index;
    bool draws; /* calls uniform, normal or integer */
    int warning_count;
    pe_error warnings[PE_EXPR_WARNINGS];
} pe_expr_facts;

/* pe_expr_check - read text by the grammar of C's expressions.
 * Returns: PE_OK; PE_EKERNEL with what was expected and seen, then the text's line with a caret below the place */
pe_status pe_expr_check(const char *text, const pe_expr_scope *scope, pe_expr_facts *facts, pe_error *err);

/* pe_expr_names - is name a name in text? Strings and parts of longer names do not count. */
bool pe_expr_names(const char *text, const char *name);

/* pe_expr_mentions - is name one in text that is no function's call? */
bool pe_expr_mentions(const char *text, const char *name);

/* pe_expr_uses_text - does text use the argument called name as a text, as in equals(name, "DE")? */
bool pe_expr_uses_text(const char *text, const char *name);

/* One function that an expression can call. */
typedef struct pe_expr_function {
    const char *name;
    /* "d:dd": the result's, then the arguments': d float, z complex, i integer, b 0 or 1, n as its arguments, t text */
    const char *types;
    const char *summary; /* one line */
} pe_expr_function;

/* pe_expr_functions - the table of all of them, grouped by kind; *count is set. */
const pe_expr_function *pe_expr_functions(size_t *count);

#endif
