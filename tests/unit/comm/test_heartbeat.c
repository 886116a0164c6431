/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_heartbeat.c - silent ranks are reported, other ranks are not, and no heartbeat is left in the network.
 *
 * Design: the ranks are heartbeats of one process on a network of mailboxes, from which a rank can be cut off.
 */
#include "comm/heartbeat.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "comm/comm_backend.h"
#include "unit.h"

#define MS ((uint64_t)1000000)
#define INTERVAL_NS (10 * MS)
#define TIMEOUT_NS (1000 * MS) /* a thread of a busy machine waits for a core for a part of that */
#define MOST_RANKS 4

/* ---- the network ---- */

typedef struct message {
    int from, to;
    size_t size;
    unsigned char data[128];
    struct message *next;
} message;

struct pe_comm_op {
    bool is_send;
    void *data;
    size_t size;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static message *under_way; /* under the mutex: the oldest first */
static atomic_int receives;
static atomic_bool is_cut[MOST_RANKS], is_broken;
static pe_comm ranks[MOST_RANKS];

static void post(int from, int to, const void *data, size_t size)
{
    message *one = calloc(1, sizeof *one);
    ck_assert_ptr_nonnull(one);
    ck_assert_uint_le(size, sizeof one->data);
    *one = (message){.from = from, .to = to, .size = size};
    memcpy(one->data, data, size);
    (void)pthread_mutex_lock(&mutex);
    message **at = &under_way;
    while (*at != NULL)
        at = &(*at)->next;
    *at = one;
    (void)pthread_mutex_unlock(&mutex);
}

static message *take(int to)
{
    (void)pthread_mutex_lock(&mutex);
    message **at = &under_way;
    while (*at != NULL && (*at)->to != to)
        at = &(*at)->next;
    message *one = *at;
    if (one != NULL)
        *at = one->next;
    (void)pthread_mutex_unlock(&mutex);
    return one;
}

static pe_status start(pe_comm *comm, bool is_send, int peer, pe_tag tag, void *data, size_t size, pe_comm_op **op,
                       pe_error *err)
{
    ck_assert_int_eq(tag, PE_TAG_HEARTBEAT);
    if (is_broken)
        return pe_fail(err, PE_EIO, "broken");
    if (is_send && !is_cut[comm->rank] && !is_cut[peer])
        post(comm->rank, peer, data, size);
    receives += is_send ? 0 : 1;
    *op = calloc(1, sizeof **op);
    ck_assert_ptr_nonnull(*op);
    **op = (pe_comm_op){.is_send = is_send, .data = data, .size = size};
    return PE_OK;
}

static pe_status test(pe_comm *comm, pe_comm_op **op, bool *done, int *from, pe_error *err)
{
    (void)err;
    message *one = (*op)->is_send ? NULL : take(comm->rank);
    *done = (*op)->is_send || one != NULL;
    if (!*done)
        return PE_OK;
    if (one != NULL) {
        ck_assert_uint_eq(one->size, (*op)->size);
        memcpy((*op)->data, one->data, one->size);
        if (from != NULL)
            *from = one->from;
        receives--;
    }
    free(one);
    free(*op);
    *op = NULL;
    return PE_OK;
}

static void cancel(pe_comm *comm, pe_comm_op **op)
{
    (void)comm;
    ck_assert(!(*op)->is_send); /* MPI cannot take back a send */
    receives--;
    free(*op);
    *op = NULL;
}

static void make_network(int size)
{
    static const pe_comm_backend backend = {.start = start, .test = test, .cancel = cancel};
    for (int r = 0; r < size; r++)
        ranks[r] = (pe_comm){.backend = &backend, .rank = r, .size = size};
}

static void check_nothing_is_under_way(void)
{
    ck_assert_ptr_null(under_way);
    ck_assert_int_eq(receives, 0);
}

/* ---- the ranks ---- */

typedef struct verdict {
    atomic_bool is_given;
    pe_silent_ranks who;
} verdict;

static pe_heartbeat *heartbeats[MOST_RANKS];
static verdict verdicts[MOST_RANKS];

static void lost(void *context, const pe_silent_ranks *who)
{
    verdict *mine = context;
    ck_assert(!mine->is_given);
    mine->who = *who;
    mine->is_given = true;
}

static pe_status begin(int rank, uint64_t timeout_ns, pe_error *err)
{
    char host[16];
    (void)snprintf(host, sizeof host, "h%d", rank);
    const pe_heartbeat_spec spec = {
        .interval_ns = INTERVAL_NS, .timeout_ns = timeout_ns, .host = host, .lost = lost, .context = &verdicts[rank]};
    return pe_heartbeat_begin(&ranks[rank], &spec, &heartbeats[rank], err);
}

static void begin_all(int size, uint64_t member_timeout_ns)
{
    make_network(size);
    for (int r = 0; r < size; r++) {
        pe_error err = PE_ERROR_INIT;
        ck_ok(begin(r, r == 0 ? TIMEOUT_NS : member_timeout_ns, &err), err);
        ck_assert_ptr_nonnull(heartbeats[r]);
    }
}

static void *end(void *context)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_heartbeat_end(context, &err), err);
    return NULL;
}

