/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_lines.c - one program for many items: it reads a line per item and answers each with a line, in order.
 *
 * Design: all lines of a batch are written while answers are read; the next line does not wait for an answer.
 *         Many programs buffer their answers until the buffer is full or their input ends. So when everything is written
 *         and no answer arrives for STALL_NS, the input is closed. A program that then answers all the rest within
 *         BURST_NS buffers its answers: from then on its input is closed at the end of each batch, and the next batch
 *         gets a new process. A program that was only slow gets a longer stall time from then on.
 *         When the program dies or exceeds the timeout, the item that it was computing is not known. All unanswered items
 *         are suspects: they are sent again one at a time, and an item with which the program dies again fails. When
 *         the program exits with 0 before it has answered all lines, the unanswered items fail at once. A program that
 *         answers more lines than it was sent gives results that cannot be matched to items: the kernel gives up.
 * Threads: a worker belongs to one thread.
 * Not here: parsing answers (command_text.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "kernel/call.h"
#include "kernel/command/command_internal.h"
#include "kernel/process/process_form.h"
#include "os/log.h"

#define MS_NS ((uint64_t)1000000)
#define GRACE_NS (2000 * MS_NS) /* to exit by itself */
#define STALL_NS (2000 * MS_NS)
#define BURST_NS (1000 * MS_NS) /* buffered answers arrive within that */
#define NEW_BATCHES 4
#define EXTRA_MS 5
#define SLOWER 8 /* factor for the stall time of a program that was only slow */

struct pe_command_lines {
    const pe_command *form;
    pe_subprocess process;
    pe_command_environment environment;
    pe_command_stderr heard;
    uint64_t served;    /* items that this process was sent */
    int batches;        /* that this process answered */
    bool keeps_answers; /* in a buffer, until its input ends */
    uint64_t stall_ns;
    pe_buffer request, answer;
    size_t parsed;    /* bytes of answer that were parsed */
    pe_buffer unsent; /* one byte per item of the batch: not 0 when it is not sent, because it failed already */
};

/* How far a batch is. */
typedef struct progress {
    pe_batch *batch;
    unsigned char *is_unsent; /* worker->unsent */
    size_t done;              /* items before it have a result or failed */
    size_t suspects_end;      /* items before it had no answer when the program died */
    size_t end;               /* of the items of this request */
    size_t asked, answered;   /* lines of this request: sent, answered */
    size_t unwritten;         /* bytes of the request */
    bool is_closed;           /* the program's input */
    uint64_t since_ns;        /* time of the last answer */
    uint64_t closed_ns;       /* when the input was closed because of a stall; 0: it was not */
} progress;

/* FAILED: err says why: no memory, no process, or answers that are all wrong. */
typedef enum outcome { SERVED, ENDED, LATE, TOO_MANY, STOPPED, FAILED } outcome;

pe_status pe_command_lines_make(const pe_command *form, pe_command_lines **out, pe_error *err)
{
    pe_command_lines *worker = NULL;
    const pe_status status = pe_make_array(&worker, 1, sizeof *worker, err);
    if (status != PE_OK)
        return status;
    worker->form = form;
    worker->stall_ns = STALL_NS;
    pe_command_environment_make(&worker->environment, form);
    *out = worker;
    return PE_OK;
}

static bool has_unparsed(pe_command_lines *worker)
{
    return worker->answer.size > worker->parsed;
}

/* Any answer after the last batch is one too many. */
static void check_last_output(pe_command_lines *worker)
{
    pe_error err = PE_ERROR_INIT;
    pe_subprocess_io io = {
        .answer = &worker->answer, .deadline_ns = pe_clock_ns() + GRACE_NS, .stop = worker->form->stop};
    pe_subprocess_close_in(&worker->process);
    while (!has_unparsed(worker) && pe_subprocess_exchange(&worker->process, &io, &err) == PE_SUBPROCESS_PROGRESS)
        ;
    if (has_unparsed(worker))
        pe_log(PE_LOG_WARN, "%s wrote more lines than it was given: its results may belong to other items",
               worker->form->words[0]);
}

void pe_command_lines_free(pe_command_lines *worker)
{
    if (worker == NULL)
        return;
    if (worker->process.pid != 0)
        check_last_output(worker);
    (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + GRACE_NS, worker->form->stop, NULL);
    pe_command_stderr_end(&worker->heard, true);
    pe_command_stderr_fini(&worker->heard);
    pe_buffer_fini(&worker->request);
    pe_buffer_fini(&worker->answer);
    pe_buffer_fini(&worker->unsent);
    free(worker);
}

/* ---- the process ---- */

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
    pe_command_stderr_end(&worker->heard, true); /* of the process before */
    worker->served = 0;
    worker->batches = 0;
    worker->answer.size = worker->parsed = 0;
    const pe_status status = pe_subprocess_start(&spec, &worker->process, err);
    if (status == PE_OK)
        pe_command_stderr_begin(&worker->heard, worker->form, PE_NO_ITEM, &worker->process);
    return status;
}

