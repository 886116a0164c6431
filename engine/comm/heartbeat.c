/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* heartbeat.c - signs of life between rank 0 and the others, so that a run does not wait for ever for a rank that is gone.
 *
 * Design:   a beat of fixed size every beat_ns, each way; the last one tells that no more will come. One receive is
 *           posted while more are expected, so every beat has its receiver and none is left for the end of MPI.
 *           A rank that stood still itself (stopped, a virtual machine that was moved) has heard nothing, and may not
 *           blame the others: the time it missed is given to them.
 * Threads:  between begin and end all but the fields under the mutex belong to the heartbeat's thread, or to end's caller
 *           where no thread could be had.
 * Not here: what is done about a rank that is lost (run/lost_rank.c).
 */
#include "comm/heartbeat.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"

#define LOOKS_PER_BEAT 4u
#define NAP_MOST_NS 1000000u
#define NS_PER_S 1000000000u

typedef struct beat {
    uint32_t is_last;
    char host[PE_HEARTBEAT_HOST_ROOM];
} beat;

/* 64 bytes, since rank 0 has one for every rank of the run. */
typedef struct peer {
    uint64_t heard_ns;
    pe_comm_op *op; /* the beat under way to it */
    bool has_left;  /* its last beat came */
    bool is_told;   /* our last one was sent */
    char host[PE_HEARTBEAT_HOST_ROOM];
} peer;

struct pe_heartbeat {
    pe_comm *comm;
    pe_heartbeat_spec spec;
    int first, count; /* ranks first to first + count - 1 are listened to */
    int staying;      /* of these, those that have not left */
    peer *peers;
    beat mine, last, heard;
    pe_comm_op *heard_op;
    uint64_t spoke_ns, looked_ns;
    bool is_over; /* someone is lost, or messages fail */
    pe_error err;
    pthread_t thread;
    bool has_thread; /* written by begin */
    pthread_mutex_t mutex;
    pthread_cond_t wakeup;
    bool is_leaving; /* under the mutex: written by end, read by the thread */
};

/* ---- listening ---- */

static void post(pe_heartbeat *self)
{
    if (self->staying > 0 && pe_comm_recv(self->comm, PE_ANY_RANK, PE_TAG_BEAT, &self->heard, sizeof self->heard,
                                          &self->heard_op, &self->err) != PE_OK)
        self->is_over = true;
}

static void header_beat(pe_heartbeat *self, int rank, uint64_t now_ns)
{
    peer *from = &self->peers[rank - self->first];
    from->heard_ns = now_ns;
    if (self->heard.is_last != 0) {
        from->has_left = true;
        self->staying--;
    }
    self->heard.host[PE_HEARTBEAT_HOST_ROOM - 1] = '\0';
    (void)snprintf(from->host, sizeof from->host, "%s", self->heard.host);
}

static void hear(pe_heartbeat *self, uint64_t now_ns)
{
    for (bool done = true; done && self->heard_op != NULL && !self->is_over;) {
        int rank = 0;
        if (pe_comm_test(self->comm, &self->heard_op, &done, &rank, &self->err) != PE_OK) {
            self->is_over = true;
        } else if (done) {
            header_beat(self, rank, now_ns);
            post(self);
        }
    }
}

/* ---- judging ---- */

static void excuse(pe_heartbeat *self, uint64_t now_ns)
{
    const uint64_t away_ns = now_ns - self->looked_ns;
    self->looked_ns = now_ns;
    if (away_ns > self->spec.beat_ns)
        for (int p = 0; p < self->count; p++)
            self->peers[p].heard_ns += away_ns;
}

static uint64_t silence_of(const peer *other, uint64_t now_ns)
{
    return other->has_left ? 0 : now_ns - other->heard_ns;
}

/* Ranks that fell silent together, as those of one host, are told together: the lowest, and how many more. */
static void judge(pe_heartbeat *self, uint64_t now_ns)
{
    pe_silence who = {.more = -1};
    for (int p = self->count - 1; p >= 0 && !self->is_over; p--) {
        const uint64_t silent_ns = silence_of(&self->peers[p], now_ns);
        if (silent_ns > who.silent_ns)
            who.silent_ns = silent_ns;
        if (silent_ns > self->spec.limit_ns / 4 * 3) {
            who.rank = self->first + p;
            who.more++;
        }
    }
    if (who.silent_ns <= self->spec.limit_ns)
        return;
    (void)snprintf(who.host, sizeof who.host, "%s", self->peers[who.rank - self->first].host);
    self->is_over = true;
    self->spec.lost(self->spec.context, &who);
}

