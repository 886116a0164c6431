/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* python_worker.c - one worker's Python process: sends requests, reads answers, restarts the process when it dies.
 *
 * Design: an answered item is done. When the process dies or exceeds the timeout, the shared page says which items it was
 *         computing (worker.py). A single item that exceeded the timeout fails at once. A single item that was computed
 *         when the process died is computed once more, and fails when the process dies again. Several items are all
 *         suspects: they are computed again one by one. So each death makes progress: an answer, a failure, or fewer
 *         suspects. A process that dies while it computes nothing is replaced, MOST_IDLE_DEATHS times in a row. So a
 *         batch always ends.
 * Threads: a worker belongs to one thread, or to the main thread before a thread takes it.
 * Not here: how columns become bytes (python_columns.c).
 */
#define _GNU_SOURCE /* memfd_create */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/errno_text.h"
#include "kernel/call.h"
#include "kernel/process/process_form.h"
#include "kernel/python/python_internal.h"
#include "profile/lane.h"

#define IN_FD 3
#define OUT_FD 4
#define PAGE_BYTES 4096
#define PIPE_BYTES (128 << 10) /* most batches fit */
#define FRAME_WORDS 3          /* kind, count, bytes of the payload */
#define FRAME_BYTES (FRAME_WORDS * sizeof(uint64_t))
#define MS_NS ((uint64_t)1000000)
#define GRACE_NS (2000 * MS_NS) /* to exit by itself */
#define MOST_IDLE_DEATHS 3

enum frame_kind { FRAME_READY, FRAME_RESULTS, FRAME_ERROR };

/* How a request is computed; worker.py has the same numbers. WATCHED: the page names the very item; SINGLE: and each item
 * is answered by itself. */
enum mode { MODE_PLAIN, MODE_WATCHED, MODE_SINGLE };

/* The shared page: the process writes, this thread reads. */
typedef struct page {
    _Atomic uint64_t first, end; /* the items of the request that are being computed */
    _Atomic uint64_t is_exact;   /* only item first is */
    _Atomic uint64_t is_initializing;
} page;

/* Items of a batch. */
typedef struct item_span {
    size_t first, end;
} item_span;

struct pe_python_worker {
    const pe_python *form;
    pe_subprocess process;
    int page_fd;
    page *page;
    uint64_t bytes;  /* memory of the process when it was ready */
    uint64_t served; /* items that this process was sent */
    pe_buffer request, answer;
    size_t consumed; /* bytes of answer that were decoded */
};

/* How far a batch is. */
typedef struct progress {
    pe_batch *batch;
    size_t done;        /* items before it have a result or failed */
    item_span suspects; /* were being computed when a process died */
    size_t culprit;     /* failed already: skipped when done reaches it; count: none */
    int idle_deaths;    /* in a row, while nothing was computed */
} progress;

typedef enum outcome { SERVED, DIED, LATE, STOPPED, NO_MEMORY } outcome; /* NO_MEMORY: or no process */

pe_status pe_python_worker_make(const pe_python *form, pe_python_worker **out, pe_error *err)
{
    char text[PE_ERRNO_TEXT_SIZE];
    pe_python_worker *worker = NULL;
    const pe_status status = pe_make_array(&worker, 1, sizeof *worker, err);
    if (status != PE_OK)
        return status;
    worker->form = form;
    worker->page_fd = memfd_create("pengine", MFD_CLOEXEC);
    if (worker->page_fd >= 0 && ftruncate(worker->page_fd, PAGE_BYTES) == 0) {
        void *const mapped = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, worker->page_fd, 0);
        worker->page = mapped == MAP_FAILED ? NULL : mapped;
    }
    if (worker->page == NULL) {
        (void)pe_fail(err, PE_ENOMEM, "no page to share with %s: %s", form->interpreter, pe_errno_text(errno, text));
        pe_python_worker_free(worker);
        return err->status;
    }
    *out = worker;
    return PE_OK;
}

void pe_python_worker_free(pe_python_worker *worker)
{
    if (worker == NULL)
        return;
    (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + GRACE_NS, worker->form->stop, NULL);
    if (worker->page != NULL)
        (void)munmap(worker->page, PAGE_BYTES);
    if (worker->page_fd >= 0)
        (void)close(worker->page_fd);
    pe_buffer_fini(&worker->request);
    pe_buffer_fini(&worker->answer);
    free(worker);
}

/* ---- frames ---- */

