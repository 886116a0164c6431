/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_form.c - a program as a kernel.
 *
 * Design: when a word after the first contains "{}" (or "{2}", the second argument), the program runs once per item; else
 *         it reads the items as lines and answers each with a line. The first word is looked for in PATH, or, where it
 *         contains a slash, relative to the job file's folder. No shell is involved.
 * Threads: open and close: the main thread. The kernel: one process a worker.
 * Not here: running the program (command_lines.c, command_runs.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "kernel/command/command_internal.h"
#include "kernel/process/process_form.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static bool is_program(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, X_OK) == 0;
}

static bool find_in_path(const char *name, char out[PE_COMMAND_PATH])
{
    const char *at = getenv("PATH");
    bool is_found = false;
    at = at == NULL ? DEFAULT_PATH : at;
    while (!is_found && *at != '\0') {
        const size_t size = strcspn(at, ":");
        const int used =
            snprintf(out, PE_COMMAND_PATH, "%.*s/%s", size == 0 ? 1 : (int)size, size == 0 ? "." : at, name);
        is_found = used > 0 && used < PE_COMMAND_PATH && is_program(out);
        at += at[size] == ':' ? size + 1 : size;
    }
    return is_found;
}

static pe_status find_program(const pe_form_spec *spec, char out[PE_COMMAND_PATH], pe_error *err)
{
    const char *const name = spec->command[0];
    if (strchr(name, '/') == NULL) {
        return find_in_path(name, out)
                   ? PE_OK
                   : pe_fail(err, PE_EKERNEL, "%s: there is no program \"%s\" in PATH", spec->where, name);
    }
    const pe_status status = pe_process_form_path(spec, name, strlen(name), out, PE_COMMAND_PATH, err);
    if (status != PE_OK || is_program(out))
        return status;
    const bool is_there = access(out, F_OK) == 0;
    return pe_fail(err, PE_EKERNEL, "%s: %s %s", spec->where, out, is_there ? "is not a program" : "is not there");
}

/* *runs_each: some word contains a placeholder. */
static pe_status check_words(const pe_form_spec *spec, int arg_count, bool *runs_each, pe_error *err)
{
    *runs_each = false;
    if (spec->command_count == 0 || spec->command[0][0] == '\0')
        return pe_fail(err, PE_ECONFIG, "%s: expected [\"program\", \"argument\", ...], got no program", spec->where);
    for (int w = 0; w < spec->command_count; w++) {
        for (const char *at = spec->command[w]; *at != '\0'; at++) {
            int arg = 0;
            if (pe_command_placeholder(at, arg_count, &arg) == 0)
                continue;
            if (w == 0)
                return pe_fail(err, PE_ECONFIG, "%s: \"%s\": items may not choose the program", spec->where,
                               spec->command[0]);
            *runs_each = true;
        }
    }
    return PE_OK;
}

static int open_worker(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)setup;
    const pe_command *const form = *(pe_command *const *)kernel->context;
    pe_error err = PE_ERROR_INIT;
    pe_command_lines *lines = NULL;
    pe_command_runs *runs = NULL;
    const pe_status status =
        form->runs_each ? pe_command_runs_make(form, &runs, &err) : pe_command_lines_make(form, &lines, &err);
    *worker = form->runs_each ? (void *)runs : (void *)lines;
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

/* The array ends with NULL, as argv does. */
static pe_status keep_words(const pe_form_spec *spec, pe_command *form, pe_error *err)
{
    const pe_status status = pe_make_array(&form->words, (size_t)spec->command_count + 1, sizeof *form->words, err);
    for (int w = 0; w < spec->command_count && status == PE_OK; w++)
        form->words[w] = spec->command[w];
    form->word_count = spec->command_count;
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
    form->max_items = spec->max_items_per_worker;
    form->timeout_ns = spec->timeout_ns;
    form->stop = spec->stop;
    status = pe_process_form_signature(spec, name, &form->signature, form->signature_text, err);
    if (status == PE_OK)
        status = check_words(spec, form->signature.arg_count, &form->runs_each, err);
    if (status == PE_OK)
        status = find_program(spec, form->program, err);
    if (status == PE_OK)
        status = keep_words(spec, form, err);
    out->signature = form->signature;
    out->kernel = (pe_kernel){.abi = PE_KERNEL_ABI,
                              .size = sizeof out->kernel,
                              .name = name,
                              .signature = form->signature_text,
                              .summary = "a program",
                              .map = form->runs_each ? map_runs : map_lines,
                              .open = open_worker,
                              .close = form->runs_each ? close_runs : close_lines,
                              .context = &form->self};
    return status;
}

static void close_command(pe_form *out)
{
    pe_command *const form = out->state;
    if (form == NULL)
        return;
    free(form->words);
    free(form);
}

const pe_form_ops pe_form_command = {.open = open_command, .close = close_command};
