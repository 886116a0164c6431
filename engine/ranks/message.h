/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* message.h - what rank 0 and the members say to each other while a plan runs, and the messages that are being sent.
 *
 * Design: a header of fixed size says what happens; data follow it as bytes, under a tag of their own. The ranks have
 *         one architecture, so headers are sent as they lie in memory.
 */
#ifndef PE_MESSAGE_H
#define PE_MESSAGE_H

#include "comm/comm.h"
#include "threads/rank_pool.h"

typedef enum pe_message_kind {
    PE_MESSAGE_SLICE,  /* to a member: compute this slice; its payload follows under PE_TAG_PAYLOAD when bytes > 0 */
    PE_MESSAGE_PULL,   /* to a member: send the announced results of the slice, which have bytes, under PE_TAG_RESULT */
    PE_MESSAGE_END,    /* to a member: all is delivered, or the run stops: finish what is under way and say DONE */
    PE_MESSAGE_RESULT, /* to rank 0: results of this slice, all of it or the next part, which have so many bytes */
    PE_MESSAGE_FAILED, /* to rank 0: the run ends; block.first is the failed item or PE_NO_ITEM; pe_comm_agree tells why */
    PE_MESSAGE_DONE    /* to rank 0: the last header of this member */
} pe_message_kind;

typedef struct pe_message_header {
    uint32_t kind;
    uint32_t ends_slice;  /* RESULT: there are no more results of the slice */
    uint64_t slice;       /* its number */
    pe_block block;       /* RESULT: which items of the slice these are */
    uint64_t slice_items; /* RESULT: items of the slice, or up to the item that ended the run */
    uint64_t bytes;       /* of what follows: the payload, or rows and then the log */
    uint64_t log_bytes;   /* RESULT: how many of them are the log */
    uint64_t rows;        /* RESULT */
    uint64_t placed;      /* RESULT: bytes of rows that the member wrote to the output itself */
    uint64_t work_ns;
} pe_message_header;

/* The messages that are being sent. */
typedef struct pe_outbox {
    pe_comm *comm;
    pe_rank_pool *pool;
    void (*on_sent)(pe_rank_pool *pool, void *owner); /* the data of this owner have left */
    struct pe_message *first;
} pe_outbox;

/* Data behind a header, or alone. Zero: none. */
typedef struct pe_message_data {
    pe_tag tag;
    const void *bytes; /* which stay as they are until on_sent(owner) */
    size_t size;
    void *owner; /* NULL for none */
} pe_message_data;

/* pe_outbox_send - begin to send a header (NULL: none), then the data. Main thread. */
pe_status pe_outbox_send(pe_outbox *outbox, int to, const pe_message_header *header, pe_message_data data,
                         pe_error *err);
/* pe_outbox_test - forget the messages that were sent; *active is set when there were any. Main thread. */
pe_status pe_outbox_test(pe_outbox *outbox, bool *active, pe_error *err);

#endif
