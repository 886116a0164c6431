/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* joblog_line.c - a line of the log of jobs for each item, with GNU parallel's columns: --joblog.
 *
 * Design:  Seq, Host, Starttime, JobRuntime, Send, Receive, Exitval, Signal, Command. Seq counts from 1 as {#} does.
 *          Where the item was a program of its own, the command and its end are the program's; where a process takes
 *          one item after another, the command is the call, and a failed item has the exit value 1.
 * Threads: joblog_line.h.
 */
#include "worker/joblog_line.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fixed_point.h"
#include "kernel/item_text.h"
#include "kernel/process/last_process.h"
#include "report/failure_record.h"
#include "worker/meter.h"
#include "worker/stop_record.h"

#define HOST_ROOM 256
#define DECIMALS 3

typedef struct run {
    uint64_t item;
    double started_s, seconds;
    uint64_t received; /* bytes of results */
    bool has_failed;
    pe_last_process last;
} run;

static double now_s(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void find_end(const run *self, int *exit_value, int *signal)
{
    const pe_subprocess_end *const end = self->last.has_ended ? &self->last.end : NULL;
    *signal = end != NULL && end->by_signal ? end->number : 0;
    *exit_value = end != NULL && !end->by_signal ? end->number : 0;
    if (self->has_failed && *signal == 0 && *exit_value == 0)
        *exit_value = 1;
}

/* Replaces control characters, so that an item has one line. */
static void blank_controls(unsigned char *at, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (at[i] < ' ' || at[i] == 0x7F)
            at[i] = ' ';
}

static pe_status append_command(pe_worker *worker, const run *self, pe_buffer *line, pe_error *err)
{
    char call[PE_ITEM_TEXT_ROOM];
    const size_t before = line->size;
    pe_status status = PE_OK;
    if (self->last.command.size > 0) {
        status = pe_buffer_append(line, self->last.command.data, self->last.command.size, err);
    } else {
        pe_meter_print_call(worker, (pe_block){.first = self->item, .count = 1}, call);
        status = pe_buffer_printf(line, err, "%s", call[0] == '\0' ? worker->spec->kernel.descriptor->name : call);
    }
    if (status == PE_OK)
        blank_controls(line->data + before, line->size - before);
    return status == PE_OK ? pe_buffer_append(line, "\n", 1, err) : status;
}

static pe_status write_line(pe_worker *worker, const run *self, pe_buffer *line, pe_error *err)
{
    char host[HOST_ROOM] = "", started[PE_FIXED_ROOM], seconds[PE_FIXED_ROOM];
    int exit_value = 0, signal = 0;
    (void)gethostname(host, sizeof host - 1);
    find_end(self, &exit_value, &signal);
    const pe_status status =
        pe_buffer_printf(line, err, "%" PRIu64 "\t%s\t%s\t%10s\t0\t%" PRIu64 "\t%d\t%d\t", self->item + 1, host,
                         pe_print_fixed(started, self->started_s, DECIMALS),
                         pe_print_fixed(seconds, self->seconds, DECIMALS), self->received, exit_value, signal);
    return status == PE_OK ? append_command(worker, self, line, err) : status;
}

/* Keeps the line of an item that ends the run with the item's record, since its chunk may not be delivered. */
static pe_status keep_line(pe_worker *worker, const run *self, pe_status ended, pe_error *err)
{
    pe_buffer line = {0}, record = {0};
    pe_status status = write_line(worker, self, &line, err);
    const pe_failure_record job = {
        .item = self->item, .message = "", .line = (const char *)line.data, .line_bytes = line.size, .is_job = true};
    pe_buffer *const into = ended == PE_EITEM ? &record : &worker->chunk.out->log;
    if (status == PE_OK)
        status = pe_failure_record_append(into, &job, err);
    if (status == PE_OK && ended == PE_EITEM)
        status = pe_stop_record_add(worker->spec->errors.stop_record, self->item, &record, err);
    pe_buffer_fini(&record);
    pe_buffer_fini(&line);
    return status;
}

pe_status pe_joblog_line_run(pe_worker *worker, pe_block item, uint64_t end, const pe_buffer *payload, pe_error *err)
{
    pe_error lost = PE_ERROR_INIT;
    run self = {.item = item.first, .started_s = now_s()};
    const uint64_t began = pe_clock_ns();
    const size_t before = worker->rows->size;
    worker->failures.count = 0;
    pe_last_process_here = &self.last;
    const pe_status status = pe_worker_run_batch(worker, item, end, payload, err);
    pe_last_process_here = NULL;
    self.seconds = (double)(pe_clock_ns() - began) * 1e-9;
    self.received = worker->rows->size > before ? worker->rows->size - before : 0;
    self.has_failed = status == PE_EITEM || worker->failures.count > 0;
    if ((status == PE_OK || status == PE_EITEM) && keep_line(worker, &self, status, &lost) != PE_OK)
        *err = lost;
    pe_buffer_fini(&self.last.command);
    return err->status;
}
