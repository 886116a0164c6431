/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_print_kernel.c - the [kernel] and [errors] of the effective job as TOML.
 *
 * Design:   what the job did not give is NULL or 0 and has no line; defaults stand in the lines that always are.
 * Threads:  no state.
 * Not here: the other tables (job_print.c).
 */
#include "job/job_internal.h"
#include "job/schema/schema.h"

/* Else the key would be refused when it is read back. */
static bool goes_with(const pe_job_kernel *kernel, const char *key)
{
    return (pe_schema_find("kernel", key)->kinds & (1u << kernel->kind)) != 0;
}

static void put_params(pe_writer *to, const pe_job_kernel *kernel)
{
    if (kernel->param_count == 0)
        return;
    pe_writer_put(to, "\n[kernel.params]\n");
    for (size_t i = 0; i < kernel->param_count; i++)
        pe_writer_value(to, kernel->params[i].name, &kernel->params[i].value);
}

void pe_job_print_kernel(pe_writer *to, const pe_job_kernel *kernel)
{
    pe_writer_put(to, "\n[kernel]\n");
    pe_writer_pair(to, "plugin", kernel->plugin);
    pe_writer_pair(to, "name", kernel->name);
    pe_writer_pair(to, "expr", kernel->expr);
    pe_writer_array(to, "args", kernel->args, kernel->arg_count);
    pe_writer_pair(to, "source", kernel->source);
    pe_writer_pair(to, "function", kernel->function);
    pe_writer_array(to, "cflags", kernel->cflags, kernel->cflag_count);
    pe_writer_array(to, "libs", kernel->libs, kernel->lib_count);
    pe_writer_pair(to, "python", kernel->python);
    pe_writer_pair(to, "initializer", kernel->initializer);
    if (kernel->max_items_per_worker > 0)
        pe_writer_number(to, "max_items_per_worker", kernel->max_items_per_worker);
    pe_writer_array(to, "command", kernel->command, kernel->command_count);
    pe_writer_pair(to, "signature", kernel->signature);
    if (goes_with(kernel, "seed"))
        pe_writer_number(to, "seed", kernel->seed);
    if (goes_with(kernel, "overflow"))
        pe_writer_pair(to, "overflow", kernel->may_wrap ? "wrap" : "error");
    pe_writer_flag(to, "isolate", kernel->is_isolated);
    put_params(to, kernel);
}

void pe_job_print_errors(pe_writer *to, const pe_job_errors *errors)
{
    static const char *const policies[] = {"stop", "skip", "fill"};
    pe_writer_put(to, "\n[errors]\n");
    pe_writer_pair(to, "on_error", policies[errors->policy]);
    if (errors->has_fill)
        pe_writer_value(to, "fill", &errors->fill);
    pe_writer_number(to, "retries", (uint64_t)errors->retries);
    if (errors->timeout_ns > 0)
        pe_writer_time(to, "timeout", errors->timeout_ns);
    if (errors->has_max_failures && errors->max_is_share)
        pe_writer_share(to, "max_failures", errors->max_share);
    else if (errors->has_max_failures)
        pe_writer_number(to, "max_failures", errors->max_failures);
    pe_writer_pair(to, "log", errors->log);
}
