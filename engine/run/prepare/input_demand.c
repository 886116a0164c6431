/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* input_demand.c - what the job's kernel is known to take, set in the specs of text inputs before they are opened.
 *
 * Design:   a text is opened before any kernel is, and then two things have to be known: whether empty lines at its end are
 *           items (they are texts, but no numbers), and whether the types of its columns must be found in its first records. A
 *           signature answers both, and so do the overloads of a built-in kernel where they agree. Types are searched only
 *           where neither gives them, since a stream has to wait for its first records then.
 * Threads:  the main thread.
 * Not here: finding the types (source/text/text_infer.c), choosing an overload (kernel/overload.c).
 */
#include "run/prepare/input_demand.h"

#include <string.h>

#include "kernel/registry.h"
#include "kernel/signature.h"
#include "run/output/kept/kept_columns.h"

/* The argument types of the signatures seen. */
typedef struct takes {
    bool numbers, texts, has_choice; /* has_choice: two signatures differ in their arguments */
    pe_signature first;
} takes;

static bool has_same_args(const pe_signature *a, const pe_signature *b)
{
    bool is_same = a->arg_count == b->arg_count;
    for (int i = 0; i < a->arg_count && is_same; i++)
        is_same = pe_type_equal(a->args[i], b->args[i]);
    return is_same;
}

static void add_signature(takes *all, const char *text)
{
    pe_signature signature;
    pe_error ignored = PE_ERROR_INIT; /* reported where the kernel is opened */
    if (pe_signature_parse(text, &signature, &ignored) != PE_OK)
        return;
    if (all->first.arg_count == 0)
        all->first = signature;
    all->has_choice = all->has_choice || !has_same_args(&all->first, &signature);
    for (int a = 0; a < signature.arg_count; a++) {
        const bool is_text = signature.args[a].dtype == PE_TEXT;
        all->texts = all->texts || is_text;
        all->numbers = all->numbers || !is_text;
    }
}

static void add_built_in(takes *all, const char *name)
{
    size_t count = 0;
    const pe_kernel *const *rows = pe_registry_all(&count);
    for (size_t k = 0; k < count; k++)
        if (strcmp(rows[k]->name, name) == 0)
            add_signature(all, rows[k]->signature);
}

/* A command without a signature reads lines; nothing is known of a Python function or a plugin's kernel. */
static takes ask_kernel(const pe_form_spec *kernel, bool *needs_types)
{
    takes all = {.numbers = false};
    *needs_types = kernel->signature == NULL && kernel->kind != PE_FORM_COMMAND;
    if (kernel->signature != NULL) {
        add_signature(&all, kernel->signature);
    } else if (kernel->kind == PE_FORM_NAME) {
        add_built_in(&all, kernel->name);
        *needs_types = all.has_choice;
    } else if (kernel->kind == PE_FORM_COMMAND) {
        all.texts = true;
    }
    return all;
}

/* A jsonl is asked for the keys that are kept, since its lines are read for known keys only. */
static void keep_keys(const pe_job *job, pe_source_spec *spec)
{
    const pe_keep *const keep = &job->output.keep;
    const bool has_paths = keep->count > 0 && keep->columns[0].name != NULL && job->input_count == 1;
    const bool is_none = (!keep->is_all && keep->count == 0) || job->op_count > 0;
    if (spec->format != PE_FORMAT_JSONL || is_none || job->output.format == PE_FORMAT_NULL)
        return;
    spec->keeps_own = job->output.format == PE_FORMAT_JSONL;
    spec->keeps_line = spec->keeps_own && keep->is_all;
    spec->keeps_keys = !has_paths;
    if (!has_paths)
        return;
    spec->kept = keep->columns;
    spec->kept_count = keep->count;
    spec->kept_where = job->output.where;
}

void pe_input_demand_set(pe_job *job)
{
    bool needs_types = false;
    const takes all = ask_kernel(&job->kernel, &needs_types);
    for (int i = 0; i < job->input_count; i++) {
        pe_source_spec *const spec = &job->inputs[i];
        const bool is_settled = all.numbers != all.texts;
        spec->demand = !is_settled ? PE_DEMAND_UNKNOWN : all.texts ? PE_DEMAND_TEXTS : PE_DEMAND_NUMBERS;
        spec->infers_types = needs_types || !is_settled;
        spec->infers_fields = pe_kept_columns_is_binary(job) || pe_kept_restyles(job, spec);
        keep_keys(job, spec);
    }
}
