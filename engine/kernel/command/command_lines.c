/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_lines.c - one program for many items: it reads a line per item and answers each with a line, in order.
 *
 * Design: all lines of a batch are written while answers are read; the next line does not wait for an answer.
 *         Many programs buffer their answers until the buffer is full or their input ends. So when everything is written
 *         and no answer arrives for PE_LINES_STALL_NS, the input is closed. A program that then answers all the rest within
 *         BURST_NS buffers its answers: from then on its input is closed at the end of each batch, and the next batch
 *         gets a new process. A program that was only slow gets a longer stall time from then on.
 *         When the program dies or exceeds the timeout, the item that it was computing is not known. All unanswered items
 *         are suspects: they are sent again one at a time, and an item with which the program dies again fails. When
 *         the program exits with 0 before it has answered all lines, the unanswered items fail at once. A program that
 *         answers more lines than it was sent gives results that cannot be matched to items: the kernel gives up.
 * Threads: a worker belongs to one thread.
 * Not here: the start and the end of its process (command_lines_process.c), parsing answers (command_text.c).
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "kernel/call.h"
#include "kernel/command/command_lines_internal.h"
#include "kernel/process/process_form.h"

#define BURST_NS (1000 * PE_LINES_MS_NS) /* buffered answers arrive within that */
#define SLOWER 8                         /* factor for the stall time of a program that was only slow */

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
    pe_subprocess_forget(&worker->answer, &worker->parsed);
    worker->searched = 0;
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
static pe_lines_outcome read_lines(pe_command_lines *worker, progress *self, bool is_end, pe_error *err)
{
    if (self->answered == 0 && pe_command_lines_has_unparsed(worker) && has_read_nothing(worker, self))
        pe_command_warn_once(
            &worker->form->notes->warned_unread, worker->form,
            "answers without reading its input, the items, one per line; where the item is an argument, "
            "write {} in its place");
    while (self->answered < self->asked && pe_command_lines_has_unparsed(worker)) {
        const char *const line = (const char *)worker->answer.data + worker->parsed;
        const size_t there = worker->answer.size - worker->parsed;
        const size_t known = worker->searched > worker->parsed ? worker->searched - worker->parsed : 0;
        const char *const newline = memchr(line + known, '\n', there - known);
        worker->searched = newline == NULL ? worker->answer.size : 0;
        if (newline == NULL && !is_end)
            break;
        const size_t size = newline == NULL ? there : (size_t)(newline - line);
        worker->parsed += newline == NULL ? size : size + 1;
        if (!read_line(worker, self, line, size, newline != NULL, err))
            return PE_LINES_FAILED;
    }
    if (self->answered == self->asked && pe_command_lines_has_unparsed(worker))
        return PE_LINES_TOO_MANY;
    if (!pe_command_lines_has_unparsed(worker))
        worker->answer.size = worker->parsed = worker->searched = 0;
    return PE_LINES_SERVED;
}

/* Waits until there is room for more of a long line. The waiting time is not the item's. */
static bool keep_line(const pe_command_lines *worker, progress *self)
{
    const uint64_t began = pe_clock_ns();
    const bool has_room = pe_call_keep(self->batch, self->done, worker->answer.size - worker->parsed);
    self->since_ns += pe_clock_ns() - began;
    return has_room;
}

/* The next deadline: the timeout of an item, or the stall after which the input is closed. */
static uint64_t choose_deadline(const pe_command_lines *worker, const progress *self, bool is_written)
{
    const uint64_t timeout_ns = worker->form->timeout_ns;
    const uint64_t half = timeout_ns / 2;
    const uint64_t late = timeout_ns == 0 ? 0 : self->since_ns + timeout_ns;
    const uint64_t stall_ns = timeout_ns != 0 && half < worker->stall_ns ? half : worker->stall_ns;
    if (self->answered == self->asked)
        return self->since_ns + PE_LINES_GRACE_NS;
    if (self->is_closed || !is_written)
        return late;
    return self->since_ns + stall_ns;
}

static void close_input(pe_command_lines *worker, progress *self)
{
    pe_subprocess_close_in(&worker->process);
    self->is_closed = true;
}

