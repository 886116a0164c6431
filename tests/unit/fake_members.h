/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fake_members.h - a network with simulated members, as rank 0 sees them: they answer in any order.
 *
 * Design: a backend of comm.h. Grants are noted, and become results, pulled bytes and goodbyes after as many looks as dice
 *         tell. What rank 0 may not do (pull what was not announced, pull too much, dispatch more than a rank may hold)
 *         fails where it is done.
 * Threads: the main thread.
 */
#ifndef PE_TEST_FAKE_MEMBERS_H
#define PE_TEST_FAKE_MEMBERS_H

#include <stdint.h>

#include "comm/comm_backend.h"
#include "ranks/message.h"
#include "unit.h"

#define RANKS 5
#define GRANTS_MOST 60000
#define LOOKS_MOST 24 /* until something has happened */
#define LOG_BYTES 3u  /* of every third dispatch */

typedef enum dispatch_state { COMPUTING, ANNOUNCED, PULLED, RECEIVED } dispatch_state;

typedef struct dispatch {
    pe_block block;
    uint64_t slice; /* as rank 0 calls it */
    int owner;
    dispatch_state state;
    unsigned looks; /* left */
} dispatch;

struct pe_comm_op {
    dispatch *from; /* whose bytes are received; NULL: a header is */
    bool is_send;
    void *data;
    size_t size;
};

/* The network with the members behind it. */
typedef struct network {
    pe_comm comm;
    const pe_plan *plan;
    bool is_placed;    /* the members write their rows themselves */
    uint64_t fails_at; /* the member that has this item fails there; PE_NO_ITEM: no member */
    bool has_failed;   /* a member had it, */
    int owes_failure;  /* and that member has yet to say so; 0: none has */
    uint64_t dice;
    dispatch *dispatches[GRANTS_MOST]; /* by number: in the order in which they were sent */
    uint64_t numbered;
    dispatch *asked;      /* the last pull: its receive comes next */
    uint64_t held[RANKS]; /* items whose rows take the member's memory, or will */
    int pulls;            /* asked for, not yet written */
    int ops;              /* under way */
    bool is_ended[RANKS], has_left[RANKS];
} network;

static inline unsigned roll(network *net, unsigned sides)
{
    net->dice = net->dice * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
    return (unsigned)(net->dice >> 33) % sides;
}

static inline uint64_t value_of(uint64_t item)
{
    return item * 0x9e3779b97f4a7c15u;
}

static inline size_t log_bytes(uint64_t number)
{
    return number % 3 == 0 ? LOG_BYTES : 0;
}

static inline size_t row_bytes(const network *net, const dispatch *at)
{
    return net->is_placed ? 0 : at->block.count * sizeof(uint64_t);
}

/* ---- what rank 0 sends ---- */

static inline void take_dispatch(network *net, int member, const pe_message_header *header)
{
    ck_assert_uint_lt(net->numbered, GRANTS_MOST);
    dispatch *at = calloc(1, sizeof *at);
    ck_assert_ptr_nonnull(at);
    *at = (dispatch){.block = header->block, .slice = header->slice, .owner = member, .looks = roll(net, LOOKS_MOST)};
    net->dispatches[net->numbered++] = at;
    net->held[member] += at->block.count;
    if (!net->is_placed)
        ck_assert_uint_le(net->held[member], (uint64_t)net->plan->depth * net->plan->slice_items);
}

static inline void take_pull(network *net, int member, uint64_t first)
{
    uint64_t number = 0;
    while (number < net->numbered && net->dispatches[number]->block.first != first)
        number++;
    ck_assert_uint_lt(number, net->numbered);
    dispatch *at = net->dispatches[number];
    ck_assert_int_eq(at->owner, member);
    ck_assert_int_eq(at->state, ANNOUNCED);
    at->state = PULLED;
    at->looks = roll(net, LOOKS_MOST);
    net->asked = at;
    net->pulls++;
    ck_assert_int_le(net->pulls, net->plan->pulls);
}

static inline void take_header(network *net, int member, const pe_message_header *header)
{
    ck_assert(!net->is_ended[member]);
    if (header->kind == PE_MESSAGE_SLICE)
        take_dispatch(net, member, header);
    else if (header->kind == PE_MESSAGE_PULL)
        take_pull(net, member, header->block.first);
    else
        net->is_ended[member] = true;
}

static inline pe_status start(pe_comm *comm, bool is_send, int peer, pe_tag tag, void *data, size_t size,
                              pe_comm_op **op, pe_error *err)
{
    network *net = (network *)comm;
    (void)err;
    *op = calloc(1, sizeof **op);
    ck_assert_ptr_nonnull(*op);
    **op = (pe_comm_op){.is_send = is_send, .data = data, .size = size};
    net->ops++;
    if (is_send) {
        ck_assert_int_eq(tag, PE_TAG_TO_MEMBER);
        take_header(net, peer, data);
    } else if (tag == PE_TAG_RESULT) {
        ck_assert_ptr_nonnull(net->asked);
        ck_assert_int_eq(net->asked->owner, peer);
        (*op)->from = net->asked;
        net->asked = NULL;
    }
    return PE_OK;
}