static void end_all(int size)
{
    pthread_t threads[MOST_RANKS];
    for (int r = 0; r < size; r++)
        ck_assert_int_eq(pthread_create(&threads[r], NULL, end, heartbeats[r]), 0);
    for (int r = 0; r < size; r++)
        (void)pthread_join(threads[r], NULL);
}

static void wait_for_verdict(int rank)
{
    for (uint64_t waited_ns = 0; !verdicts[rank].is_given && waited_ns < 60 * TIMEOUT_NS; waited_ns += MS)
        pe_sleep_ns(MS);
    ck_assert(verdicts[rank].is_given);
}

static void check_nobody_is_lost(int size)
{
    for (int r = 0; r < size; r++)
        ck_assert(!verdicts[r].is_given);
}

/* ---- tests ---- */

START_TEST(begin_of_one_rank_is_nothing)
{
    pe_error err = PE_ERROR_INIT;
    make_network(1);
    ck_ok(begin(0, TIMEOUT_NS, &err), err);
    ck_assert_ptr_null(heartbeats[0]);
    ck_ok(pe_heartbeat_end(NULL, &err), err);
}
END_TEST

START_TEST(begin_without_messages_is_an_error)
{
    pe_error err = PE_ERROR_INIT, late = PE_ERROR_INIT;
    make_network(2);
    is_broken = true;
    ck_assert_int_eq(begin(1, TIMEOUT_NS, &err), PE_EIO);
    ck_assert_str_eq(err.text, "broken");
    ck_assert_int_eq(pe_heartbeat_end(heartbeats[1], &late), PE_EIO);
}
END_TEST

START_TEST(ranks_that_end_at_once_leave_nothing_under_way)
{
    begin_all(MOST_RANKS, TIMEOUT_NS);
    end_all(MOST_RANKS);
    check_nobody_is_lost(MOST_RANKS);
    check_nothing_is_under_way();
}
END_TEST

START_TEST(ranks_that_beat_are_not_lost)
{
    begin_all(MOST_RANKS, TIMEOUT_NS);
    pe_sleep_ns(TIMEOUT_NS * 3 / 2);
    check_nobody_is_lost(MOST_RANKS);
    end_all(MOST_RANKS);
    check_nobody_is_lost(MOST_RANKS);
    check_nothing_is_under_way();
}
END_TEST

START_TEST(rank_that_left_is_not_lost)
{
    pthread_t early;
    begin_all(3, TIMEOUT_NS);
    ck_assert_int_eq(pthread_create(&early, NULL, end, heartbeats[2]), 0);
    pe_sleep_ns(TIMEOUT_NS * 3 / 2);
    heartbeats[2] = NULL;
    end_all(2);
    (void)pthread_join(early, NULL);
    check_nobody_is_lost(3);
    check_nothing_is_under_way();
}
END_TEST

