/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_runs.c - runs a program once per item, with the item's text in place of its placeholders.
 *
 * Design: a worker runs one process at a time. The answer is what the program wrote to stdout, without one newline at the
 *         end. It is used when the program exits with 0, or with a code that is ok.
 * Threads: a worker belongs to one thread.
 * Not here: text as results (command_text.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "kernel/call.h"
#include "kernel/command/command_internal.h"
#include "kernel/process/last_process.h"
#include "kernel/process/process_form.h"

#define MOST_ANSWER_BYTES ((size_t)1 << 30)

struct pe_command_runs {
    const pe_command *form;
    pe_buffer text; /* the argv strings of one run */
    size_t *starts; /* where each string begins */
    pe_command_environment environment;
    pe_command_stderr stderr_reader;
    const char **argv; /* word_count and NULL */
    pe_buffer answer;
};

pe_status pe_command_runs_make(const pe_command *form, pe_command_runs **out, pe_error *err)
{
    pe_command_runs *worker = NULL;
    const size_t words = (size_t)form->word_count;
    pe_status status = pe_make_array(&worker, 1, sizeof *worker, err);
    if (status != PE_OK)
        return status;
    worker->form = form;
    pe_command_environment_make(&worker->environment, form);
    status = pe_make_array(&worker->starts, words, sizeof *worker->starts, err);
    if (status == PE_OK)
        status = pe_make_array(&worker->argv, words + 1, sizeof *worker->argv, err);
    if (status != PE_OK) {
        pe_command_runs_free(worker);
        return status;
    }
    *out = worker;
    return PE_OK;
}

void pe_command_runs_free(pe_command_runs *worker)
{
    if (worker == NULL)
        return;
    free(worker->starts);
    free(worker->argv);
    pe_command_stderr_fini(&worker->stderr_reader);
    pe_buffer_fini(&worker->text);
    pe_buffer_fini(&worker->answer);
    free(worker);
}

static pe_status append_word(pe_command_runs *worker, int w, const pe_batch *batch, size_t item, pe_error *err)
{
    const pe_command *const form = worker->form;
    const pe_template *const word = &form->templates[w];
    worker->starts[w] = worker->text.size;
    const pe_status status =
        pe_template_print(word, &form->signature, batch->args, item, batch->first + item, &worker->text, err);
    return status == PE_OK ? pe_buffer_append(&worker->text, "", 1, err) : status;
}

static pe_status make_argv(pe_command_runs *worker, const pe_batch *batch, size_t item, pe_error *err)
{
    const pe_command *const form = worker->form;
    pe_status status = PE_OK;
    worker->text.size = 0;
    for (int w = 0; w < form->word_count && status == PE_OK; w++)
        if (form->templates[w].has_placeholder)
            status = append_word(worker, w, batch, item, err);
    for (int w = 0; w < form->word_count && status == PE_OK; w++)
        worker->argv[w] =
            form->templates[w].has_placeholder ? (const char *)worker->text.data + worker->starts[w] : form->words[w];
    return status;
}

/* "exit 3: the last line of its stderr". */
static void fail_end(pe_batch *batch, size_t item, const pe_subprocess *process, pe_subprocess_end end)
{
    char reason[PE_REASON_ROOM], text[PE_SUBPROCESS_TEXT_ROOM], line[PE_SUBPROCESS_TEXT_ROOM];
    (void)pe_subprocess_last_line(process, line);
    (void)snprintf(reason, sizeof reason, "%s%s%s", pe_subprocess_print_end(end, text), line[0] == '\0' ? "" : ": ",
                   line);
    batch->fail(batch, item, reason);
}

static bool take_answer(pe_command_runs *worker, pe_batch *batch, size_t item, pe_error *err)
{
    const char *const text = worker->answer.size == 0 ? "" : (const char *)worker->answer.data;
    const size_t size = worker->answer.size;
    size_t used = size;
    const bool has_newline = size > 0 && text[size - 1] == '\n';
    const bool is_read =
        pe_command_read_answer(worker->form, batch, item, text, size - (has_newline ? 1 : 0), has_newline, err);
    pe_subprocess_forget(&worker->answer, &used);
    return is_read;
}

/* The command instead of what it would answer. */
static bool answer_with_command(pe_command_runs *worker, pe_batch *batch, size_t item, pe_error *err)
{
    worker->answer.size = 0;
    return pe_command_append_shell(worker->argv, &worker->answer, err) == PE_OK &&
           pe_buffer_append(&worker->answer, "\n", 1, err) == PE_OK && take_answer(worker, batch, item, err);
}

typedef enum outcome { DONE, STOPPED, GIVES_UP } outcome;

/* Reads stdout until its end or the deadline, which moves by the time that a long answer waits for room. */
static pe_subprocess_event read_stdout(pe_command_runs *worker, pe_batch *batch, size_t item, pe_subprocess *process,
                                       uint64_t *deadline_ns, pe_error *err)
{
    pe_subprocess_io io = {.answer = &worker->answer, .stop = worker->form->stop};
    pe_subprocess_event event = PE_SUBPROCESS_PROGRESS;
    worker->answer.size = 0;
    while (event == PE_SUBPROCESS_PROGRESS && worker->answer.size <= MOST_ANSWER_BYTES) {
        const uint64_t began = pe_clock_ns();
        if (!pe_call_keep(batch, item, worker->answer.size))
            return PE_SUBPROCESS_FAILED;
        *deadline_ns += *deadline_ns == 0 ? 0 : pe_clock_ns() - began;
        io.deadline_ns = *deadline_ns;
        event = pe_subprocess_exchange(process, &io, err);
    }
    return event;
}

static outcome run(pe_command_runs *worker, pe_batch *batch, size_t item, pe_subprocess *process, pe_error *err)
{
    const pe_command *const form = worker->form;
    uint64_t deadline_ns = form->timeout_ns == 0 ? 0 : pe_clock_ns() + form->timeout_ns;
    char text[PE_TIMEOUT_TEXT_ROOM];
    bool was_killed = false;
    const pe_subprocess_event event = read_stdout(worker, batch, item, process, &deadline_ns, err);
    const uint64_t wait_ns = event == PE_SUBPROCESS_ENDED ? deadline_ns : 1;
    const pe_subprocess_end end = pe_subprocess_finish(process, wait_ns, form->stop, &was_killed);
    pe_command_stderr_end(&worker->stderr_reader, !was_killed && (form->passes_failed || pe_command_is_ok(form, end)));
    if (event == PE_SUBPROCESS_FAILED)
        return GIVES_UP;
    if (event == PE_SUBPROCESS_TIMEOUT || (was_killed && deadline_ns != 0 && pe_clock_ns() >= deadline_ns))
        batch->fail(batch, item, pe_process_form_timeout_text(form->timeout_ns, text));
    else if (event == PE_SUBPROCESS_PROGRESS)
        batch->fail(batch, item, "answered more than 1 GiB");
    else if (event == PE_SUBPROCESS_STOPPED || was_killed)
        return STOPPED;
    else if (!pe_command_is_ok(form, end))
        fail_end(batch, item, process, end);
    else
        return take_answer(worker, batch, item, err) ? DONE : GIVES_UP;
    return DONE;
}

/* The program for one item, whose words are in argv. */
static outcome start(pe_command_runs *worker, pe_batch *batch, size_t item, const pe_subprocess_spec *spec,
                     pe_error *err)
{
    pe_subprocess process;
    const uint64_t index = batch->first + item;
    pe_command_environment_set_item(&worker->environment, index);
    pe_last_process_began(spec->argv);
    if (pe_subprocess_start(spec, &process, err) != PE_OK) {
        batch->fail(batch, item, err->text);
        pe_error_clear(err);
        return DONE;
    }
    pe_command_stderr_begin(&worker->stderr_reader, worker->form, index, &process);
    return run(worker, batch, item, &process, err);
}

static int give_up(pe_batch *batch, size_t item, const pe_error *err)
{
    if (err->status != PE_OK)
        batch->fail(batch, item, err->text);
    return 1;
}

int pe_command_runs_map(pe_command_runs *worker, pe_batch *batch)
{
    const pe_command *const form = worker->form;
    const bool has_text = pe_command_has_text(form);
    const pe_subprocess_spec spec = {.program = form->program,
                                     .argv = worker->argv,
                                     .in_fd = PE_SUBPROCESS_NO_FD,
                                     .out_fd = STDOUT_FILENO,
                                     .captures_stderr = form->stderr_use != PE_STDERR_DROP,
                                     .drops_stderr = form->stderr_use == PE_STDERR_DROP,
                                     .shared_fd = PE_SUBPROCESS_NO_FD,
                                     .variables = worker->environment.variables};
    for (size_t item = 0; item < batch->count; item++) {
        pe_error err = PE_ERROR_INIT;
        const char *const refused = has_text ? pe_command_check_texts(form, batch->args, item) : NULL;
        outcome how = DONE;
        if (refused != NULL)
            batch->fail(batch, item, refused);
        else if (make_argv(worker, batch, item, &err) != PE_OK)
            how = GIVES_UP;
        else if (form->is_dry_run)
            how = answer_with_command(worker, batch, item, &err) ? DONE : GIVES_UP;
        else
            how = start(worker, batch, item, &spec, &err);
        if (how == GIVES_UP)
            return give_up(batch, item, &err);
        if (how == STOPPED)
            return 0;
        pe_call_advance(batch, item + 1);
    }
    return 0;
}
