/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sync.h - rank 0 asks the other ranks to make durable what they have written, while the run goes on.
 *
 * Design: SYNC goes to every member, SYNCED comes back with the bytes that the caller's sync gives. One round at a time.
 * Threads: the main thread.
 */
#ifndef PE_SYNC_H
#define PE_SYNC_H

#include "ranks/execute_plan.h"
#include "ranks/message.h"

/* ---- rank 0 ---- */

typedef struct pe_sync_receive pe_sync_receive;

/* Zero-initialise. */
typedef struct pe_sync_round {
    int missing; /* answers; 0: no round is under way */
    pe_sync_receive *receives;
} pe_sync_round;

/* pe_sync_step - begin a round when one is wanted, take the states that have arrived, and end it. */
pe_status pe_sync_step(pe_sync_round *round, const pe_execute_plan_spec *spec, pe_outbox *outbox, bool *active,
                       pe_error *err);
/* pe_sync_finish - finish the round, after END: take the states that have arrived; no round begins or ends. */
pe_status pe_sync_finish(pe_sync_round *round, const pe_execute_plan_spec *spec, bool *active, pe_error *err);
/* pe_sync_answer - take the answer of a member; its state of `bytes` bytes follows. */
pe_status pe_sync_answer(pe_sync_round *round, int from, uint64_t bytes, pe_error *err);
/* pe_sync_is_receiving - states are still on their way, and must be received before the run ends. */
bool pe_sync_is_receiving(const pe_sync_round *round);
void pe_sync_fini(pe_sync_round *round);

/* ---- a member ---- */

/* Zero-initialise. */
typedef struct pe_sync_work {
    bool is_asked;
    pe_buffer state; /* stays unchanged while it is sent */
} pe_sync_work;

/* pe_sync_member_step - go on with what rank 0 asked for, and answer. */
pe_status pe_sync_member_step(pe_sync_work *work, const pe_execute_plan_spec *spec, pe_outbox *outbox, bool *active,
                              pe_error *err);

#endif
