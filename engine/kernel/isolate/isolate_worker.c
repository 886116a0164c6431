/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_worker.c - starts the child process of one worker and sends it batches.
 *
 * Design:   a request is one byte to the child, an answer one byte back; what they are about is in the shared memory.
 *           A child that died before it read a request has no part in it: the request goes to a new child, and no item
 *           is blamed.
 * Threads:  a worker belongs to one thread; several fork at the same time.
 * Not here: what to ask, which item is blamed (isolate.c); waiting and killing (subprocess_io.c).
 */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/errno_text.h"
#include "kernel/isolate/isolate_internal.h"
#include "os/signame.h"
#include "profile/lane.h"

#define EXIT_WAIT_NS ((uint64_t)100 * 1000 * 1000)   /* between the end of a child's pipe and its exit */
#define CLOSE_WAIT_NS ((uint64_t)5000 * 1000 * 1000) /* for the kernel's close */

/* Sends one byte to the child, where requests is 1, and receives one. *was_read: whether the child took the request. */
static pe_isolate_outcome exchange(pe_isolate_worker *worker, size_t requests, uint64_t timeout_ns, bool *was_read)
{
    pe_error err = PE_ERROR_INIT;
    pe_subprocess_event event = PE_SUBPROCESS_PROGRESS;
    pe_subprocess_io io = {.data = (const unsigned char *)"",
                           .size = requests,
                           .answer = &worker->turn,
                           .deadline_ns = timeout_ns == 0 ? 0 : pe_clock_ns() + timeout_ns};
    worker->turn.size = 0;
    while (worker->turn.size == 0 && event == PE_SUBPROCESS_PROGRESS) {
        event = pe_subprocess_exchange(&worker->process, &io, &err);
        if (event == PE_SUBPROCESS_TIMEOUT && pe_subprocess_has_output(&worker->process)) {
            io.deadline_ns = 0; /* the answer came in time, and this thread woke up late */
            event = PE_SUBPROCESS_PROGRESS;
        }
    }
    if (worker->turn.size > 0)
        return PE_ISOLATE_ANSWERED;
    *was_read = worker->process.in != PE_SUBPROCESS_NO_FD;
    const uint64_t wait_ns = event == PE_SUBPROCESS_ENDED ? pe_clock_ns() + EXIT_WAIT_NS : 1;
    worker->end = pe_subprocess_finish(&worker->process, wait_ns, NULL, NULL);
    worker->refused = event == PE_SUBPROCESS_FAILED ? ENOMEM : 0;
    if (event == PE_SUBPROCESS_FAILED)
        pe_call_refuse_for_lack(err.text);
    return event == PE_SUBPROCESS_FAILED    ? PE_ISOLATE_NONE
           : event == PE_SUBPROCESS_TIMEOUT ? PE_ISOLATE_LATE
                                            : PE_ISOLATE_DIED;
}

/* The kernel's open: what it returned, or, of a child that ended in it, the exit code that a shell would give. */
static int read_open(pe_isolate_worker *worker)
{
    char name[PE_SIGNAME_SIZE];
    bool was_read = false;
    const pe_isolate_outcome outcome = exchange(worker, 0, 0, &was_read);
    if (outcome == PE_ISOLATE_NONE)
        return worker->refused;
    const char *const part = worker->memory.header->refusal;
    const char *const who = part[0] == '\0' ? "its open" : part;
    if (outcome != PE_ISOLATE_ANSWERED && worker->end.by_signal)
        pe_call_refuse("%s crashed: %s", who, pe_signame(worker->end.number, name));
    else if (outcome != PE_ISOLATE_ANSWERED)
        pe_call_refuse("%s exited with code %d", who, worker->end.number);
    if (outcome != PE_ISOLATE_ANSWERED)
        return worker->end.by_signal ? 128 + worker->end.number : worker->end.number > 0 ? worker->end.number : 1;
    const int refused = worker->memory.header->stopped;
    if (refused != 0) {
        pe_call_refuse("%.*s", PE_REFUSAL_ROOM - 1, worker->memory.header->refusal);
        pe_isolate_stop(worker);
    }
    return refused;
}

int pe_isolate_start(pe_isolate_worker *worker)
{
    pe_isolate_task task = {
        .self = worker->self, .memory = &worker->memory, .setup = worker->setup, .parent = getpid()};
    char text[PE_ERRNO_TEXT_SIZE];
    worker->refused = pe_subprocess_fork(pe_isolate_child_main, &task, &worker->process);
    if (worker->refused == 0)
        worker->refused = read_open(worker);
    else
        pe_call_refuse_for_lack(pe_errno_text(worker->refused, text));
    return worker->refused;
}

int pe_isolate_restart(pe_isolate_worker *worker)
{
    const uint64_t began = pe_pause_begin(PE_PHASE_START);
    const int refused = pe_isolate_start(worker);
    pe_pause_end(PE_PHASE_START, PE_PHASE_COMPUTE, began);
    return refused;
}

void pe_isolate_stop(pe_isolate_worker *worker)
{
    (void)pe_subprocess_finish(&worker->process, pe_clock_ns() + CLOSE_WAIT_NS, NULL, NULL);
}

pe_isolate_outcome pe_isolate_ask(pe_isolate_worker *worker, uint64_t timeout_ns)
{
    const pe_isolate_header request = *worker->memory.header; /* the start of a child clears it */
    bool was_read = false;
    if (worker->process.pid != 0) {
        const pe_isolate_outcome outcome = exchange(worker, 1, timeout_ns, &was_read);
        if (outcome != PE_ISOLATE_DIED || was_read)
            return outcome;
    }
    if (pe_isolate_restart(worker) != 0)
        return PE_ISOLATE_NONE;
    *worker->memory.header = request;
    return exchange(worker, 1, timeout_ns, &was_read);
}
