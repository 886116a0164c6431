/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_lines.c - one program for many items: a line in, a line out, matched by position.
 *
 * Design: the lines of a batch are written while answers are read; nobody waits for an answer before writing on.
 *         Many programs keep their answers until a buffer is full or their input ends. So when all is written and nothing
 *         comes for a while (STALL_NS), the input is closed. A program that then gives all the rest at once is known to
 *         keep its answers, and gets a process for each batch; a slow one is given more time from then on.
 *         When the program dies, or is late, nobody can say from the outside which line it was at: the unanswered items are
 *         suspects, and done again one line at a time until one of them ends it again: that one fails. A program that
 *         ends in peace before it has answered gives no such hope, and its unanswered items fail at once. One that
 *         answers more lines than it was given cannot be trusted in any: the kernel gives up.
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
#include "kernel/process/form_internal.h"
#include "os/log.h"

#define MS_NS ((uint64_t)1000000)
#define GRACE_NS (2000 * MS_NS) /* to end in peace */
#define STALL_NS (2000 * MS_NS)
#define BURST_NS (1000 * MS_NS) /* what was kept comes within that */
#define NEW_BATCHES 4
#define EXTRA_MS 5
#define SLOWER 8 /* times the stall of a program that was only slow */

struct pe_command_lines {
    const pe_command *form;
    pe_subprocess process;
    uint64_t served;    /* items that this process was given */
    int batches;        /* that this process has answered */
    bool keeps_answers; /* until its input ends */
    uint64_t stall_ns;
    pe_buffer request, answer;
    size_t taken;       /* bytes of answer that were read */
    pe_buffer outcomes; /* a byte for each item of the batch: it needs no line (any more) */
};

/* A batch on its way. */
typedef struct job {
    pe_batch *batch;
    unsigned char *is_out;  /* outcomes */
    size_t done;            /* items before it have their outcome */
    size_t suspects_end;    /* items before it were under way when the program died */
    size_t end;             /* of the items that were asked */
    size_t asked, answered; /* lines of this request */
    bool is_closed;         /* our end of its input */
    uint64_t since_ns;      /* the last answer */
    uint64_t closed_ns;     /* when the input was closed because nothing came */
} job;

typedef enum outcome { SERVED, ENDED, LATE, TOO_MANY, STOPPED, NO_MEMORY } outcome; /* NO_MEMORY: or no process */

pe_status pe_command_lines_make(const pe_command *form, pe_command_lines **out, pe_error *err)
{
    pe_command_lines *worker = NULL;
    const pe_status status = pe_make_array(&worker, 1, sizeof *worker, err);
    if (status != PE_OK)
        return status;
    worker->form = form;
    worker->stall_ns = STALL_NS;
    *out = worker;
    return PE_OK;
}

static bool has_extra(pe_command_lines *worker)
{
    return worker->answer.size > worker->taken;
}

/* What it still says when nothing more comes is more than it was asked. */
static void hear_farewell(pe_command_lines *worker)
{
    pe_error err = PE_ERROR_INIT;
    pe_subprocess_io talk = {
        .answer = &worker->answer, .deadline_ns = pe_clock_ns() + GRACE_NS, .stop = worker->form->stop};
    pe_subprocess_close_in(&worker->process);
    while (!has_extra(worker) && pe_subprocess_exchange(&worker->process, &talk, &err) == PE_SUBPROCESS_MOVED)
        ;
    if (has_extra(worker))
        pe_log(PE_LOG_WARN, "%s wrote more lines than it was given: its results may belong to other items",
               worker->form->words[0]);
}

void pe_command_lines_free(pe_command_lines *worker)
{
    if (worker == NULL)
        return;
    if (worker->process.pid != 0)
        hear_farewell(worker);
    (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + GRACE_NS, worker->form->stop, NULL);
    pe_buffer_fini(&worker->request);
    pe_buffer_fini(&worker->answer);
    pe_buffer_fini(&worker->outcomes);
    free(worker);
}

/* ---- the process ---- */

static pe_status start(pe_command_lines *worker, pe_error *err)
{
    const pe_subprocess_spec spec = {.program = worker->form->program,
                                     .argv = worker->form->words,
                                     .in_fd = STDIN_FILENO,
                                     .out_fd = STDOUT_FILENO,
                                     .keeps_errors = true,
                                     .gift = PE_SUBPROCESS_NO_FD};
    worker->served = 0;
    worker->batches = 0;
    worker->answer.size = worker->taken = 0;
    return pe_subprocess_start(&spec, &worker->process, err);
}

/* Between requests there is nothing to say: one that has spoken is not to be trusted, one that has ended is reaped. */
static outcome look(pe_command_lines *worker, pe_error *err)
{
    pe_subprocess_io talk = {.answer = &worker->answer};
    if (worker->process.pid == 0 || !pe_subprocess_has_output(&worker->process))
        return SERVED;
    if (pe_subprocess_exchange(&worker->process, &talk, err) == PE_SUBPROCESS_MOVED)
        return TOO_MANY;
    (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + GRACE_NS, worker->form->stop, NULL);
    return SERVED;
}

