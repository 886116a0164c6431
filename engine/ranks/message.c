/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* message.c - the outbox of a rank: pending non-blocking sends, each of a header and the data that follow it.
 *
 * Invariant: the bytes of a message stay valid and unchanged until the send is complete.
 * Design: a message holds a copy of the header, and the owner of the data (a payload or results), which is passed to
 *         on_sent when the data are sent. There are at most as many messages as slices in the window, so a list is
 *         enough.
 * Threads: the main thread only.
 */
#include "ranks/message.h"

#include <stdlib.h>

#include "base/alloc.h"

typedef struct pe_message {
    pe_message_header header;
    pe_comm_op *header_op, *data_op;
    void *owner; /* of the data; passed to on_sent */
    struct pe_message *next;
} pe_message;

pe_status pe_outbox_send(pe_outbox *outbox, int to, const pe_message_header *header, pe_message_data data,
                         pe_error *err)
{
    pe_comm *comm = outbox->comm;
    pe_message *message = NULL;
    pe_status status = pe_make_array(&message, 1, sizeof *message, err);
    if (status != PE_OK)
        return status;
    message->owner = data.owner;
    message->next = outbox->first;
    outbox->first = message;
    if (header != NULL) {
        const pe_tag tag = to == 0 ? PE_TAG_TO_ROOT : PE_TAG_TO_MEMBER;
        message->header = *header;
        status = pe_comm_send(comm, to, tag, &message->header, sizeof message->header, &message->header_op, err);
    }
    if (status == PE_OK && data.size > 0)
        status = pe_comm_send(comm, to, data.tag, data.bytes, data.size, &message->data_op, err);
    return status;
}

static pe_status test(pe_comm *comm, pe_comm_op **op, bool *is_sent, pe_error *err)
{
    *is_sent = true;
    return *op == NULL ? PE_OK : pe_comm_test(comm, op, is_sent, NULL, err);
}

pe_status pe_outbox_test(pe_outbox *outbox, bool *active, pe_error *err)
{
    for (pe_message **at = &outbox->first; *at != NULL;) {
        pe_message *message = *at;
        bool is_header_sent = false, is_data_sent = false;
        pe_status status = test(outbox->comm, &message->header_op, &is_header_sent, err);
        if (status == PE_OK)
            status = test(outbox->comm, &message->data_op, &is_data_sent, err);
        if (status != PE_OK)
            return status;
        if (!is_header_sent || !is_data_sent) {
            at = &message->next;
            continue;
        }
        *at = message->next;
        if (message->owner != NULL)
            outbox->on_sent(outbox->pool, message->owner);
        free(message);
        *active = true;
    }
    return PE_OK;
}
