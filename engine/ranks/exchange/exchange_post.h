/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_post.h - the messages of an exchange: a header, and the bytes that belong to it.
 *
 * Design:  one receive of a header from any rank is always posted; while the bytes of a message arrive, the next header waits.
 * Threads: the main thread.
 */
#ifndef PE_EXCHANGE_POST_H
#define PE_EXCHANGE_POST_H

#include "comm/comm.h"

typedef enum pe_exchange_kind {
    PE_EXCHANGE_ASK,     /* for items; answered by GIVE */
    PE_EXCHANGE_GIVE,    /* items with their arguments; count 0: there are none, and never will be */
    PE_EXCHANGE_RESULT,  /* of items that were given, to their owner */
    PE_EXCHANGE_ABANDON, /* the sender returns nothing more of what the receiver gave it */
    PE_EXCHANGE_FAILED,  /* to rank 0: the sender has stopped because of an error */
    PE_EXCHANGE_STOP,    /* rank 0 to all: stop */
    PE_EXCHANGE_DONE,    /* to rank 0: the sender is complete, awaits nothing and asks for nothing */
    PE_EXCHANGE_END      /* rank 0 to all, the last message: all are done */
} pe_exchange_kind;

typedef struct pe_exchange_header {
    uint64_t kind;
    uint64_t first, count;     /* items */
    uint64_t bytes, log_bytes; /* that follow: payload or rows, log */
} pe_exchange_header;

typedef struct pe_exchange_outgoing pe_exchange_outgoing; /* a message that is being sent */

typedef struct pe_exchange_post {
    pe_comm *comm;
    pe_comm_op *header_op, *data_op; /* what is being received */
    pe_exchange_header header;       /* of the current message, */
    pe_buffer data;                  /* its bytes, */
    int from;                        /* its sender */
    pe_exchange_outgoing *sent;
} pe_exchange_post;

pe_status pe_exchange_post_open(pe_exchange_post *post, pe_comm *comm, pe_error *err);
/* pe_exchange_post_close - no message is on its way. */
void pe_exchange_post_close(pe_exchange_post *post);

/* pe_exchange_post_send - start a message; takes the bytes of data, which may be NULL. */
pe_status pe_exchange_post_send(pe_exchange_post *post, int to, const pe_exchange_header *header, pe_buffer *data,
                                pe_error *err);
/* pe_exchange_post_test - free what was sent. */
pe_status pe_exchange_post_test(pe_exchange_post *post, pe_error *err);

/* pe_exchange_post_receive - *has: a message is complete, in header, data and from; then pe_exchange_post_listen. */
pe_status pe_exchange_post_receive(pe_exchange_post *post, bool *has, pe_error *err);
pe_status pe_exchange_post_listen(pe_exchange_post *post, pe_error *err);

#endif