/* Between requests: a process that wrote something answered too many lines; one that exited is reaped. */
static outcome check_idle(pe_command_lines *worker, pe_error *err)
{
    pe_subprocess_io io = {.answer = &worker->answer};
    if (worker->process.pid == 0 || !pe_subprocess_has_output(&worker->process))
        return SERVED;
    if (pe_subprocess_exchange(&worker->process, &io, err) == PE_SUBPROCESS_PROGRESS)
        return TOO_MANY;
    (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + GRACE_NS, worker->form->stop, NULL);
    return SERVED;
}

/* After the first batches of a process, which are small, waits for an answer too many: later it would be taken for the
 * answer of another item. */
static outcome check_after_batch(pe_command_lines *worker, pe_error *err)
{
    const bool is_new = worker->process.pid != 0 && worker->batches++ < NEW_BATCHES;
    for (int ms = 0; is_new && ms < EXTRA_MS && !pe_subprocess_has_output(&worker->process); ms++)
        pe_sleep_ns(MS_NS);
    return check_idle(worker, err);
}

/* A process that may take further items. */
static outcome ensure_process(pe_command_lines *worker, pe_error *err)
{
    const pe_command *const form = worker->form;
    const outcome how = check_idle(worker, err);
    if (how != SERVED)
        return how;
    if (worker->process.pid != 0 && form->max_items != 0 && worker->served >= form->max_items)
        (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + GRACE_NS, form->stop, NULL);
    return worker->process.pid != 0 || start(worker, err) == PE_OK ? SERVED : FAILED;
}

/* ---- sending ---- */

/* The lines of the next request, which begins at done; sets its end. */
static pe_status write_lines(pe_command_lines *worker, progress *self, pe_error *err)
{
    const pe_command *const form = worker->form;
    const uint64_t room = form->max_items == 0 ? UINT64_MAX : form->max_items - worker->served;
    const bool is_single = self->done < self->suspects_end;
    const uint64_t most = is_single ? 1 : room;
    pe_status status = PE_OK;
    worker->request.size = 0;
    self->asked = self->answered = 0;
    for (self->end = self->done; self->end < self->batch->count && self->asked < most && status == PE_OK; self->end++) {
        if (self->is_unsent[self->end] != 0)
            continue;
        status = pe_command_append_line(form, self->batch->args, self->end, &worker->request, err);
        self->asked++;
    }
    worker->served += self->asked;
    return status;
}

/* ---- reading ---- */

static void skip_failed(progress *self)
{
    while (self->done < self->end && self->is_unsent[self->done] != 0)
        self->done++;
}

/* The line is the answer of the first unanswered item. */
static bool read_line(pe_command_lines *worker, progress *self, const char *line, size_t size, bool has_newline,
                      pe_error *err)
{
    skip_failed(self);
    const bool is_read = pe_command_read_answer(worker->form, self->batch, self->done, line, size, has_newline, err);
    self->done++;
    self->answered++;
    skip_failed(self);
    pe_call_advance(self->batch, self->done);
    return is_read;
}

/* All bytes that this process was ever given are still in the pipe. */
static bool has_read_nothing(const pe_command_lines *worker, const progress *self)
{
    int unread = 0;
    const size_t written = worker->request.size - self->unwritten;
    return worker->served == self->asked && written > 0 && worker->process.in >= 0 &&
           ioctl(worker->process.in, FIONREAD, &unread) == 0 && unread >= 0 && (size_t)unread == written;
}