static pe_lines_outcome read_answers(pe_command_lines *worker, progress *self, pe_error *err)
{
    pe_subprocess_io io = {.data = worker->request.data,
                           .size = worker->request.size,
                           .answer = &worker->answer,
                           .stop = worker->form->stop};
    pe_lines_outcome how = PE_LINES_SERVED;
    self->since_ns = pe_clock_ns();
    while (how == PE_LINES_SERVED && (self->answered < self->asked || self->is_closed)) {
        const size_t before = self->answered;
        if (worker->keeps_answers && io.size == 0 && !self->is_closed)
            close_input(worker, self);
        if (!keep_line(worker, self))
            return PE_LINES_FAILED;
        io.deadline_ns = choose_deadline(worker, self, io.size == 0);
        const pe_subprocess_event event = pe_subprocess_exchange(&worker->process, &io, err);
        if (event == PE_SUBPROCESS_STOPPED || event == PE_SUBPROCESS_FAILED)
            return event == PE_SUBPROCESS_STOPPED ? PE_LINES_STOPPED : PE_LINES_FAILED;
        self->unwritten = io.size;
        if (event != PE_SUBPROCESS_TIMEOUT)
            how = read_lines(worker, self, event == PE_SUBPROCESS_ENDED, err);
        if (event == PE_SUBPROCESS_ENDED && how == PE_LINES_SERVED)
            return PE_LINES_ENDED;
        if (self->answered > before)
            self->since_ns = pe_clock_ns();
        if (event != PE_SUBPROCESS_TIMEOUT)
            continue;
        if (self->answered == self->asked)
            return PE_LINES_ENDED; /* all is answered, and its input is closed: as if it had exited */
        if (self->is_closed || io.size > 0 ||
            (worker->form->timeout_ns != 0 && pe_clock_ns() - self->since_ns >= worker->form->timeout_ns)) {
            how = PE_LINES_LATE;
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
static void blame(pe_command_lines *worker, progress *self, pe_lines_outcome how, pe_subprocess_end end)
{
    char reason[PE_REASON_ROOM], text[PE_SUBPROCESS_TEXT_ROOM], line[PE_SUBPROCESS_TEXT_ROOM],
        late[PE_TIMEOUT_TEXT_ROOM];
    const bool was_suspect = self->done < self->suspects_end;
    const bool is_alone = self->asked - self->answered == 1;
    if (!was_suspect && !(how == PE_LINES_LATE && is_alone)) {
        self->suspects_end = self->end;
        return;
    }
    (void)pe_subprocess_last_line(&worker->process, line);
    if (how == PE_LINES_LATE)
        (void)snprintf(reason, sizeof reason, "%s", pe_process_form_timeout_text(worker->form->timeout_ns, late));
    else
        (void)snprintf(reason, sizeof reason, "%s%s%s%s", end.by_signal ? "worker died: " : "",
                       pe_subprocess_print_end(end, text), line[0] == '\0' ? "" : ": ", line);
    skip_failed(self);
    self->batch->fail(self->batch, self->done, reason);
    self->done++;
    self->suspects_end = 0;
}

static void handle_end(pe_command_lines *worker, progress *self, size_t base, pe_lines_outcome how)
{
    const uint64_t wait_ns = how == PE_LINES_LATE ? 1 : pe_clock_ns() + PE_LINES_GRACE_NS;
    const pe_subprocess_end end = pe_subprocess_finish(&worker->process, wait_ns, worker->form->stop, NULL);
    if (how == PE_LINES_ENDED)
        learn_from_stall(worker, self);
    if (how == PE_LINES_ENDED && self->answered == self->asked) {
        pe_command_lines_check_end(worker, end);
        self->done = self->end;
    } else if (how == PE_LINES_ENDED && pe_command_is_ok(worker->form, end)) {
        fail_unanswered(self, base);
    } else {
        blame(worker, self, how, end);
    }
}

static pe_lines_outcome serve(pe_command_lines *worker, progress *self, pe_error *err)
{
    const size_t base = self->done;
    if (write_lines(worker, self, err) != PE_OK)
        return PE_LINES_FAILED;
    self->is_closed = false;
    self->closed_ns = 0;
    pe_lines_outcome how = read_answers(worker, self, err);
    if (how == PE_LINES_SERVED)
        self->done = self->end;
    if (how == PE_LINES_ENDED || how == PE_LINES_LATE) {
        handle_end(worker, self, base, how);
        how = PE_LINES_SERVED;
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

static int give_up(pe_command_lines *worker, const progress *self, pe_lines_outcome how, const pe_error *err)
{
    const size_t item = self->done < self->batch->count ? self->done : self->batch->count - 1;
    (void)pe_subprocess_kill(&worker->process);
    if (how == PE_LINES_STOPPED)
        return 0;
    if (how == PE_LINES_TOO_MANY)
        self->batch->fail(self->batch, item, "the program answered more lines than it was given");
    else
        self->batch->fail(self->batch, item, err->status == PE_OK ? "out of memory" : err->text);
    if (how != PE_LINES_TOO_MANY && (err->status == PE_OK || err->status == PE_ENOMEM))
        pe_call_lacks();
    return 1;
}

int pe_command_lines_map(pe_command_lines *worker, pe_batch *batch)
{
    progress self = {.batch = batch};
    pe_error err = PE_ERROR_INIT;
    pe_lines_outcome how = begin(worker, &self, &err) == PE_OK ? PE_LINES_SERVED : PE_LINES_FAILED;
    while (how == PE_LINES_SERVED && self.done < batch->count) {
        how = pe_command_lines_ensure_process(worker, &err);
        if (how == PE_LINES_SERVED)
            how = serve(worker, &self, &err);
    }
    if (how == PE_LINES_SERVED)
        how = pe_command_lines_check_extra(worker, &err);
    return how == PE_LINES_SERVED ? 0 : give_up(worker, &self, how, &err);
}