/* ---- what the members say ---- */

static inline uint64_t number_of(const network *net, const dispatch *at)
{
    uint64_t number = 0;
    while (net->dispatches[number] != at)
        number++;
    return number;
}

static inline void write_rows(const network *net, const pe_comm_op *op)
{
    unsigned char *to = op->data;
    const uint64_t number = number_of(net, op->from);
    ck_assert_uint_eq(op->size, row_bytes(net, op->from) + log_bytes(number));
    for (uint64_t i = 0; i < op->from->block.count && !net->is_placed; i++, to += sizeof(uint64_t)) {
        const uint64_t value = value_of(op->from->block.first + i);
        memcpy(to, &value, sizeof value);
    }
    memset(to, 'l', log_bytes(number));
}

static inline bool has_item(pe_block block, uint64_t item)
{
    return item >= block.first && item - block.first < block.count;
}

static inline pe_message_header tell_failure(network *net)
{
    net->owes_failure = 0;
    return (pe_message_header){.kind = PE_MESSAGE_FAILED, .block = {.first = net->fails_at}};
}

static inline pe_message_header announce(network *net, dispatch *at)
{
    const uint64_t number = number_of(net, at), rows = at->block.count;
    const size_t bytes = row_bytes(net, at) + log_bytes(number);
    at->state = bytes == 0 ? RECEIVED : ANNOUNCED;
    return (pe_message_header){.kind = PE_MESSAGE_RESULT,
                               .ends_slice = 1,
                               .slice_items = rows,
                               .slice = at->slice,
                               .block = at->block,
                               .bytes = bytes,
                               .log_bytes = log_bytes(number),
                               .rows = rows,
                               .placed = net->is_placed ? rows * sizeof(uint64_t) : 0,
                               .work_ns = 1 + roll(net, 3) * 1000000u};
}

/* What comes before the item that ends the run is a result too; either may be told first. */
static inline void fail_at(network *net, dispatch *at)
{
    at->block.count = net->fails_at - at->block.first;
    at->looks = roll(net, LOOKS_MOST);
    net->has_failed = true;
    net->owes_failure = at->owner;
}

/* A member leaves when it was told to, and what it was asked for has left it. */
static inline bool may_leave(const network *net, int member)
{
    bool is_asked = false;
    for (uint64_t i = 0; i < net->numbered; i++)
        is_asked |= net->dispatches[i]->owner == member && net->dispatches[i]->state == PULLED;
    return net->is_ended[member] && !net->has_left[member] && !is_asked;
}

/* The next header of some member, or none yet. */
static inline bool take_next_header(network *net, pe_message_header *header, int *from)
{
    if (net->owes_failure > 0 && !net->is_ended[net->owes_failure] && roll(net, LOOKS_MOST) == 0) {
        *from = net->owes_failure;
        *header = tell_failure(net);
        return true;
    }
    for (uint64_t i = 0; i < net->numbered; i++) {
        dispatch *at = net->dispatches[i];
        if (at->state != COMPUTING || net->is_ended[at->owner] || (at->looks > 0 && at->looks-- > 0))
            continue;
        if (has_item(at->block, net->fails_at))
            fail_at(net, at);
        if (at->block.count == 0 || at->looks > 0)
            continue;
        *from = at->owner;
        *header = announce(net, at);
        return true;
    }
    for (int member = 1; member < RANKS; member++) {
        if (!may_leave(net, member))
            continue;
        net->has_left[member] = true;
        *from = member;
        *header = (pe_message_header){.kind = PE_MESSAGE_DONE};
        return true;
    }
    return false;
}

static inline bool has_come(network *net, pe_comm_op *op, int *from)
{
    pe_message_header header;
    if (op->is_send)
        return true;
    if (op->from == NULL) {
        if (!take_next_header(net, &header, from))
            return false;
        ck_assert_uint_eq(op->size, sizeof header);
        memcpy(op->data, &header, sizeof header);
        return true;
    }
    if (op->from->looks > 0 && op->from->looks-- > 0)
        return false;
    write_rows(net, op);
    op->from->state = RECEIVED;
    net->held[op->from->owner] -= op->from->block.count;
    return true;
}

static inline pe_status look(pe_comm *comm, pe_comm_op **op, bool *done, int *from, pe_error *err)
{
    network *net = (network *)comm;
    int sender = 0;
    (void)err;
    *done = has_come(net, *op, &sender);
    if (!*done)
        return PE_OK;
    if (from != NULL)
        *from = sender;
    free(*op);
    *op = NULL;
    net->ops--;
    return PE_OK;
}

static inline pe_status reduce(pe_comm *comm, bool is_max, uint64_t *values, int count, pe_error *err)
{
    (void)comm, (void)is_max, (void)values, (void)count, (void)err; /* the others have nothing to add */
    return PE_OK;
}

static inline pe_status bcast(pe_comm *comm, int root, void *data, size_t size, pe_error *err)
{
    (void)comm, (void)root, (void)data, (void)size, (void)err;
    return PE_OK;
}

#endif