/* Reads complete lines, and at the end of the output one without a newline. */
static outcome read_lines(pe_command_lines *worker, progress *self, bool is_end, pe_error *err)
{
    if (self->answered == 0 && has_unparsed(worker) && has_read_nothing(worker, self))
        pe_command_warn_once(&worker->form->notes->warned_unread, worker->form,
                             "answers without reading its input, the items, one a line; where the item is an argument, "
                             "write {} in its place");
    while (self->answered < self->asked && has_unparsed(worker)) {
        const char *const line = (const char *)worker->answer.data + worker->parsed;
        const size_t there = worker->answer.size - worker->parsed;
        const char *const newline = memchr(line, '\n', there);
        if (newline == NULL && !is_end)
            break;
        const size_t size = newline == NULL ? there : (size_t)(newline - line);
        worker->parsed += newline == NULL ? size : size + 1;
        if (!read_line(worker, self, line, size, newline != NULL, err))
            return FAILED;
    }
    if (self->answered == self->asked && has_unparsed(worker))
        return TOO_MANY;
    if (!has_unparsed(worker))
        worker->answer.size = worker->parsed = 0;
    return SERVED;
}

/* The next deadline: the timeout of an item, or the stall after which the input is closed. */
static uint64_t choose_deadline(const pe_command_lines *worker, const progress *self, bool is_written)
{
    const uint64_t timeout_ns = worker->form->timeout_ns;
    const uint64_t half = timeout_ns / 2;
    const uint64_t late = timeout_ns == 0 ? 0 : self->since_ns + timeout_ns;
    const uint64_t stall_ns = timeout_ns != 0 && half < worker->stall_ns ? half : worker->stall_ns;
    if (self->answered == self->asked)
        return self->since_ns + GRACE_NS;
    if (self->is_closed || !is_written)
        return late;
    return self->since_ns + stall_ns;
}

static void close_input(pe_command_lines *worker, progress *self)
{
    pe_subprocess_close_in(&worker->process);
    self->is_closed = true;
}

static outcome read_answers(pe_command_lines *worker, progress *self, pe_error *err)
{
    pe_subprocess_io io = {.data = worker->request.data,
                           .size = worker->request.size,
                           .answer = &worker->answer,
                           .stop = worker->form->stop};
    outcome how = SERVED;
    self->since_ns = pe_clock_ns();
    while (how == SERVED && (self->answered < self->asked || self->is_closed)) {
        const size_t before = self->answered;
        if (worker->keeps_answers && io.size == 0 && !self->is_closed)
            close_input(worker, self);
        io.deadline_ns = choose_deadline(worker, self, io.size == 0);
        const pe_subprocess_event event = pe_subprocess_exchange(&worker->process, &io, err);
        if (event == PE_SUBPROCESS_STOPPED || event == PE_SUBPROCESS_FAILED)
            return event == PE_SUBPROCESS_STOPPED ? STOPPED : FAILED;
        self->unwritten = io.size;
        if (event != PE_SUBPROCESS_TIMEOUT)
            how = read_lines(worker, self, event == PE_SUBPROCESS_ENDED, err);
        if (event == PE_SUBPROCESS_ENDED && how == SERVED)
            return ENDED;
        if (self->answered > before)
            self->since_ns = pe_clock_ns();
        if (event != PE_SUBPROCESS_TIMEOUT)
            continue;
        if (self->answered == self->asked)
            return ENDED; /* all is answered, and its input is closed: as if it had exited */
        if (self->is_closed || io.size > 0 ||
            (worker->form->timeout_ns != 0 && pe_clock_ns() - self->since_ns >= worker->form->timeout_ns)) {
            how = LATE;
        } else {
            close_input(worker, self);
            self->closed_ns = pe_clock_ns();
        }
    }
    return how;
}

/* ---- the end of a process ---- */

static void fail_from(progress *self, size_t first, const char *reason)
{
    for (size_t item = first; item < self->end; item++)
        if (self->is_unsent[item] == 0)
            self->batch->fail(self->batch, item, reason);
    self->done = self->end;
}

/* After a stall: did the program buffer its answers, or was it slow? */
static void learn_from_stall(pe_command_lines *worker, const progress *self)
{
    if (self->closed_ns == 0)
        return;
    worker->keeps_answers = pe_clock_ns() - self->closed_ns < BURST_NS;
    if (worker->keeps_answers)
        pe_command_warn_once(&worker->form->notes->warned_buffering, worker->form,
                             "keeps its answers until its input ends, so it is started again for each batch of items; "
                             "faster is a program that reads and writes each line at once, as sed -u, python3 -u, "
                             "mawk -W interactive and grep --line-buffered do");
    if (!worker->keeps_answers)
        worker->stall_ns *= SLOWER;
}

/* It exited with 0, but has not answered all lines. */
static void fail_unanswered(progress *self, size_t base)
{
    char reason[PE_REASON_ROOM];
    const bool is_mixed = self->is_closed && self->answered > 0;
    if (is_mixed)
        (void)snprintf(reason, sizeof reason, "%zu answers to %zu lines: which belong together is unknown",
                       self->answered, self->asked);
    else
        (void)snprintf(reason, sizeof reason, "no answer: the program ended with exit 0");
    fail_from(self, is_mixed ? base : self->done, reason);
}

