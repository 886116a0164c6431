/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* heartbeat.c - heartbeats between rank 0 and the other ranks, so that a run ends when a rank or its host is gone.
 *
 * Invariant: while a peer has not sent its last heartbeat, one receive is posted; so every heartbeat is received, and
 *           no message is left when MPI is finalized.
 * Design:   a message of fixed size every interval_ns in both directions; a flag marks the last one.
 *           A rank that was stopped itself (SIGSTOP, a virtual machine that was moved) has received nothing meanwhile.
 *           That pause is added to the time of every peer's last heartbeat, so that it does not count as their silence.
 * Threads:  between begin and end the heartbeat's thread owns all fields but those under the mutex. If the thread could
 *           not be created, the caller of pe_heartbeat_end owns them.
 * Not here: what happens when a rank is lost (run/lost_rank.c).
 */
#include "comm/heartbeat.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"

#define CHECKS_PER_INTERVAL 4u
#define SLEEP_MOST_NS 1000000u
#define NS_PER_S 1000000000u

typedef struct beat {
    uint32_t is_last;
    char host[PE_HEARTBEAT_HOST_ROOM];
} beat;

/* 64 bytes, since rank 0 has one for every rank of the run. */
typedef struct peer {
    uint64_t last_beat_ns;
    pe_comm_op *op;     /* the heartbeat that is being sent to it, or NULL */
    bool has_left;      /* its last heartbeat was received */
    bool has_last_sent; /* our last heartbeat to it was started */
    char host[PE_HEARTBEAT_HOST_ROOM];
} peer;

struct pe_heartbeat {
    pe_comm *comm;
    pe_heartbeat_spec spec;
    int first, count; /* the peers are ranks first to first + count - 1 */
    int active;       /* peers whose last heartbeat was not received yet */
    peer *peers;
    beat mine, last, received;
    pe_comm_op *recv_op;
    uint64_t sent_ns, checked_ns;
    bool is_stopped; /* a peer is lost, or a message failed */
    pe_error err;
    pthread_t thread;
    bool has_thread; /* written by begin */
    pthread_mutex_t mutex;
    pthread_cond_t wakeup;
    bool must_end; /* under the mutex: written by end, read by the thread */
};

/* ---- receiving ---- */

static void post(pe_heartbeat *self)
{
    if (self->active > 0 && pe_comm_recv(self->comm, PE_ANY_RANK, PE_TAG_HEARTBEAT, &self->received,
                                         sizeof self->received, &self->recv_op, &self->err) != PE_OK)
        self->is_stopped = true;
}

static void record_beat(pe_heartbeat *self, int rank, uint64_t now_ns)
{
    peer *from = &self->peers[rank - self->first];
    from->last_beat_ns = now_ns;
    if (self->received.is_last != 0) {
        from->has_left = true;
        self->active--;
    }
    self->received.host[PE_HEARTBEAT_HOST_ROOM - 1] = '\0';
    (void)snprintf(from->host, sizeof from->host, "%s", self->received.host);
}

static void receive_beats(pe_heartbeat *self, uint64_t now_ns)
{
    for (bool done = true; done && self->recv_op != NULL && !self->is_stopped;) {
        int rank = 0;
        if (pe_comm_test(self->comm, &self->recv_op, &done, &rank, &self->err) != PE_OK) {
            self->is_stopped = true;
        } else if (done) {
            record_beat(self, rank, now_ns);
            post(self);
        }
    }
}

/* ---- timeouts ---- */

static void add_own_pause(pe_heartbeat *self, uint64_t now_ns)
{
    const uint64_t pause_ns = now_ns - self->checked_ns;
    self->checked_ns = now_ns;
    if (pause_ns > self->spec.interval_ns)
        for (int p = 0; p < self->count; p++)
            self->peers[p].last_beat_ns += pause_ns;
}

static uint64_t silent_ns_of(const peer *other, uint64_t now_ns)
{
    return other->has_left ? 0 : now_ns - other->last_beat_ns;
}

/* Ranks that became silent at about the same time, such as those of one host, are reported together: the lowest rank,
 * and the number of the others. */
static void check_timeouts(pe_heartbeat *self, uint64_t now_ns)
{
    pe_silent_ranks silent = {.more = -1};
    for (int p = self->count - 1; p >= 0 && !self->is_stopped; p--) {
        const uint64_t silent_ns = silent_ns_of(&self->peers[p], now_ns);
        if (silent_ns > silent.silent_ns)
            silent.silent_ns = silent_ns;
        if (silent_ns > self->spec.timeout_ns / 4 * 3) {
            silent.rank = self->first + p;
            silent.more++;
        }
    }
    if (silent.silent_ns <= self->spec.timeout_ns)
        return;
    (void)snprintf(silent.host, sizeof silent.host, "%s", self->peers[silent.rank - self->first].host);
    self->is_stopped = true;
    self->spec.lost(self->spec.context, &silent);
}

/* ---- sending ---- */

/* Starts a heartbeat to this peer; false when the one before is still being sent, or on failure. */
static bool send_beat(pe_heartbeat *self, int p, const beat *message)
{
    bool is_free = self->peers[p].op == NULL;
    if ((!is_free && pe_comm_test(self->comm, &self->peers[p].op, &is_free, NULL, &self->err) != PE_OK) ||
        (is_free && pe_comm_send(self->comm, self->first + p, PE_TAG_HEARTBEAT, message, sizeof *message,
                                 &self->peers[p].op, &self->err) != PE_OK))
        self->is_stopped = true;
    return is_free && !self->is_stopped;
}

static void send_beats(pe_heartbeat *self, uint64_t now_ns)
{
    if (now_ns - self->sent_ns < self->spec.interval_ns)
        return;
    self->sent_ns = now_ns;
    for (int p = 0; p < self->count && !self->is_stopped; p++)
        (void)send_beat(self, p, &self->mine);
}

