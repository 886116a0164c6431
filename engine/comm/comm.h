/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm.h - communication between the ranks of one run: collectives, messages, agreement on errors.
 *
 * Invariant: after pe_comm_agree every rank holds the same error.
 * Design: two backends fill one table of functions: comm_self is one rank without MPI, comm_mpi is the only file that calls
 *         MPI. Messages are two-sided only, since one-sided windows fail between hosts over TCP. Sizes are size_t; comm_mpi
 *         splits what exceeds MPI's int counts.
 * Threads: collectives, open and close on the main thread; send, recv, test and cancel on any thread, where one message
 *         belongs to one thread.
 * Collective: pe_comm_bcast, pe_comm_min, pe_comm_max, pe_comm_gather, pe_comm_merge and pe_comm_agree are called by
 *         every rank in the same order. A rank that fails between two of them keeps its error and takes part in
 *         pe_comm_agree.
 */
#ifndef PE_COMM_H
#define PE_COMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

typedef struct pe_comm pe_comm;
typedef struct pe_comm_op pe_comm_op; /* one message that is being sent or received */

#define PE_ANY_RANK (-1)

typedef enum pe_tag {
    PE_TAG_TO_ROOT = 1,       /* messages of a member to rank 0 */
    PE_TAG_TO_MEMBER = 2,     /* messages of rank 0 to a member */
    PE_TAG_PAYLOAD = 3,       /* input bytes of a slice, rank 0 to a member */
    PE_TAG_RESULT = 4,        /* output bytes of a slice, member to rank 0 */
    PE_TAG_MERGE = 5,         /* pe_comm_merge */
    PE_TAG_HEARTBEAT = 6,     /* heartbeats, both ways */
    PE_TAG_RECORD = 7,        /* pe_comm_send_to_root */
    PE_TAG_CLOCK = 8,         /* pe_comm_clock_offset, both ways */
    PE_TAG_STATE = 9,         /* what a member has folded, to rank 0 */
    PE_TAG_EXCHANGE = 10,     /* headers between any two ranks (ranks/exchange/exchange.c) */
    PE_TAG_EXCHANGE_DATA = 11 /* the bytes that belong to them */
} pe_tag;

/* pe_comm_open - with a launcher initialise MPI, without one become the single rank.
 * Returns: PE_OK; PE_EUSAGE under a launcher where MPI is not there; PE_EBUG when MPI does not start */
pe_status pe_comm_open(bool has_launcher, pe_comm **out, pe_error *err);
/* pe_comm_open_given - open the ranks of a communicator of a program that has started MPI itself; its bytes are copied.
 * Params:  path: of the MPI module; NULL: it is looked for (comm_module.h)
 * Returns: PE_OK; PE_EUSAGE where MPI is not there or not started; PE_EIO. Collective */
pe_status pe_comm_open_given(const void *communicator, size_t size, const char *path, pe_comm **out, pe_error *err);
void pe_comm_close(pe_comm *comm); /* collective; NULL is fine */

int pe_comm_rank(const pe_comm *comm);      /* this rank, from 0 */
int pe_comm_size(const pe_comm *comm);      /* ranks in all */
int pe_comm_node_size(const pe_comm *comm); /* ranks on this rank's node */

/* pe_comm_bcast - copy size bytes of rank root to data on every rank. */
pe_status pe_comm_bcast(pe_comm *comm, int root, void *data, size_t size, pe_error *err);
/* pe_comm_bcast_buffer - copy rank 0's buffer into the buffer of every rank. */
pe_status pe_comm_bcast_buffer(pe_comm *comm, pe_buffer *buffer, pe_error *err);
pe_status pe_comm_min(pe_comm *comm, uint64_t *values, int count, pe_error *err);
pe_status pe_comm_max(pe_comm *comm, uint64_t *values, int count, pe_error *err);
/* pe_comm_gather - copy `size` bytes of every rank into rank 0's `all` (size * ranks bytes, in rank order). */
pe_status pe_comm_gather(pe_comm *comm, const void *mine, size_t size, void *all, pe_error *err);

/* pe_comm_merge - reduce the state of all ranks to rank 0 along a binomial tree: about log2(ranks) rounds; each rank
 * sends once. The order of the merges is the same in every run.
 *
 * Params:  mine: this rank's state, `size` bytes. merge(context, other) adds a received state to it.
 *          other: a buffer of `size` bytes for received states; unused with one rank
 */
pe_status pe_comm_merge(pe_comm *comm, void *mine, void *other, size_t size, void (*merge)(void *context, void *other),
                        void *context, pe_error *err);

/* pe_comm_send_to_root - send a message to rank 0, which calls pe_comm_receive_from for each other rank in turn: it waits
 * for `size` bytes and puts them after what the buffer holds. Main thread. */
pe_status pe_comm_send_to_root(pe_comm *comm, const pe_buffer *message, pe_error *err);
pe_status pe_comm_receive_from(pe_comm *comm, int from, size_t size, pe_buffer *message, pe_error *err);

/* pe_comm_clock_offset - this rank's pe_clock_ns minus that of rank 0, measured with messages there and back; collective.
 * The error is less than half of the fastest of them. */
pe_status pe_comm_clock_offset(pe_comm *comm, int64_t *offset_ns, pe_error *err);

/* pe_comm_agree - agree on one error: afterwards every rank holds the error with the lowest item, or none if no rank
 * has one. Returns its status. */
pe_status pe_comm_agree(pe_comm *comm, pe_error *err);

/* pe_comm_send, pe_comm_recv - start a message; the buffer must not be touched until pe_comm_test sets *done.
 * The size of a receive is the exact size of what was sent. Messages of one tag between two ranks arrive in the order
 * sent. */
pe_status pe_comm_send(pe_comm *comm, int to, pe_tag tag, const void *data, size_t size, pe_comm_op **op,
                       pe_error *err);
pe_status pe_comm_recv(pe_comm *comm, int from, pe_tag tag, void *data, size_t size, pe_comm_op **op, pe_error *err);
/* pe_comm_test - *done: whether the message is complete. If so, *op is freed and NULL, and *from (may be NULL) is the
 * sender. */
pe_status pe_comm_test(pe_comm *comm, pe_comm_op **op, bool *done, int *from, pe_error *err);
/* pe_comm_cancel - cancel a receive for which nothing was sent; NULL is fine. */
void pe_comm_cancel(pe_comm *comm, pe_comm_op **op);

#endif
