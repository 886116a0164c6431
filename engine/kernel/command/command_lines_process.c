/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_lines_process.c - the process that is given lines: its start, its end, and what it writes unasked.
 *
 * Design: a process serves many batches. It is replaced when it has exited, and after max_items items.
 * Threads: a worker belongs to one thread.
 * Not here: lines and answers (command_lines.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "kernel/command/command_lines_internal.h"
#include "os/log.h"

#define NEW_BATCHES 4
#define EXTRA_MS 5

pe_status pe_command_lines_make(const pe_command *form, pe_command_lines **out, pe_error *err)
{
    pe_command_lines *worker = NULL;
    const pe_status status = pe_make_array(&worker, 1, sizeof *worker, err);
    if (status != PE_OK)
        return status;
    worker->form = form;
    worker->stall_ns = PE_LINES_STALL_NS;
    pe_command_environment_make(&worker->environment, form);
    *out = worker;
    return PE_OK;
}

bool pe_command_lines_has_unparsed(const pe_command_lines *worker)
{
    return worker->answer.size > worker->parsed;
}

/* Any answer after the last batch is one too many. */
static void check_last_output(pe_command_lines *worker)
{
    pe_error err = PE_ERROR_INIT;
    pe_subprocess_io io = {
        .answer = &worker->answer, .deadline_ns = pe_clock_ns() + PE_LINES_GRACE_NS, .stop = worker->form->stop};
    pe_subprocess_close_in(&worker->process);
    while (!pe_command_lines_has_unparsed(worker) &&
           pe_subprocess_exchange(&worker->process, &io, &err) == PE_SUBPROCESS_PROGRESS)
        ;
    if (pe_command_lines_has_unparsed(worker))
        pe_log(PE_LOG_WARN, "%s wrote more lines than it was given: its results may belong to other items",
               worker->form->words[0]);
}

void pe_command_lines_check_end(const pe_command_lines *worker, pe_subprocess_end end)
{
    const pe_command *const form = worker->form;
    char text[PE_SUBPROCESS_TEXT_ROOM], warning[PE_SUBPROCESS_TEXT_ROOM + 40];
    const bool is_stopping = form->stop != NULL && atomic_load_explicit(form->stop, memory_order_relaxed);
    if (end.number <= 0 || is_stopping || pe_command_is_ok(form, end)) /* a run that stops ends its processes, too */
        return;
    (void)snprintf(warning, sizeof warning, "answered all its lines, but ended with %s",
                   pe_subprocess_print_end(end, text));
    pe_command_warn_once(&form->notes->warned_end, form, warning);
}

/* Between batches, or after the last one. */
static void finish_idle(pe_command_lines *worker)
{
    bool was_killed = false;
    const pe_subprocess_end end =
        pe_subprocess_finish(&worker->process, pe_clock_ns() + PE_LINES_GRACE_NS, worker->form->stop, &was_killed);
    if (!was_killed)
        pe_command_lines_check_end(worker, end);
}

void pe_command_lines_free(pe_command_lines *worker)
{
    if (worker == NULL)
        return;
    if (worker->process.pid != 0)
        check_last_output(worker);
    finish_idle(worker);
    pe_command_stderr_end(&worker->stderr_reader, true);
    pe_command_stderr_fini(&worker->stderr_reader);
    pe_buffer_fini(&worker->request);
    pe_buffer_fini(&worker->answer);
    pe_buffer_fini(&worker->unsent);
    free(worker);
}

static pe_status start(pe_command_lines *worker, pe_error *err)
{
    const pe_stderr_use use = worker->form->stderr_use;
    const pe_subprocess_spec spec = {.program = worker->form->program,
                                     .argv = (const char *const *)worker->form->words,
                                     .in_fd = STDIN_FILENO,
                                     .out_fd = STDOUT_FILENO,
                                     .captures_stderr = use != PE_STDERR_DROP,
                                     .drops_stderr = use == PE_STDERR_DROP,
                                     .shared_fd = PE_SUBPROCESS_NO_FD,
                                     .variables = worker->environment.variables};
    pe_command_stderr_end(&worker->stderr_reader, true); /* of the process before */
    worker->served = 0;
    worker->batches = 0;
    worker->answer.size = worker->parsed = worker->searched = 0;
    const pe_status status = pe_subprocess_start(&spec, &worker->process, err);
    if (status == PE_OK)
        pe_command_stderr_begin(&worker->stderr_reader, worker->form, PE_NO_ITEM, &worker->process);
    return status;
}

/* Between requests: a process that wrote something answered too many lines; one that exited is reaped. */
static pe_lines_outcome check_idle(pe_command_lines *worker, pe_error *err)
{
    pe_subprocess_io io = {.answer = &worker->answer};
    if (worker->process.pid == 0 || !pe_subprocess_has_output(&worker->process))
        return PE_LINES_SERVED;
    if (pe_subprocess_exchange(&worker->process, &io, err) == PE_SUBPROCESS_PROGRESS)
        return PE_LINES_TOO_MANY;
    finish_idle(worker);
    return PE_LINES_SERVED;
}

pe_lines_outcome pe_command_lines_check_extra(pe_command_lines *worker, pe_error *err)
{
    const bool is_new = worker->process.pid != 0 && worker->batches++ < NEW_BATCHES;
    for (int ms = 0; is_new && ms < EXTRA_MS && !pe_subprocess_has_output(&worker->process); ms++)
        pe_sleep_ns(PE_LINES_MS_NS);
    return check_idle(worker, err);
}

pe_lines_outcome pe_command_lines_ensure_process(pe_command_lines *worker, pe_error *err)
{
    const pe_command *const form = worker->form;
    const pe_lines_outcome how = check_idle(worker, err);
    if (how != PE_LINES_SERVED)
        return how;
    if (worker->process.pid != 0 && form->max_items != 0 && worker->served >= form->max_items)
        finish_idle(worker);
    return worker->process.pid != 0 || start(worker, err) == PE_OK ? PE_LINES_SERVED : PE_LINES_FAILED;
}
