/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* compiled_reads.c - refuses expressions that violate the grammar, and params or a seed that the kernel does not read.
 *
 * Design:  a param that is not read is most likely misspelt. The names in an expression come from its parser. The text
 *          of a C function is searched after the preprocessor, since a header may read the param.
 * Threads: the main thread.
 * Not here: the grammar (expr/).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "kernel/compiled/codegen_names.h"
#include "kernel/compiled/compiled_internal.h"
#include "kernel/compiled/expr/expr.h"
#include "os/log.h"

/* Does the job's where read a param? */
static bool condition_names(const pe_form_spec *spec, const char *name)
{
    return spec->condition != NULL && pe_expr_names(spec->condition, name);
}

static pe_status refuse_unread(const pe_form_spec *spec, const pe_expr_facts *facts, pe_error *err)
{
    char name[PE_COMPILED_NAME_ROOM];
    if (spec->is_condition)
        return PE_OK;
    for (size_t p = 0; p < spec->setup.param_count; p++)
        if (!facts->reads_param[p] && !condition_names(spec, spec->setup.params[p].name))
            return pe_fail(err, PE_EKERNEL, "%s: kernel.params.%s: the expression \"%s\" does not read \"%s\"",
                           spec->where, spec->setup.params[p].name, pe_compiled_name(spec, name),
                           spec->setup.params[p].name);
    if (spec->setup.seed != 0 && !facts->draws)
        return pe_fail(
            err, PE_EKERNEL,
            "%s: kernel.seed: the expression \"%s\" draws no random number: it calls none of uniform, normal "
            "and integer",
            spec->where, pe_compiled_name(spec, name));
    return PE_OK;
}

/* One expression of several; what it reads is added to facts. */
static pe_status check_one(const pe_form_spec *spec, int number, pe_expr_scope scope, const pe_signature *signature,
                           pe_expr_facts *facts, pe_error *err)
{
    pe_error wrong = PE_ERROR_INIT;
    char which[32] = "";
    if (pe_form_spec_exprs(spec) > 1)
        (void)snprintf(which, sizeof which, " %d", number + 1);
    facts->warning_count = 0;
    scope.gives_real = signature->result_count > 0 && !pe_dtype_is_complex(signature->results[number].dtype);
    scope.gives_float = signature->result_count > 0 && pe_dtype_is_float(signature->results[number].dtype);
    if (pe_expr_check(pe_form_spec_expr(spec, number), &scope, facts, &wrong) != PE_OK)
        return pe_fail(err, wrong.status, "%s%s: %s", spec->where, which, wrong.text);
    for (int w = 0; w < facts->warning_count; w++)
        pe_log(PE_LOG_WARN, "%s%s: %s", spec->where, which, facts->warnings[w].text);
    return PE_OK;
}

pe_status pe_compiled_check_expr(const pe_form_spec *spec, const pe_signature *signature, const char *const *names,
                                 pe_error *err)
{
    pe_expr_facts facts = {.reads_param = NULL};
    const pe_expr_scope scope = {.args = signature->args,
                                 .arg_names = names,
                                 .arg_count = signature->arg_count,
                                 .params = spec->setup.params,
                                 .param_count = spec->setup.param_count,
                                 .column_name = spec->column_name,
                                 .column_names_of = spec->column_names_of,
                                 .is_open = spec->cflag_count > 0 || spec->lib_count > 0};
    pe_status status = pe_make_array(&facts.reads_param, scope.param_count + 1, sizeof *facts.reads_param, err);
    for (int r = 0; r < pe_form_spec_exprs(spec) && status == PE_OK; r++)
        status = check_one(spec, r, scope, signature, &facts, err);
    if (status == PE_OK)
        status = refuse_unread(spec, &facts, err);
    free(facts.reads_param);
    return status;
}

/* A name must occur at least twice, since the definition that codegen writes contains it once. */
pe_status pe_compiled_check_source(const pe_form_spec *spec, pe_buffer *expanded, pe_error *err)
{
    const pe_status status = pe_buffer_append(expanded, "", 1, err);
    if (status != PE_OK)
        return status;
    const char *text = (const char *)expanded->data;
    for (size_t p = 0; p < spec->setup.param_count; p++)
        if (pe_codegen_names_count(text, spec->setup.params[p].name) < 2 &&
            !condition_names(spec, spec->setup.params[p].name))
            return pe_fail(err, PE_EKERNEL, "%s: kernel.params.%s: %s does not read \"%s\"", spec->where,
                           spec->setup.params[p].name, spec->source, spec->setup.params[p].name);
    if (spec->setup.seed != 0 && pe_codegen_names_count(text, "pe_seed") == 0)
        return pe_fail(err, PE_EKERNEL,
                       "%s: kernel.seed: %s draws no random number: it does not include <pengine/random.h>",
                       spec->where, spec->source);
    return PE_OK;
}
