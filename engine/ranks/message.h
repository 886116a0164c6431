/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* message.h - the protocol between rank 0 and the members while a plan runs, and the outbox of pending sends.
 *
 * Design: a message is a header of fixed size; the data that belong to it follow as bytes under another tag. All ranks
 *         have the same architecture, so a header is sent as its bytes in memory.
 */
#ifndef PE_MESSAGE_H
#define PE_MESSAGE_H

#include "comm/comm.h"
#include "threads/pool/rank_pool.h"

typedef enum pe_message_kind {
    /* To a member: */
    PE_MESSAGE_SLICE, /* compute this slice; its payload follows under PE_TAG_PAYLOAD when bytes > 0 */
    PE_MESSAGE_PULL,  /* send the announced results that begin with block.first, under PE_TAG_RESULT */
    PE_MESSAGE_STOP,  /* the run ends early: compute nothing more, announce what is done, and send STOPPED */
    PE_MESSAGE_END,   /* the run has ended or stops: complete the pending messages and send DONE */
    PE_MESSAGE_SYNC,  /* make durable what was written, and send SYNCED */
    /* To rank 0: */
    PE_MESSAGE_SYNCED, /* that is done; a state of `bytes` bytes follows under PE_TAG_STATE */
    PE_MESSAGE_RESULT, /* announces results of the slice, all of them or a part */
    PE_MESSAGE_FAILED, /* an error ends the run; block.first: the failed item, or PE_NO_ITEM; pe_comm_agree brings its text */
    PE_MESSAGE_FULL,    /* workers of this member wait until results are pulled */
    PE_MESSAGE_STOPPED, /* all that is done was announced */
    PE_MESSAGE_DONE     /* the last header of this member */
} pe_message_kind;

typedef struct pe_message_header {
    uint32_t kind;
    uint32_t ends_slice;  /* RESULT: these are the last results of the slice */
    uint64_t slice;       /* number of the slice */
    pe_block block;       /* RESULT: the items that the results belong to */
    uint64_t slice_items; /* RESULT that ends a slice: items of the slice, or up to the item that ended the run */
    uint64_t left_ns;     /* SLICE: until the run ends, or UINT64_MAX */
    uint64_t bytes;       /* size of the data: the payload, or rows and then the log */
    uint64_t log_bytes;   /* RESULT: size of the log within the data */
    uint64_t rows;        /* RESULT */
    uint64_t placed;      /* RESULT: bytes of rows that the member has written to the output file directly */
    uint64_t work_ns;
} pe_message_header;

/* The pending sends of one rank. */
typedef struct pe_outbox {
    pe_comm *comm;
    pe_rank_pool *pool;
    void (*on_sent)(pe_rank_pool *pool, void *owner); /* called when the data are sent */
    struct pe_message *first;
} pe_outbox;

/* The data after a header, or data without a header. All zero: no data. */
typedef struct pe_message_data {
    pe_tag tag;
    const void *bytes; /* must not change before on_sent(owner) */
    size_t size;
    void *owner; /* NULL for none */
} pe_message_data;

/* pe_outbox_send - start to send a header (NULL: none), then the data. Main thread. */
pe_status pe_outbox_send(pe_outbox *outbox, int to, const pe_message_header *header, pe_message_data data,
                         pe_error *err);
/* pe_outbox_test - remove the messages that are sent; *active is set when there was one. Main thread. */
pe_status pe_outbox_test(pe_outbox *outbox, bool *active, pe_error *err);

#endif