/* Decodes the next complete frame; false when there is none yet. An invalid head is returned as it is. */
static bool next_frame(pe_python_worker *worker, uint64_t head[FRAME_WORDS], const unsigned char **payload)
{
    const size_t there = worker->answer.size - worker->consumed;
    if (there < FRAME_BYTES)
        return false;
    memcpy(head, worker->answer.data + worker->consumed, FRAME_BYTES);
    if (head[0] > FRAME_ERROR) /* no frame: do not wait for its payload */
        return true;
    if (head[2] > there - FRAME_BYTES)
        return false;
    *payload = worker->answer.data + worker->consumed + FRAME_BYTES;
    worker->consumed += FRAME_BYTES + head[2];
    if (worker->consumed == worker->answer.size)
        worker->consumed = worker->answer.size = 0; /* the payload stays where it is until more is read */
    return true;
}

/* ---- start ---- */

static pe_status refuse_start(const pe_python_worker *worker, pe_subprocess_event event, pe_subprocess_end end,
                              pe_error *err)
{
    char text[PE_SUBPROCESS_TEXT_ROOM];
    if (event == PE_SUBPROCESS_STOPPED)
        return pe_fail(err, PE_ESTOPPED, "%s: stopped while Python started", worker->form->where);
    (void)pe_subprocess_print_end(end, text);
    if (atomic_load_explicit(&worker->page->is_initializing, memory_order_relaxed) != 0) /* the process has ended */
        return pe_fail(err, PE_EKERNEL, "%s: %s ended in the initializer %s: %s", worker->form->where,
                       worker->form->interpreter, worker->form->initializer, text);
    return pe_fail(err, PE_EKERNEL, "%s: %s ended before it had the function: %s", worker->form->where,
                   worker->form->interpreter, text);
}

/* Waits for READY, or for the reason why the function cannot be imported. */
static pe_status read_handshake(pe_python_worker *worker, pe_error *err)
{
    const pe_python *const form = worker->form;
    pe_subprocess_io io = {
        .data = form->handshake.data, .size = form->handshake.size, .answer = &worker->answer, .stop = form->stop};
    uint64_t head[FRAME_WORDS] = {0};
    const unsigned char *payload = NULL;
    pe_subprocess_event event = PE_SUBPROCESS_PROGRESS;
    bool is_complete = false;
    while (event == PE_SUBPROCESS_PROGRESS && !is_complete) {
        event = pe_subprocess_exchange(&worker->process, &io, err);
        is_complete = event == PE_SUBPROCESS_PROGRESS && next_frame(worker, head, &payload);
    }
    if (is_complete && head[0] == FRAME_READY && head[2] == sizeof worker->bytes) {
        memcpy(&worker->bytes, payload, sizeof worker->bytes);
        return PE_OK;
    }
    if (is_complete && head[0] == FRAME_ERROR) {
        const int size = head[2] < sizeof err->text ? (int)head[2] : (int)sizeof err->text;
        const pe_status status = head[1] == 0 ? PE_EKERNEL : PE_ECONFIG; /* UNAVAILABLE, WRONG_JOB in worker.py */
        (void)pe_fail(err, status, "%s: %.*s", form->where, size, (const char *)payload);
    }
    /* Its own exit code says more than our SIGKILL: give it time where it closed its pipe. */
    const uint64_t deadline_ns = event == PE_SUBPROCESS_ENDED || head[0] == FRAME_ERROR ? pe_clock_ns() + GRACE_NS : 1;
    const pe_subprocess_end end = pe_subprocess_finish(&worker->process, deadline_ns, form->stop, NULL);
    return refuse_start(worker, event, end, err);
}

pe_status pe_python_worker_start(pe_python_worker *worker, pe_error *err)
{
    const pe_python *const form = worker->form;
    const char *const argv[] = {form->interpreter, "-c", form->boot, NULL};
    const pe_subprocess_spec spec = {.program = form->interpreter,
                                     .argv = argv,
                                     .in_fd = IN_FD,
                                     .out_fd = OUT_FD,
                                     .pipe_bytes = PIPE_BYTES,
                                     .has_parent_pipe = true,
                                     .shared_fd = worker->page_fd,
                                     .variables = form->variables};
    pe_error inner = PE_ERROR_INIT;
    atomic_store_explicit(&worker->page->is_initializing, 0, memory_order_relaxed); /* no process has the page yet */
    worker->served = 0;
    worker->answer.size = worker->consumed = 0;
    const pe_status status = pe_subprocess_start(&spec, &worker->process, &inner);
    if (status != PE_OK)
        return pe_fail(err, status, "%s: the interpreter %s", form->where, inner.text);
    return read_handshake(worker, err);
}

uint64_t pe_python_worker_bytes(const pe_python_worker *worker)
{
    return worker->bytes;
}

/* A process that may compute further items; one that reached max_items is replaced. */
static pe_status ensure_process(pe_python_worker *worker, pe_error *err)
{
    const pe_python *const form = worker->form;
    if (worker->process.pid != 0 && form->max_items != 0 && worker->served >= form->max_items)
        (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + GRACE_NS, form->stop, NULL);
    if (worker->process.pid != 0)
        return PE_OK;
    const uint64_t began = pe_pause_begin(PE_PHASE_START);
    const pe_status status = pe_python_worker_start(worker, err);
    pe_pause_end(PE_PHASE_START, PE_PHASE_COMPUTE, began);
    return status;
}

