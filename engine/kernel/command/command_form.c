/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_form.c - a program as a kernel.
 *
 * Design: when a word after the first has a placeholder, the program runs once per item; else it reads the items as lines
 *         and answers each with a line. No shell is involved.
 * Threads: open and close: the main thread. The kernel: one process per worker.
 * Not here: running the program (command_lines.c, command_runs.c), finding it (command_find.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "kernel/call.h"
#include "kernel/command/command_internal.h"
#include "kernel/process/process_form.h"

/* The words as templates; runs_each: some word has a placeholder. */
static pe_status parse_words(const pe_form_spec *spec, pe_command *form, pe_error *err)
{
    if (spec->command_count == 0 || spec->command[0][0] == '\0')
        return pe_fail(err, PE_ECONFIG, "%s: expected [\"program\", \"argument\", ...], got no program", spec->where);
    form->word_count = spec->command_count;
    pe_status status = pe_make_array(&form->templates, (size_t)form->word_count, sizeof *form->templates, err);
    if (status == PE_OK) /* the array ends with NULL, as argv does */
        status = pe_make_array(&form->words, (size_t)form->word_count + 1, sizeof *form->words, err);
    for (int w = 0; w < form->word_count && status == PE_OK; w++) {
        pe_error wrong = PE_ERROR_INIT;
        status = pe_template_parse(spec->command[w], form->signature.arg_count, &form->templates[w], &wrong);
        if (status != PE_OK)
            return pe_fail(err, status, "%s: \"%s\": %s", spec->where, spec->command[w], wrong.text);
        form->runs_each = form->runs_each || form->templates[w].has_placeholder;
    }
    if (status == PE_OK && form->templates[0].has_placeholder)
        return pe_fail(err, PE_ECONFIG, "%s: \"%s\": items may not choose the program%s", spec->where, spec->command[0],
                       strpbrk(spec->command[0], " \t") != NULL ? "; a line for the shell is \"sh\", \"-c\", \"...\""
                                                                : "");
    return status;
}

/* A dry run is of every item, whatever reads it. */
static bool runs_each(const pe_command *form)
{
    return form->runs_each || form->is_dry_run;
}

static int open_worker(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)setup;
    const pe_command *const form = *(pe_command *const *)kernel->context;
    pe_error err = PE_ERROR_INIT;
    pe_command_lines *lines = NULL;
    pe_command_runs *runs = NULL;
    const bool is_each = runs_each(form);
    const pe_status status =
        is_each ? pe_command_runs_make(form, &runs, &err) : pe_command_lines_make(form, &lines, &err);
    *worker = is_each ? (void *)runs : (void *)lines;
    if (status != PE_OK)
        pe_call_refuse_for_lack(err.text);
    return status == PE_OK ? 0 : 1;
}

static void close_lines(void *worker)
{
    pe_command_lines_free(worker);
}

static void close_runs(void *worker)
{
    pe_command_runs_free(worker);
}

static int map_lines(pe_batch *batch)
{
    return pe_command_lines_map(batch->worker, batch);
}

static int map_runs(pe_batch *batch)
{
    return pe_command_runs_map(batch->worker, batch);
}

static void copy_spec(const pe_form_spec *spec, pe_command *form)
{
    form->max_items = spec->max_items_per_worker;
    form->timeout_ns = spec->timeout_ns;
    form->stop = spec->stop;
    form->is_dry_run = spec->is_dry_run;
    form->keeps_newline = spec->keeps_newline;
    form->names_items = spec->names_items;
    form->passes_failed = spec->passes_failed;
    form->stderr_use = spec->stderr_use;
    form->ok = spec->ok;
    form->ok_count = spec->ok_count;
    form->rank = spec->rank;
}

/* A dry run gives the commands in place of what the programs would answer. */
static pe_status find_signature(const pe_form_spec *spec, const char *name, pe_command *form, pe_error *err)
{
    const pe_status status = pe_process_form_signature(spec, name, &form->signature, form->signature_text, err);
    if (status == PE_OK && form->is_dry_run) {
        form->signature.result_count = 1;
        form->signature.results[0] = (pe_type){.dtype = PE_TEXT};
        (void)pe_signature_print(&form->signature, form->signature_text);
    }
    return status;
}

static pe_status open_command(const pe_form_spec *spec, const pe_buffer *object, pe_form *out, pe_error *err)
{
    (void)object;
    pe_command *form = NULL;
    const char *const name = spec->command_count == 0 ? "" : spec->command[0];
    pe_status status = pe_make_array(&form, 1, sizeof *form, err);
    if (status != PE_OK)
        return status;
    out->state = form;
    form->self = form;
    copy_spec(spec, form);
    status = pe_make_array(&form->notes, 1, sizeof *form->notes, err);
    if (status == PE_OK)
        status = find_signature(spec, name, form, err);
    if (status == PE_OK)
        status = parse_words(spec, form, err);
    if (status == PE_OK)
        status = pe_command_find(spec, form, err);
    const bool is_each = runs_each(form);
    out->signature = form->signature;
    out->kernel = (pe_kernel){.abi = PE_KERNEL_ABI,
                              .size = sizeof out->kernel,
                              .name = name,
                              .signature = form->signature_text,
                              .summary = "a program",
                              .map = is_each ? map_runs : map_lines,
                              .open = open_worker,
                              .close = is_each ? close_runs : close_lines,
                              .context = &form->self};
    return status;
}

static void close_command(pe_form *out)
{
    pe_command *const form = out->state;
    if (form == NULL)
        return;
    for (int w = 0; w < form->word_count; w++) {
        if (form->templates != NULL)
            pe_template_fini(&form->templates[w]);
        if (form->words != NULL)
            free(form->words[w]);
    }
    free(form->templates);
    free(form->words);
    free(form->notes);
    free(form);
}

const pe_form_ops pe_form_command = {.open = open_command, .close = close_command};
