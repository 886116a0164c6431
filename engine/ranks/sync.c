/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sync.c - rank 0 asks the other ranks to make durable what they have written, while the run goes on.
 *
 * Invariant: a state is received for every SYNCED that announces one, also after END; so no message is left.
 * Threads:  sync.h.
 * Not here: what a rank syncs, and what is written when all have (run/resume/checkpointer.c).
 */
#include "ranks/sync.h"

#include <stdlib.h>

#include "base/alloc.h"

struct pe_sync_receive {
    int from;
    size_t bytes;
    pe_buffer state;
    pe_comm_op *op; /* NULL: not begun */
    pe_sync_receive *next;
};

static pe_status ask_all(pe_sync_round *round, const pe_execute_plan_spec *spec, pe_outbox *outbox, pe_error *err)
{
    const pe_message_header header = {.kind = PE_MESSAGE_SYNC};
    pe_status status = PE_OK;
    round->missing = pe_comm_size(spec->comm) - 1;
    for (int rank = 1; rank < pe_comm_size(spec->comm) && status == PE_OK; rank++)
        status = pe_outbox_send(outbox, rank, &header, (pe_message_data){.size = 0}, err);
    return status;
}

static void drop(pe_sync_receive **at)
{
    pe_sync_receive *const receive = *at;
    *at = receive->next;
    pe_buffer_fini(&receive->state);
    free(receive);
}

static pe_status begin(pe_sync_receive *receive, pe_comm *comm, pe_error *err)
{
    const pe_status status = pe_buffer_reserve(&receive->state, receive->bytes, err);
    if (status != PE_OK)
        return status;
    receive->state.size = receive->bytes;
    return pe_comm_recv(comm, receive->from, PE_TAG_STATE, receive->state.data, receive->bytes, &receive->op, err);
}

/* Gives the states that have arrived to the caller: one after the other, so that only one takes memory. */
static pe_status take_arrived(pe_sync_round *round, const pe_execute_plan_spec *spec, bool *active, pe_error *err)
{
    bool is_done = true;
    while (round->receives != NULL && is_done) {
        pe_sync_receive *const receive = round->receives;
        pe_status status = receive->op == NULL ? begin(receive, spec->comm, err) : PE_OK;
        if (status == PE_OK)
            status = pe_comm_test(spec->comm, &receive->op, &is_done, NULL, err);
        if (status == PE_OK && is_done)
            status = spec->sync.take(spec->sync.context, receive->state.data, receive->state.size, err);
        if (status != PE_OK)
            return status;
        if (is_done) {
            drop(&round->receives);
            round->missing--;
            *active = true;
        }
    }
    return PE_OK;
}

pe_status pe_sync_step(pe_sync_round *round, const pe_execute_plan_spec *spec, pe_outbox *outbox, bool *active,
                       pe_error *err)
{
    if (spec->sync.context == NULL)
        return PE_OK;
    const bool was_asked = round->missing > 0;
    if (!was_asked && spec->sync.is_wanted(spec->sync.context))
        return ask_all(round, spec, outbox, err);
    const pe_status status = take_arrived(round, spec, active, err);
    return status == PE_OK && was_asked && round->missing == 0 ? spec->sync.complete(spec->sync.context, err) : status;
}

pe_status pe_sync_finish(pe_sync_round *round, const pe_execute_plan_spec *spec, bool *active, pe_error *err)
{
    return round->receives == NULL ? PE_OK : take_arrived(round, spec, active, err);
}

pe_status pe_sync_answer(pe_sync_round *round, int from, uint64_t bytes, pe_error *err)
{
    pe_sync_receive *receive = NULL, **at = &round->receives;
    const pe_status status = pe_make_array(&receive, 1, sizeof *receive, err);
    if (status != PE_OK)
        return status;
    receive->from = from;
    receive->bytes = (size_t)bytes;
    while (*at != NULL)
        at = &(*at)->next;
    *at = receive;
    return PE_OK;
}

bool pe_sync_is_receiving(const pe_sync_round *round)
{
    return round->receives != NULL;
}

void pe_sync_fini(pe_sync_round *round)
{
    while (round->receives != NULL)
        drop(&round->receives);
}

/* ---- a member ---- */

pe_status pe_sync_member_step(pe_sync_work *work, const pe_execute_plan_spec *spec, pe_outbox *outbox, bool *active,
                              pe_error *err)
{
    bool is_done = false;
    if (!work->is_asked)
        return PE_OK;
    work->state.size = 0;
    const pe_status status = spec->sync.sync(spec->sync.context, &work->state, &is_done, err);
    if (status != PE_OK || !is_done)
        return status;
    work->is_asked = false;
    *active = true;
    /* a state always has bytes, so that each answer is a header with data */
    if (work->state.size == 0 && pe_buffer_append(&work->state, "", 1, err) != PE_OK)
        return err->status;
    const pe_message_header header = {.kind = PE_MESSAGE_SYNCED, .bytes = work->state.size};
    return pe_outbox_send(outbox, 0, &header,
                          (pe_message_data){.tag = PE_TAG_STATE, .bytes = work->state.data, .size = work->state.size},
                          err);
}
