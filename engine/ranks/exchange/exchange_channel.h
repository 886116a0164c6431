/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_channel.h - the messages of an exchange: a header, and the bytes that belong to it.
 *
 * Design:  one receive of a header from any rank is always posted; while the bytes of a message arrive, the next header waits.
 * Threads: the main thread.
 */
#ifndef PE_EXCHANGE_CHANNEL_H
#define PE_EXCHANGE_CHANNEL_H

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

typedef struct pe_exchange_channel {
    pe_comm *comm;
    pe_comm_op *header_op, *data_op; /* what is being received */
    pe_exchange_header header;       /* of the current message, */
    pe_buffer data;                  /* its bytes, */
    int from;                        /* its sender */
    pe_exchange_outgoing *sent;
} pe_exchange_channel;

pe_status pe_exchange_channel_open(pe_exchange_channel *channel, pe_comm *comm, pe_error *err);
/* pe_exchange_channel_close - no message is on its way. */
void pe_exchange_channel_close(pe_exchange_channel *channel);

/* pe_exchange_channel_send - start a message; takes the bytes of data, which may be NULL. */
pe_status pe_exchange_channel_send(pe_exchange_channel *channel, int to, const pe_exchange_header *header,
                                   pe_buffer *data, pe_error *err);
/* pe_exchange_channel_test - free what was sent. */
pe_status pe_exchange_channel_test(pe_exchange_channel *channel, pe_error *err);

/* pe_exchange_channel_receive - *has: a message is complete, in header, data and from; then pe_exchange_channel_listen. */
pe_status pe_exchange_channel_receive(pe_exchange_channel *channel, bool *has, pe_error *err);
pe_status pe_exchange_channel_listen(pe_exchange_channel *channel, pe_error *err);

#endif