/* True once the last heartbeat to every peer is sent. */
static bool send_last_beats(pe_heartbeat *self)
{
    bool is_done = true;
    for (int p = 0; p < self->count && !self->is_stopped; p++) {
        peer *to = &self->peers[p];
        bool has_arrived = false;
        if (!to->has_last_sent)
            to->has_last_sent = send_beat(self, p, &self->last);
        else if (to->op != NULL && pe_comm_test(self->comm, &to->op, &has_arrived, NULL, &self->err) != PE_OK)
            self->is_stopped = true;
        is_done = is_done && to->has_last_sent && to->op == NULL;
    }
    return is_done;
}

/* ---- the thread ---- */

/* Sleeps until the next check, or until pe_heartbeat_end is called; returns true then. */
static bool wait_for_end(pe_heartbeat *self)
{
    const uint64_t until = pe_clock_ns() + self->spec.interval_ns / CHECKS_PER_INTERVAL;
    const struct timespec deadline = {.tv_sec = (time_t)(until / NS_PER_S), .tv_nsec = (long)(until % NS_PER_S)};
    (void)pthread_mutex_lock(&self->mutex);
    if (!self->must_end)
        (void)pthread_cond_timedwait(&self->wakeup, &self->mutex, &deadline);
    const bool must_end = self->must_end;
    (void)pthread_mutex_unlock(&self->mutex);
    return must_end;
}

static void check_peers(pe_heartbeat *self)
{
    const uint64_t now_ns = pe_clock_ns();
    if (self->spec.poll != NULL)
        self->spec.poll(self->spec.context);
    add_own_pause(self, now_ns);
    receive_beats(self, now_ns);
    check_timeouts(self, now_ns);
}

static void finish(pe_heartbeat *self)
{
    uint64_t backoff_ns = 1000;
    while (!self->is_stopped) {
        check_peers(self);
        const bool has_sent_all = send_last_beats(self);
        if (has_sent_all && self->active == 0)
            return;
        pe_sleep_ns(backoff_ns);
        backoff_ns = backoff_ns < SLEEP_MOST_NS ? backoff_ns * 2 : SLEEP_MOST_NS;
    }
}

static void *run_thread(void *context)
{
    pe_heartbeat *self = context;
    while (!self->is_stopped && !wait_for_end(self)) {
        check_peers(self);
        if (!self->is_stopped)
            send_beats(self, self->checked_ns);
    }
    finish(self);
    return NULL;
}

/* ---- begin and end ---- */

/* All signals are blocked in the new thread, so that they wake the main thread. */
static pe_status start_thread(pe_heartbeat *self, pe_error *err)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    self->has_thread = pthread_create(&self->thread, NULL, run_thread, self) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return self->has_thread ? PE_OK : pe_fail(err, PE_ENOMEM, "the system gave no thread for the signs of life");
}

static void init(pe_heartbeat *self, pe_comm *comm, const pe_heartbeat_spec *spec)
{
    pthread_condattr_t monotonic;
    const bool is_root = pe_comm_rank(comm) == 0;
    peer *peers = self->peers;
    *self = (pe_heartbeat){.comm = comm,
                           .spec = *spec,
                           .first = is_root ? 1 : 0,
                           .count = is_root ? pe_comm_size(comm) - 1 : 1,
                           .peers = peers,
                           .last = {.is_last = 1},
                           .checked_ns = pe_clock_ns(),
                           .err = PE_ERROR_INIT};
    (void)snprintf(self->mine.host, sizeof self->mine.host, "%s", spec->host);
    (void)snprintf(self->last.host, sizeof self->last.host, "%s", spec->host);
    self->active = self->count;
    for (int p = 0; p < self->count; p++)
        peers[p].last_beat_ns = self->checked_ns;
    (void)pthread_mutex_init(&self->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&self->wakeup, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

pe_status pe_heartbeat_begin(pe_comm *comm, const pe_heartbeat_spec *spec, pe_heartbeat **out, pe_error *err)
{
    pe_heartbeat *self = NULL;
    *out = NULL;
    if (pe_comm_size(comm) == 1)
        return PE_OK;
    pe_status status = pe_make_array(&self, 1, sizeof *self, err);
    if (status == PE_OK)
        status = pe_make_array(&self->peers, (size_t)pe_comm_size(comm), sizeof *self->peers, err);
    if (status != PE_OK) {
        free(self);
        return status;
    }
    init(self, comm, spec);
    post(self);
    *out = self;
    pe_error_merge(err, &self->err);
    return self->is_stopped ? err->status : start_thread(self, err);
}

/* A heartbeat to a lost rank may never be sent; MPI may still read its bytes, so they are not freed. */
static void free_unless_sending(pe_heartbeat *self)
{
    for (int p = 0; p < self->count; p++)
        if (self->peers[p].op != NULL)
            return;
    free(self->peers);
    free(self);
}

pe_status pe_heartbeat_end(pe_heartbeat *self, pe_error *err)
{
    if (self == NULL)
        return PE_OK;
    (void)pthread_mutex_lock(&self->mutex);
    self->must_end = true;
    (void)pthread_cond_signal(&self->wakeup);
    (void)pthread_mutex_unlock(&self->mutex);
    if (!self->has_thread)
        finish(self);
    else
        (void)pthread_join(self->thread, NULL);
    pe_comm_cancel(self->comm, &self->recv_op);
    pe_error_merge(err, &self->err);
    (void)pthread_cond_destroy(&self->wakeup);
    (void)pthread_mutex_destroy(&self->mutex);
    free_unless_sending(self);
    return err->status;
}