/* After its first batches, which are small, a program that answers too many lines is waited for: later its first lines
 * would be taken for the answers of other items. */
static outcome look_after_batch(pe_command_lines *worker, pe_error *err)
{
    const bool is_new = worker->process.pid != 0 && worker->batches++ < NEW_BATCHES;
    for (int ms = 0; is_new && ms < EXTRA_MS && !pe_subprocess_has_output(&worker->process); ms++)
        pe_sleep_ns(MS_NS);
    return look(worker, err);
}

/* A process that may take items. */
static outcome ensure_process(pe_command_lines *worker, pe_error *err)
{
    const pe_command *const form = worker->form;
    const outcome how = look(worker, err);
    if (how != SERVED)
        return how;
    if (worker->process.pid != 0 && form->max_items != 0 && worker->served >= form->max_items)
        (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + GRACE_NS, form->stop, NULL);
    return worker->process.pid != 0 || start(worker, err) == PE_OK ? SERVED : NO_MEMORY;
}

/* ---- lines there ---- */

/* The items of the next request, from done on: their lines, and where they end. */
static pe_status write_lines(pe_command_lines *worker, job *self, pe_error *err)
{
    const pe_command *const form = worker->form;
    const uint64_t room = form->max_items == 0 ? UINT64_MAX : form->max_items - worker->served;
    const bool is_single = self->done < self->suspects_end;
    const uint64_t most = is_single ? 1 : room;
    pe_status status = PE_OK;
    worker->request.size = 0;
    self->asked = self->answered = 0;
    for (self->end = self->done; self->end < self->batch->count && self->asked < most && status == PE_OK; self->end++) {
        if (self->is_out[self->end] != 0)
            continue;
        status = pe_command_append_arg(form, self->batch->args, -1, self->end, '\t', &worker->request, err);
        if (status == PE_OK)
            status = pe_buffer_append(&worker->request, "\n", 1, err);
        self->asked++;
    }
    worker->served += self->asked;
    return status;
}

/* ---- lines back ---- */

static void step_over(job *self)
{
    while (self->done < self->end && self->is_out[self->done] != 0)
        self->done++;
}

/* The answer of the first unanswered item. */
static bool take_line(pe_command_lines *worker, job *self, const char *line, size_t size)
{
    step_over(self);
    const bool is_taken = pe_command_take(worker->form, self->batch, self->done, line, size);
    self->done++;
    self->answered++;
    step_over(self);
    return is_taken;
}

/* Whole lines, and at the end of all what is left of one. */
static outcome take_lines(pe_command_lines *worker, job *self, bool is_end)
{
    while (self->answered < self->asked && has_extra(worker)) {
        const char *const line = (const char *)worker->answer.data + worker->taken;
        const size_t there = worker->answer.size - worker->taken;
        const char *const newline = memchr(line, '\n', there);
        if (newline == NULL && !is_end)
            break;
        const size_t size = newline == NULL ? there : (size_t)(newline - line);
        worker->taken += newline == NULL ? size : size + 1;
        if (!take_line(worker, self, line, size))
            return NO_MEMORY;
    }
    if (self->answered == self->asked && has_extra(worker))
        return TOO_MANY;
    if (!has_extra(worker))
        worker->answer.size = worker->taken = 0;
    return SERVED;
}

/* When to look again: the item's time is over, or nothing has come for so long that it may wait for the end. */
static uint64_t choose_deadline(const pe_command_lines *worker, const job *self, bool is_written)
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

static void close_input(pe_command_lines *worker, job *self)
{
    pe_subprocess_close_in(&worker->process);
    self->is_closed = true;
}

static outcome hear_answers(pe_command_lines *worker, job *self, pe_error *err)
{
    pe_subprocess_io talk = {.data = worker->request.data,
                             .size = worker->request.size,
                             .answer = &worker->answer,
                             .stop = worker->form->stop};
    outcome how = SERVED;
    self->since_ns = pe_clock_ns();
    while (how == SERVED && (self->answered < self->asked || self->is_closed)) {
        const size_t before = self->answered;
        if (worker->keeps_answers && talk.size == 0 && !self->is_closed)
            close_input(worker, self);
        talk.deadline_ns = choose_deadline(worker, self, talk.size == 0);
        const pe_subprocess_event event = pe_subprocess_exchange(&worker->process, &talk, err);
        if (event == PE_SUBPROCESS_STOPPED || event == PE_SUBPROCESS_FAILED)
            return event == PE_SUBPROCESS_STOPPED ? STOPPED : NO_MEMORY;
        if (event != PE_SUBPROCESS_LATE)
            how = take_lines(worker, self, event == PE_SUBPROCESS_ENDED);
        if (event == PE_SUBPROCESS_ENDED && how == SERVED)
            return ENDED;
        if (self->answered > before)
            self->since_ns = pe_clock_ns();
        if (event != PE_SUBPROCESS_LATE)
            continue;
        if (self->answered == self->asked)
            return ENDED; /* as good as: all is answered, and it may not go on */
        if (self->is_closed || talk.size > 0 ||
            (worker->form->timeout_ns != 0 && pe_clock_ns() - self->since_ns >= worker->form->timeout_ns)) {
            how = LATE;
        } else {
            close_input(worker, self);
            self->closed_ns = pe_clock_ns();
        }
    }
    return how;
}