/* It died or was late. A single item fails; several become suspects. */
static void blame(pe_command_lines *worker, progress *self, outcome how, pe_subprocess_end end)
{
    char reason[PE_REASON_ROOM], text[PE_SUBPROCESS_TEXT_ROOM], line[PE_SUBPROCESS_TEXT_ROOM],
        late[PE_TIMEOUT_TEXT_ROOM];
    const bool was_suspect = self->done < self->suspects_end;
    const bool is_alone = self->asked - self->answered == 1;
    if (!was_suspect && !(how == LATE && is_alone)) {
        self->suspects_end = self->end;
        return;
    }
    (void)pe_subprocess_last_line(&worker->process, line);
    if (how == LATE)
        (void)snprintf(reason, sizeof reason, "%s", pe_process_form_timeout_text(worker->form->timeout_ns, late));
    else
        (void)snprintf(reason, sizeof reason, "%s%s%s%s", end.by_signal ? "worker died: " : "",
                       pe_subprocess_print_end(end, text), line[0] == '\0' ? "" : ": ", line);
    skip_failed(self);
    self->batch->fail(self->batch, self->done, reason);
    self->done++;
    self->suspects_end = 0;
}

static void handle_end(pe_command_lines *worker, progress *self, size_t base, outcome how)
{
    const uint64_t wait_ns = how == LATE ? 1 : pe_clock_ns() + GRACE_NS;
    const pe_subprocess_end end = pe_subprocess_finish(&worker->process, wait_ns, worker->form->stop, NULL);
    if (how == ENDED)
        learn_from_stall(worker, self);
    if (how == ENDED && self->answered == self->asked)
        self->done = self->end;
    else if (how == ENDED && pe_command_is_ok(worker->form, end))
        fail_unanswered(self, base);
    else
        blame(worker, self, how, end);
}

static outcome serve(pe_command_lines *worker, progress *self, pe_error *err)
{
    const size_t base = self->done;
    if (write_lines(worker, self, err) != PE_OK)
        return FAILED;
    self->is_closed = false;
    self->closed_ns = 0;
    outcome how = read_answers(worker, self, err);
    if (how == SERVED)
        self->done = self->end;
    if (how == ENDED || how == LATE) {
        handle_end(worker, self, base, how);
        how = SERVED;
    }
    return how;
}

/* ---- a batch ---- */

/* Fails the items that cannot be sent as a line. */
static pe_status begin(pe_command_lines *worker, progress *self, pe_error *err)
{
    const size_t count = self->batch->count;
    worker->unsent.size = 0;
    const pe_status status = pe_buffer_reserve(&worker->unsent, count, err);
    if (status != PE_OK)
        return status;
    self->is_unsent = worker->unsent.data;
    memset(self->is_unsent, 0, count);
    for (size_t item = 0; item < count && pe_command_has_text(worker->form); item++) {
        const char *const refused = pe_command_check_texts(worker->form, self->batch->args, item);
        self->is_unsent[item] = refused != NULL;
        if (refused != NULL)
            self->batch->fail(self->batch, item, refused);
    }
    self->end = count;
    skip_failed(self);
    return PE_OK;
}

static int give_up(pe_command_lines *worker, const progress *self, outcome how, const pe_error *err)
{
    const size_t item = self->done < self->batch->count ? self->done : self->batch->count - 1;
    (void)pe_subprocess_kill(&worker->process);
    if (how == STOPPED)
        return 0;
    if (how == TOO_MANY)
        self->batch->fail(self->batch, item, "the program answered more lines than it was given");
    else
        self->batch->fail(self->batch, item, err->status == PE_OK ? "out of memory" : err->text);
    return 1;
}

int pe_command_lines_map(pe_command_lines *worker, pe_batch *batch)
{
    progress self = {.batch = batch};
    pe_error err = PE_ERROR_INIT;
    outcome how = begin(worker, &self, &err) == PE_OK ? SERVED : FAILED;
    while (how == SERVED && self.done < batch->count) {
        how = ensure_process(worker, &err);
        if (how == SERVED)
            how = serve(worker, &self, &err);
    }
    if (how == SERVED)
        how = check_after_batch(worker, &err);
    return how == SERVED ? 0 : give_up(worker, &self, how, &err);
}