/* ---- one request ---- */

static pe_status write_request(pe_python_worker *worker, const progress *self, size_t count, enum mode mode,
                               pe_error *err)
{
    const uint64_t head[] = {count, mode, self->batch->first + self->done};
    worker->request.size = 0;
    const pe_status status = pe_buffer_append(&worker->request, head, sizeof head, err);
    return status != PE_OK ? status
                           : pe_python_append_args(&worker->form->signature, self->batch->args, self->done, count,
                                                   &worker->request, err);
}

/* Decodes the frames that are there. An invalid frame counts as a death of the process. */
static outcome read_frames(pe_python_worker *worker, progress *self, size_t end)
{
    uint64_t head[FRAME_WORDS];
    const unsigned char *payload = NULL;
    while (next_frame(worker, head, &payload)) {
        if (head[0] != FRAME_RESULTS || head[1] == 0 || head[1] > end - self->done)
            return DIED;
        const pe_python_read status =
            pe_python_read_results(&worker->form->signature, self->batch, self->done, head[1], payload, head[2]);
        if (status != PE_PYTHON_READ_OK)
            return status == PE_PYTHON_READ_NO_MEMORY ? NO_MEMORY : DIED;
        pe_subprocess_forget(&worker->answer, &worker->consumed);
        self->done += head[1];
        pe_call_advance(self->batch, self->done);
    }
    return SERVED;
}

/* Waits until there is room for the frame that comes next; false: it is too long. */
static bool keep_frame(const pe_python_worker *worker, const progress *self)
{
    uint64_t head[FRAME_WORDS] = {0};
    if (worker->answer.size - worker->consumed >= FRAME_BYTES)
        memcpy(head, worker->answer.data + worker->consumed, FRAME_BYTES);
    return head[0] != FRAME_RESULTS || pe_call_keep(self->batch, self->done, head[2]);
}

/* Since when the same items are being computed. */
typedef struct watch {
    uint64_t first, end;
    uint64_t since_ns;
} watch;

/* Relaxed loads: each word is used by itself, and an old value only delays. */
static bool is_late(const pe_python_worker *worker, watch *last, bool has_moved)
{
    const uint64_t now = pe_clock_ns();
    const uint64_t first = atomic_load_explicit(&worker->page->first, memory_order_relaxed);
    const uint64_t end = atomic_load_explicit(&worker->page->end, memory_order_relaxed);
    if (has_moved || first != last->first || end != last->end || first >= end)
        *last = (watch){.first = first, .end = end, .since_ns = now};
    return now - last->since_ns >= worker->form->timeout_ns;
}

static uint64_t next_look(uint64_t timeout_ns)
{
    const uint64_t share = timeout_ns / 16;
    const uint64_t step = share < MS_NS ? MS_NS : share > 200 * MS_NS ? 200 * MS_NS : share;
    return timeout_ns == 0 ? 0 : pe_clock_ns() + step;
}

/* Reads answers until the items before end are done, or until the process dies, is late or is stopped. */
static outcome read_answers(pe_python_worker *worker, progress *self, size_t end, pe_error *err)
{
    const pe_python *const form = worker->form;
    pe_subprocess_io io = {
        .data = worker->request.data, .size = worker->request.size, .answer = &worker->answer, .stop = form->stop};
    watch last = {.since_ns = form->timeout_ns == 0 ? 0 : pe_clock_ns()};
    outcome so_far = SERVED;
    while (self->done < end && so_far == SERVED) {
        if (!keep_frame(worker, self))
            return NO_MEMORY;
        io.deadline_ns = next_look(form->timeout_ns); /* after keep_frame, which may have waited */
        const pe_subprocess_event event = pe_subprocess_exchange(&worker->process, &io, err);
        if (event == PE_SUBPROCESS_PROGRESS)
            so_far = read_frames(worker, self, end);
        else if (event != PE_SUBPROCESS_TIMEOUT)
            so_far = event == PE_SUBPROCESS_ENDED ? DIED : event == PE_SUBPROCESS_STOPPED ? STOPPED : NO_MEMORY;
        if (so_far == SERVED && form->timeout_ns != 0 && is_late(worker, &last, event == PE_SUBPROCESS_PROGRESS))
            so_far = LATE;
    }
    return so_far;
}

/* ---- blame ---- */