/* ---- what became of a request ---- */

static void fail_from(job *self, size_t first, const char *reason)
{
    for (size_t item = first; item < self->end; item++)
        if (self->is_out[item] == 0)
            self->batch->fail(self->batch, item, reason);
    self->done = self->end;
}

/* The program ended by itself, all answered or not. */
static void learn(pe_command_lines *worker, const job *self)
{
    if (self->closed_ns == 0)
        return;
    worker->keeps_answers = pe_clock_ns() - self->closed_ns < BURST_NS;
    if (!worker->keeps_answers)
        worker->stall_ns *= SLOWER;
}

/* It ended in peace, but it has not answered all. */
static void fail_unanswered(job *self, size_t base)
{
    char reason[PE_REASON_ROOM];
    const bool is_mixed = self->is_closed && self->answered > 0;
    if (is_mixed)
        (void)snprintf(reason, sizeof reason, "%zu answers to %zu lines: no telling whose", self->answered,
                       self->asked);
    else
        (void)snprintf(reason, sizeof reason, "no answer: the program ended with exit 0");
    fail_from(self, is_mixed ? base : self->done, reason);
}

/* It died or was late. Of several suspects one will be found next time; a single one was just found. */
static void blame(pe_command_lines *worker, job *self, outcome how, pe_subprocess_end end)
{
    char reason[PE_REASON_ROOM], words[PE_SUBPROCESS_WORDS], line[PE_SUBPROCESS_WORDS], late[PE_TIMEOUT_WORDS];
    const bool was_suspect = self->done < self->suspects_end;
    const bool is_alone = self->asked - self->answered == 1;
    if (!was_suspect && !(how == LATE && is_alone)) {
        self->suspects_end = self->end;
        return;
    }
    (void)pe_subprocess_last_line(&worker->process, line);
    if (how == LATE)
        (void)snprintf(reason, sizeof reason, "%s", pe_form_print_timeout(worker->form->timeout_ns, late));
    else
        (void)snprintf(reason, sizeof reason, "%s%s%s%s", end.by_signal ? "worker died: " : "",
                       pe_subprocess_print_end(end, words), line[0] == '\0' ? "" : ": ", line);
    step_over(self);
    self->batch->fail(self->batch, self->done, reason);
    self->done++;
    self->suspects_end = 0;
}

static void settle(pe_command_lines *worker, job *self, size_t base, outcome how)
{
    const uint64_t patience_ns = how == LATE ? 1 : pe_clock_ns() + GRACE_NS;
    const pe_subprocess_end end = pe_subprocess_finish(&worker->process, patience_ns, worker->form->stop, NULL);
    if (how == ENDED)
        learn(worker, self);
    if (how == ENDED && self->answered == self->asked)
        self->done = self->end;
    else if (how == ENDED && !end.by_signal && end.number == 0)
        fail_unanswered(self, base);
    else
        blame(worker, self, how, end);
}

static outcome serve(pe_command_lines *worker, job *self, pe_error *err)
{
    const size_t base = self->done;
    if (write_lines(worker, self, err) != PE_OK)
        return NO_MEMORY;
    self->is_closed = false;
    self->closed_ns = 0;
    outcome how = hear_answers(worker, self, err);
    if (how == SERVED)
        self->done = self->end;
    if (how == ENDED || how == LATE) {
        settle(worker, self, base, how);
        how = SERVED;
    }
    return how;
}

/* ---- a batch ---- */

/* The items that can have no line fail here. */
static pe_status begin(pe_command_lines *worker, job *self, pe_error *err)
{
    const size_t count = self->batch->count;
    worker->outcomes.size = 0;
    const pe_status status = pe_buffer_reserve(&worker->outcomes, count, err);
    if (status != PE_OK)
        return status;
    self->is_out = worker->outcomes.data;
    memset(self->is_out, 0, count);
    for (size_t item = 0; item < count && pe_command_has_text(worker->form); item++) {
        const char *const refused = pe_command_refuse(worker->form, self->batch->args, item);
        self->is_out[item] = refused != NULL;
        if (refused != NULL)
            self->batch->fail(self->batch, item, refused);
    }
    self->end = count;
    step_over(self);
    return PE_OK;
}

static int give_up(pe_command_lines *worker, const job *self, outcome how, const pe_error *err)
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
    job self = {.batch = batch};
    pe_error err = PE_ERROR_INIT;
    outcome how = begin(worker, &self, &err) == PE_OK ? SERVED : NO_MEMORY;
    while (how == SERVED && self.done < batch->count) {
        how = ensure_process(worker, &err);
        if (how == SERVED)
            how = serve(worker, &self, &err);
    }
    if (how == SERVED)
        how = look_after_batch(worker, &err);
    return how == SERVED ? 0 : give_up(worker, &self, how, &err);
}