START_TEST(rank_cut_off_is_named_by_rank_0)
{
    begin_all(MOST_RANKS, 4 * TIMEOUT_NS);
    pe_sleep_ns(TIMEOUT_NS / 4);
    is_cut[2] = true;
    wait_for_verdict(0);
    ck_assert_int_eq(verdicts[0].who.rank, 2);
    ck_assert_int_eq(verdicts[0].who.more, 0);
    ck_assert_str_eq(verdicts[0].who.host, "h2");
    ck_assert_uint_gt(verdicts[0].who.silent_ns, TIMEOUT_NS);
    ck_assert(!verdicts[1].is_given && !verdicts[3].is_given);
    end_all(MOST_RANKS); /* the others hear no more of rank 0 */
}
END_TEST

START_TEST(rank_0_cut_off_loses_all_and_is_lost_to_them)
{
    begin_all(3, TIMEOUT_NS);
    pe_sleep_ns(TIMEOUT_NS / 4);
    is_cut[0] = true;
    for (int r = 0; r < 3; r++)
        wait_for_verdict(r);
    ck_assert_int_eq(verdicts[0].who.rank, 1);
    ck_assert_int_eq(verdicts[0].who.more, 1);
    for (int r = 1; r < 3; r++) {
        ck_assert_int_eq(verdicts[r].who.rank, 0);
        ck_assert_int_eq(verdicts[r].who.more, 0);
        ck_assert_str_eq(verdicts[r].who.host, "h0");
    }
    end_all(3); /* nobody waits for anybody any more */
    ck_assert_int_eq(receives, 0);
}
END_TEST

START_TEST(rank_that_never_spoke_has_no_host)
{
    pe_error err = PE_ERROR_INIT;
    make_network(2);
    ck_ok(begin(0, TIMEOUT_NS, &err), err);
    wait_for_verdict(0);
    ck_assert_int_eq(verdicts[0].who.rank, 1);
    ck_assert_str_eq(verdicts[0].who.host, "");
    end_all(1);
}
END_TEST

START_TEST(rank_lost_while_others_leave_is_named)
{
    begin_all(3, 4 * TIMEOUT_NS);
    pe_sleep_ns(TIMEOUT_NS / 4);
    is_cut[2] = true;
    end_all(3);
    ck_assert(verdicts[0].is_given && verdicts[2].is_given);
    ck_assert_int_eq(verdicts[0].who.rank, 2);
}
END_TEST

/* The test speaks for rank 1 itself: as the heartbeat does, but only when it wants to. */
static void beat_by_hand(void)
{
    struct {
        uint32_t is_last;
        char host[PE_HEARTBEAT_HOST_ROOM];
    } words = {.host = "hand"};
    post(1, 0, &words, sizeof words);
}

START_TEST(process_that_stood_still_names_no_rank)
{
    pe_error err = PE_ERROR_INIT;
    make_network(2);
    ck_ok(begin(0, TIMEOUT_NS, &err), err);
    beat_by_hand();
    pe_sleep_ns(4 * INTERVAL_NS);
    const pid_t self = getpid(), waker = fork();
    ck_assert_int_ge(waker, 0);
    if (waker == 0) {
        pe_sleep_ns(2 * TIMEOUT_NS);
        (void)kill(self, SIGCONT);
        _exit(0);
    }
    ck_assert_int_eq(raise(SIGSTOP), 0);
    pe_sleep_ns(TIMEOUT_NS / 2); /* nothing was heard for 2.5 limits, but this rank was awake for only 0.5 of them */
    ck_assert(!verdicts[0].is_given);
    beat_by_hand();
    pe_sleep_ns(TIMEOUT_NS / 2);
    ck_assert(!verdicts[0].is_given);
    wait_for_verdict(0); /* and from then on nothing */
    ck_assert_str_eq(verdicts[0].who.host, "hand");
    end_all(1);
}
END_TEST

UNIT_MAIN("heartbeat", begin_of_one_rank_is_nothing, begin_without_messages_is_an_error,
          ranks_that_end_at_once_leave_nothing_under_way, ranks_that_beat_are_not_lost, rank_that_left_is_not_lost,
          rank_cut_off_is_named_by_rank_0, rank_0_cut_off_loses_all_and_is_lost_to_them,
          rank_that_never_spoke_has_no_host, rank_lost_while_others_leave_is_named,
          process_that_stood_still_names_no_rank)
