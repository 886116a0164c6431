/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* argument_names.c - what the arguments of a job are called.
 *
 * Threads: any.
 */
#include "run/expression/argument_names.h"

#include <stdio.h>

static void make_name(pe_argument_names *out, int argument)
{
    static const char *const first[] = {"x", "y", "z"};
    if (argument < (int)(sizeof first / sizeof *first)) {
        out->names[argument] = first[argument];
        return;
    }
    (void)snprintf(out->made[argument], sizeof out->made[argument], "x%d", argument + 1);
    out->names[argument] = out->made[argument];
}

/* What the files call their columns. Columns that become one vector have no name of their own. */
static void take_file_names(const pe_inputs *inputs, int count, pe_argument_names *out)
{
    int argument = 0;
    if (pe_inputs_columns(inputs) != count)
        return;
    for (int s = 0; s < pe_inputs_sources(inputs); s++) {
        const pe_source_info *const info = pe_inputs_info(inputs, s);
        for (int c = 0; c < info->columns; c++, argument++)
            if (info->names[c] != NULL && info->names[c][0] != '\0')
                out->names[argument] = info->names[c];
    }
}

/* The columns that the job names. */
static void take_columns(const pe_job *job, const pe_inputs *inputs, int count, pe_argument_names *out)
{
    int argument = 0;
    if (pe_inputs_columns(inputs) != count)
        return;
    for (int s = 0; s < pe_inputs_sources(inputs); s++) {
        const pe_source_spec *input = &job->inputs[s];
        const int columns = pe_inputs_info(inputs, s)->columns;
        for (int c = 0; c < columns && c < input->column_count; c++)
            if (input->columns[c].name != NULL)
                out->names[argument + c] = input->columns[c].name;
        argument += columns;
    }
}

/* The names that the inputs were given, where the kernel takes each column as an argument. */
static void take_input_names(const pe_job *job, const pe_inputs *inputs, int count, pe_argument_names *out)
{
    int argument = 0;
    if (pe_inputs_columns(inputs) != count)
        return;
    for (int s = 0; s < pe_inputs_sources(inputs); s++) {
        const pe_source_spec *input = &job->inputs[s];
        for (int c = 0; c < input->name_count; c++)
            out->names[argument + c] = input->names[c];
        argument += pe_inputs_info(inputs, s)->columns;
    }
}

pe_status pe_argument_names_check(const pe_job *job, const pe_inputs *inputs, pe_error *err)
{
    for (int s = 0; s < pe_inputs_sources(inputs); s++) {
        const pe_source_spec *input = &job->inputs[s];
        const int columns = pe_inputs_info(inputs, s)->columns;
        if (input->name_count > 0 && input->name_count != columns)
            return pe_fail(err, PE_ECONFIG, "%s.names: expected %d name%s, one per column, got %d", input->where,
                           columns, columns == 1 ? "" : "s", input->name_count);
    }
    return PE_OK;
}

bool pe_argument_names_are_given(const pe_job *job)
{
    bool are_given = false;
    for (int i = 0; i < job->input_count; i++)
        are_given = are_given || job->inputs[i].name_count > 0;
    return are_given;
}

static void take_kernel_args(const pe_job *job, int count, pe_argument_names *out)
{
    for (int a = 0; a < count && a < job->kernel.arg_count; a++)
        out->names[a] = job->kernel.args[a];
}

void pe_argument_names_by_place(int count, pe_argument_names *out)
{
    for (int a = 0; a < count; a++)
        make_name(out, a);
}

void pe_argument_names_of_job(const pe_job *job, const pe_inputs *inputs, int count, pe_argument_names *out)
{
    pe_argument_names_by_place(count, out);
    take_columns(job, inputs, count, out);
    take_input_names(job, inputs, count, out);
    take_kernel_args(job, count, out);
}

void pe_argument_names_find(const pe_job *job, const pe_inputs *inputs, int count, pe_argument_names *out)
{
    pe_argument_names_of_inputs(job, inputs, count, out);
    take_kernel_args(job, count, out);
}

void pe_argument_names_of_inputs(const pe_job *job, const pe_inputs *inputs, int count, pe_argument_names *out)
{
    pe_argument_names_by_place(count, out);
    take_kernel_args(job, count, out);
    take_file_names(inputs, count, out);
    take_columns(job, inputs, count, out);
    take_input_names(job, inputs, count, out);
}