/* The items of the batch that the process is computing; base: the first item of the request. */
static item_span being_computed(const pe_python_worker *worker, size_t base, size_t count, const progress *self)
{
    const uint64_t first = atomic_load_explicit(&worker->page->first, memory_order_relaxed);
    const uint64_t end = atomic_load_explicit(&worker->page->end, memory_order_relaxed);
    const bool is_exact = atomic_load_explicit(&worker->page->is_exact, memory_order_relaxed) != 0;
    item_span items = {.first = base + (first < count ? first : count), .end = base + (end < count ? end : count)};
    if (is_exact && items.first < items.end)
        items.end = items.first + 1;
    if (items.first < self->done) /* its answer came before the page was updated */
        items.first = self->done;
    return items;
}

static void fail_culprit(progress *self, size_t item, const char *reason)
{
    self->batch->fail(self->batch, item, reason);
    self->culprit = item;
    self->suspects = (item_span){0};
}

/* The process died or is killed here: fails the item to blame, or sets the suspects. */
static void blame(pe_python_worker *worker, progress *self, item_span items, outcome how)
{
    char reason[PE_REASON_ROOM], text[PE_SUBPROCESS_TEXT_ROOM], late[PE_TIMEOUT_TEXT_ROOM];
    const uint64_t deadline_ns = how == DIED ? pe_clock_ns() + GRACE_NS : 1;
    const pe_subprocess_end end = pe_subprocess_finish(&worker->process, deadline_ns, worker->form->stop, NULL);
    if (how == LATE)
        (void)snprintf(reason, sizeof reason, "%s", pe_process_form_timeout_text(worker->form->timeout_ns, late));
    else
        (void)snprintf(reason, sizeof reason, "worker died: %s", pe_subprocess_print_end(end, text));
    if (items.first >= items.end) {
        if (++self->idle_deaths >= MOST_IDLE_DEATHS)
            fail_culprit(self, self->done, reason);
        return;
    }
    self->idle_deaths = 0;
    const bool is_alone = items.end - items.first == 1;
    const bool is_second = items.first >= self->suspects.first && items.first < self->suspects.end;
    if (is_alone && (how == LATE || is_second))
        fail_culprit(self, items.first, reason);
    else
        self->suspects = items;
}

/* ---- a batch ---- */

/* The kernel cannot go on; the reason is reported as that of an item. */
static int give_up(const progress *self, const pe_error *err)
{
    if (err->status == PE_OK || err->status == PE_ENOMEM)
        pe_call_lacks();
    if (self->done < self->batch->count)
        self->batch->fail(self->batch, self->done, err->status == PE_OK ? "out of memory" : err->text);
    return 1;
}

/* The end of the next request, and its mode. */
static size_t choose_end(const pe_python_worker *worker, const progress *self, enum mode *mode)
{
    size_t end = self->culprit < self->batch->count ? self->culprit : self->batch->count;
    *mode = worker->form->timeout_ns != 0 ? MODE_WATCHED : MODE_PLAIN;
    if (self->done < self->suspects.first && self->suspects.first < end) {
        end = self->suspects.first;
    } else if (self->done < self->suspects.end) {
        *mode = MODE_SINGLE;
        end = self->suspects.end < end ? self->suspects.end : end;
    }
    const uint64_t most = worker->form->max_items;
    const uint64_t room = most == 0 ? UINT64_MAX : most - worker->served;
    return end - self->done > room ? self->done + (size_t)room : end;
}

static outcome serve(pe_python_worker *worker, progress *self, pe_error *err)
{
    enum mode mode = MODE_PLAIN;
    const size_t base = self->done;
    const size_t end = choose_end(worker, self, &mode);
    atomic_store_explicit(&worker->page->is_exact, 0,
                          memory_order_relaxed); /* the write to the pipe orders these stores before the request */
    atomic_store_explicit(&worker->page->first, 0, memory_order_relaxed);
    atomic_store_explicit(&worker->page->end, 0, memory_order_relaxed);
    if (write_request(worker, self, end - base, mode, err) != PE_OK)
        return NO_MEMORY;
    worker->served += end - base;
    const outcome how = read_answers(worker, self, end, err);
    if (self->done > base)
        self->idle_deaths = 0;
    if (how == DIED || how == LATE)
        blame(worker, self, being_computed(worker, base, end - base, self), how);
    return how;
}

int pe_python_worker_map(pe_python_worker *worker, pe_batch *batch)
{
    progress self = {.batch = batch, .culprit = batch->count};
    pe_error err = PE_ERROR_INIT;
    while (self.done < batch->count) {
        if (self.done == self.culprit) {
            self.culprit = batch->count;
            self.done++;
            continue;
        }
        const pe_status status = ensure_process(worker, &err);
        const outcome how = status == PE_OK ? serve(worker, &self, &err) : status == PE_ESTOPPED ? STOPPED : NO_MEMORY;
        if (how == STOPPED || how == NO_MEMORY) {
            (void)pe_subprocess_kill(&worker->process);
            return how == STOPPED ? 0 : give_up(&self, &err);
        }
    }
    return 0;
}