/* ---- speaking ---- */

/* True when a beat to this peer is on its way; false while the one before is. */
static bool speak_to(pe_heartbeat *self, int p, const beat *words)
{
    bool has_left = self->peers[p].op == NULL;
    if ((!has_left && pe_comm_test(self->comm, &self->peers[p].op, &has_left, NULL, &self->err) != PE_OK) ||
        (has_left && pe_comm_send(self->comm, self->first + p, PE_TAG_BEAT, words, sizeof *words, &self->peers[p].op,
                                  &self->err) != PE_OK))
        self->is_over = true;
    return has_left && !self->is_over;
}

static void speak(pe_heartbeat *self, uint64_t now_ns)
{
    if (now_ns - self->spoke_ns < self->spec.beat_ns)
        return;
    self->spoke_ns = now_ns;
    for (int p = 0; p < self->count && !self->is_over; p++)
        (void)speak_to(self, p, &self->mine);
}

/* True once nothing is under way to anyone any more. */
static bool say_goodbye(pe_heartbeat *self)
{
    bool is_done = true;
    for (int p = 0; p < self->count && !self->is_over; p++) {
        peer *to = &self->peers[p];
        bool has_arrived = false;
        if (!to->is_told)
            to->is_told = speak_to(self, p, &self->last);
        else if (to->op != NULL && pe_comm_test(self->comm, &to->op, &has_arrived, NULL, &self->err) != PE_OK)
            self->is_over = true;
        is_done = is_done && to->is_told && to->op == NULL;
    }
    return is_done;
}

/* ---- the thread ---- */

/* Sleeps until the next look, or until end is called; true then. */
static bool is_leaving(pe_heartbeat *self)
{
    const uint64_t until = pe_clock_ns() + self->spec.beat_ns / LOOKS_PER_BEAT;
    const struct timespec deadline = {.tv_sec = (time_t)(until / NS_PER_S), .tv_nsec = (long)(until % NS_PER_S)};
    (void)pthread_mutex_lock(&self->mutex);
    if (!self->is_leaving)
        (void)pthread_cond_timedwait(&self->wakeup, &self->mutex, &deadline);
    const bool leaving = self->is_leaving;
    (void)pthread_mutex_unlock(&self->mutex);
    return leaving;
}

static void look(pe_heartbeat *self)
{
    const uint64_t now_ns = pe_clock_ns();
    if (self->spec.look != NULL)
        self->spec.look(self->spec.context);
    excuse(self, now_ns);
    hear(self, now_ns);
    judge(self, now_ns);
}

static void leave(pe_heartbeat *self)
{
    uint64_t backoff_ns = 1000;
    while (!self->is_over) {
        look(self);
        const bool has_told_all = say_goodbye(self);
        if (has_told_all && self->staying == 0)
            return;
        pe_sleep_ns(backoff_ns);
        backoff_ns = backoff_ns < NAP_MOST_NS ? backoff_ns * 2 : NAP_MOST_NS;
    }
}

static void *beat_on(void *context)
{
    pe_heartbeat *self = context;
    while (!self->is_over && !is_leaving(self)) {
        look(self);
        if (!self->is_over)
            speak(self, self->looked_ns);
    }
    leave(self);
    return NULL;
}

/* ---- begin and end ---- */

/* Signals are for the main thread, which they wake. */
static pe_status start_thread(pe_heartbeat *self, pe_error *err)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    self->has_thread = pthread_create(&self->thread, NULL, beat_on, self) == 0;
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
                           .looked_ns = pe_clock_ns(),
                           .err = PE_ERROR_INIT};
    (void)snprintf(self->mine.host, sizeof self->mine.host, "%s", spec->host);
    (void)snprintf(self->last.host, sizeof self->last.host, "%s", spec->host);
    self->staying = self->count;
    for (int p = 0; p < self->count; p++)
        peers[p].heard_ns = self->looked_ns;
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
    return self->is_over ? err->status : start_thread(self, err);
}

/* A beat to a rank that is lost may never leave, and its bytes must stay. */
static void free_unless_read(pe_heartbeat *self)
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
    self->is_leaving = true;
    (void)pthread_cond_signal(&self->wakeup);
    (void)pthread_mutex_unlock(&self->mutex);
    if (!self->has_thread)
        leave(self);
    else
        (void)pthread_join(self->thread, NULL);
    pe_comm_cancel(self->comm, &self->heard_op);
    pe_error_merge(err, &self->err);
    (void)pthread_cond_destroy(&self->wakeup);
    (void)pthread_mutex_destroy(&self->mutex);
    free_unless_read(self);
    return err->status;
}
