/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* condition.c - the job's kernel.where as a compiled kernel of its own.
 *
 * Design:   it takes what the kernel takes, in the kernel's types, and gives a bool. A nan that it reads is a missing value
 *           as a rule, and each comparison with it is false: such items would vanish without a word. So they fail, unless
 *           the expression asks for nan itself.
 * Threads:  the main thread.
 * Not here: what a worker does with it (worker/where.c).
 */
#include "run/expression/condition.h"

#include <stdio.h>
#include <string.h>

#include "kernel/compiled/expr/expr.h"
#include "run/expression/mentions.h"

bool pe_job_leaves_out(const pe_job *job)
{
    return job->errors.policy == PE_ON_ERROR_SKIP || job->kernel.condition != NULL;
}

/* "(int64, text) -> bool" */
static void print_signature(const pe_signature *kernel, char out[PE_CONDITION_SIGNATURE_ROOM])
{
    size_t used = 0;
    for (int a = 0; a < kernel->arg_count; a++) {
        char name[PE_TYPE_NAME_ROOM];
        used += (size_t)snprintf(out + used, PE_CONDITION_SIGNATURE_ROOM - used, "%s%s", a == 0 ? "(" : ", ",
                                 pe_type_print(kernel->args[a], name));
    }
    (void)snprintf(out + used, PE_CONDITION_SIGNATURE_ROOM - used, ") -> bool");
}

static bool asks_for_nan(const char *expression)
{
    static const char *const functions[] = {"isnan", "isfinite", "isnormal", "fpclassify", "isunordered"};
    for (size_t f = 0; f < sizeof functions / sizeof *functions; f++)
        if (pe_expr_names(expression, functions[f]))
            return true;
    return false;
}

static void describe(pe_condition *self, const pe_job *job, const pe_inputs *inputs, const pe_signature *kernel)
{
    const bool is_expr = job->kernel.kind == PE_FORM_EXPR;
    const bool may_be_nan = !asks_for_nan(job->kernel.condition);
    print_signature(kernel, self->signature);
    if (kernel->arg_count == pe_inputs_columns(inputs))
        (void)pe_mentions_names(job, inputs, &self->names);
    else /* columns that became vectors */
        pe_argument_names_of_job(job, inputs, kernel->arg_count, &self->names);
    self->spec = (pe_form_spec){.where = job->kernel.condition_where,
                                .kind = PE_FORM_EXPR,
                                .expr = job->kernel.condition,
                                .args = self->names.names,
                                .arg_count = kernel->arg_count,
                                .cflags = is_expr ? job->kernel.cflags : NULL,
                                .cflag_count = is_expr ? job->kernel.cflag_count : 0,
                                .libs = is_expr ? job->kernel.libs : NULL,
                                .lib_count = is_expr ? job->kernel.lib_count : 0,
                                .signature = self->signature,
                                .setup = job->kernel.setup,
                                .is_condition = true,
                                .directory = job->directory,
                                .columns = kernel->args,
                                .untyped = self->untyped,
                                .column_count = kernel->arg_count,
                                .column_name = pe_mentions_column,
                                .column_names_of = inputs};
    for (int a = 0; a < kernel->arg_count; a++)
        self->mentions[a] = pe_expr_names(job->kernel.condition, self->names.names[a]);
    for (int a = 0; a < kernel->arg_count; a++)
        self->reads[a] =
            may_be_nan && pe_dtype_is_float(kernel->args[a].dtype) && kernel->args[a].width == 0 && self->mentions[a];
}

pe_status pe_condition_open(pe_condition *self, const pe_run_context *run, const pe_job *job, const pe_inputs *inputs,
                            const pe_signature *kernel, pe_error *err)
{
    pe_buffer object = {0};
    if (job->kernel.condition == NULL)
        return pe_run_agree(run, err);
    describe(self, job, inputs, kernel);
    if (run->is_root)
        (void)pe_form_prepare(&self->spec, &object, err);
    if (pe_run_agree(run, err) == PE_OK && pe_comm_bcast_buffer(run->comm, &object, err) == PE_OK)
        (void)pe_form_open(&self->spec, &object, &self->form, err);
    pe_buffer_fini(&object);
    return pe_run_agree(run, err);
}

void pe_condition_fini(pe_condition *self)
{
    pe_form_close(self->form);
    self->form = NULL;
}
