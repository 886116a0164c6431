/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* mentions.c - the inputs' own names in a job's expressions.
 *
 * Design:   a word of an expression is a column's name unless a function or a param of the job has that name: the writer
 *           of the job has chosen the param, but not what the columns of a file are called. Where no column is mentioned, x, y
 *           and z are the columns in their order.
 * Threads:  the main thread.
 * Not here: the grammar of expressions (kernel/compiled/expr/).
 */
#include "run/expression/mentions.h"

#include <stdio.h>
#include <string.h>

#include "kernel/compiled/codegen_names.h"
#include "kernel/compiled/expr/expr.h"

static bool is_param(const pe_form_spec *kernel, const char *name)
{
    for (size_t p = 0; p < kernel->setup.param_count; p++)
        if (strcmp(kernel->setup.params[p].name, name) == 0)
            return true;
    return false;
}

static bool can_be_name(const pe_form_spec *kernel, const char *name)
{
    pe_error ignored = PE_ERROR_INIT;
    return name != NULL && pe_codegen_names_check(name, "", &ignored) == PE_OK && !is_param(kernel, name);
}

/* Does kernel.expr or kernel.where name this column? */
static bool is_mentioned(const void *context, const char *name)
{
    const pe_form_spec *const kernel = context;
    bool is_there = kernel->condition != NULL && pe_expr_mentions(kernel->condition, name);
    for (int r = 0; kernel->kind == PE_FORM_EXPR && r < pe_form_spec_exprs(kernel); r++)
        is_there = is_there || pe_expr_mentions(pe_form_spec_expr(kernel, r), name);
    return is_there && can_be_name(kernel, name);
}

void pe_mentions_set(pe_job *job)
{
    const bool is_open = job->kernel.kind == PE_FORM_EXPR && job->kernel.args == NULL && job->kernel.signature == NULL;
    for (int i = 0; i < job->input_count && is_open; i++) {
        pe_source_spec *const input = &job->inputs[i];
        if (input->name_count > 0 || (input->has_dtype && input->dtype.width > 0))
            continue;
        input->is_mentioned = is_mentioned;
        input->mention_context = &job->kernel;
    }
}

/* The input's own name of each column, or NULL. Returns whether one is mentioned. */
static bool find_own_names(const pe_job *job, const pe_inputs *inputs, const char *names[PE_MAX_COLUMNS])
{
    int argument = 0;
    bool has_mention = false;
    for (int s = 0; s < pe_inputs_sources(inputs); s++)
        for (int c = 0; c < pe_inputs_info(inputs, s)->columns; c++, argument++) {
            const char *const name = pe_inputs_info(inputs, s)->names[c];
            names[argument] = can_be_name(&job->kernel, name) ? name : NULL;
            has_mention = has_mention || (names[argument] != NULL && is_mentioned(&job->kernel, name));
        }
    return has_mention;
}

bool pe_mentions_names(const pe_job *job, const pe_inputs *inputs, pe_argument_names *out)
{
    const int count = pe_inputs_columns(inputs);
    const char *own[PE_MAX_COLUMNS] = {NULL};
    if (job->kernel.args != NULL || pe_argument_names_are_given(job)) {
        pe_argument_names_of_job(job, inputs, count, out);
        return true;
    }
    pe_argument_names_by_place(count, out);
    if (!find_own_names(job, inputs, own))
        return false;
    for (int a = 0; a < count; a++) {
        /* a column whose name cannot be one in C has a name that no other column has by chance */
        if (own[a] == NULL && pe_inputs_sources(inputs) == 1)
            (void)snprintf(out->made[a], sizeof out->made[a], "column_%d_", a + 1);
        if (own[a] == NULL && pe_inputs_sources(inputs) == 1)
            out->names[a] = out->made[a];
        else if (own[a] != NULL)
            out->names[a] = own[a];
    }
    return true;
}

const char *pe_mentions_column(const void *inputs, uint64_t number)
{
    return pe_inputs_column_name(inputs, number);
}
