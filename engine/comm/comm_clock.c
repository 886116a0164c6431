/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm_clock.c - how far the clocks of the ranks are apart.
 *
 * Design:  rank 0 asks one rank after another for its time, PINGS times each. The answer was made about half way between the
 *          question and its arrival, so of the fastest exchange that is wrong by at most half of its time. Both sides poll
 *          for a moment before they sleep, since a wake-up takes longer than a message.
 * Threads: the main thread.
 */
#include "base/clock.h"
#include "comm/comm.h"

#define PINGS 8
#define POLL_NS 300000u
#define SLEEP_NS 200000u

static pe_status wait_for(pe_comm *comm, pe_comm_op **op, pe_error *err)
{
    const uint64_t began = pe_clock_ns();
    bool done = false;
    pe_status status = pe_comm_test(comm, op, &done, NULL, err);
    while (status == PE_OK && !done) {
        if (pe_clock_ns() - began > POLL_NS)
            pe_sleep_ns(SLEEP_NS);
        status = pe_comm_test(comm, op, &done, NULL, err);
    }
    return status;
}

static pe_status send_time(pe_comm *comm, int to, uint64_t time, pe_error *err)
{
    pe_comm_op *op = NULL;
    const pe_status status = pe_comm_send(comm, to, PE_TAG_CLOCK, &time, sizeof time, &op, err);
    return status == PE_OK ? wait_for(comm, &op, err) : status;
}

static pe_status receive_time(pe_comm *comm, int from, uint64_t *time, pe_error *err)
{
    pe_comm_op *op = NULL;
    const pe_status status = pe_comm_recv(comm, from, PE_TAG_CLOCK, time, sizeof *time, &op, err);
    return status == PE_OK ? wait_for(comm, &op, err) : status;
}

/* On rank 0: how far the clock of another rank is before this one, which is sent to that rank at the end. */
static pe_status measure(pe_comm *comm, int rank, pe_error *err)
{
    uint64_t least_ns = UINT64_MAX, offset_ns = 0; /* modulo 2^64 */
    pe_status status = PE_OK;
    for (int i = 0; i < PINGS && status == PE_OK; i++) {
        uint64_t theirs = 0;
        const uint64_t asked = pe_clock_ns();
        status = send_time(comm, rank, asked, err);
        if (status == PE_OK)
            status = receive_time(comm, rank, &theirs, err);
        const uint64_t took = pe_clock_ns() - asked;
        if (status == PE_OK && took < least_ns) {
            least_ns = took;
            offset_ns = theirs - (asked + took / 2);
        }
    }
    return status == PE_OK ? send_time(comm, rank, offset_ns, err) : status;
}

static pe_status answer(pe_comm *comm, int64_t *offset_ns, pe_error *err)
{
    uint64_t asked = 0, offset = 0;
    pe_status status = PE_OK;
    for (int i = 0; i < PINGS && status == PE_OK; i++) {
        status = receive_time(comm, 0, &asked, err);
        if (status == PE_OK)
            status = send_time(comm, 0, pe_clock_ns(), err);
    }
    if (status == PE_OK)
        status = receive_time(comm, 0, &offset, err);
    *offset_ns = (int64_t)offset;
    return status;
}

pe_status pe_comm_clock_offset(pe_comm *comm, int64_t *offset_ns, pe_error *err)
{
    *offset_ns = 0;
    if (pe_comm_rank(comm) != 0)
        (void)answer(comm, offset_ns, err);
    for (int rank = 1; pe_comm_rank(comm) == 0 && rank < pe_comm_size(comm) && err->status == PE_OK; rank++)
        (void)measure(comm, rank, err);
    return pe_comm_agree(comm, err);
}
