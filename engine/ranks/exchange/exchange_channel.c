/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_channel.c - the messages of an exchange: a header, and the bytes that belong to it.
 *
 * Threads: the main thread.
 * Not here: what the messages mean (exchange.c).
 */
#include "ranks/exchange/exchange_channel.h"

#include <stdlib.h>

#include "base/alloc.h"

struct pe_exchange_outgoing {
    pe_exchange_header header;
    pe_buffer data;
    pe_comm_op *ops[2];
    pe_exchange_outgoing *next;
};

static void free_outgoing(pe_exchange_outgoing *message)
{
    pe_buffer_fini(&message->data);
    free(message);
}

pe_status pe_exchange_channel_send(pe_exchange_channel *channel, int to, const pe_exchange_header *header,
                                   pe_buffer *data, pe_error *err)
{
    pe_exchange_outgoing *message = NULL;
    pe_status status = pe_make_array(&message, 1, sizeof *message, err);
    if (status != PE_OK)
        return status;
    message->header = *header;
    if (data != NULL) {
        message->data = *data;
        *data = (pe_buffer){.size = 0};
    }
    message->next = channel->sent;
    channel->sent = message;
    status = pe_comm_send(channel->comm, to, PE_TAG_EXCHANGE, &message->header, sizeof message->header,
                          &message->ops[0], err);
    if (status == PE_OK && message->data.size > 0)
        status = pe_comm_send(channel->comm, to, PE_TAG_EXCHANGE_DATA, message->data.data, message->data.size,
                              &message->ops[1], err);
    return status;
}

pe_status pe_exchange_channel_test(pe_exchange_channel *channel, pe_error *err)
{
    pe_status status = PE_OK;
    for (pe_exchange_outgoing **at = &channel->sent; *at != NULL && status == PE_OK;) {
        pe_exchange_outgoing *message = *at;
        bool done = true;
        for (int i = 0; i < 2 && done && status == PE_OK; i++)
            if (message->ops[i] != NULL)
                status = pe_comm_test(channel->comm, &message->ops[i], &done, NULL, err);
        if (status == PE_OK && done) {
            *at = message->next;
            free_outgoing(message);
        } else {
            at = &message->next;
        }
    }
    return status;
}

pe_status pe_exchange_channel_listen(pe_exchange_channel *channel, pe_error *err)
{
    return pe_comm_recv(channel->comm, PE_ANY_RANK, PE_TAG_EXCHANGE, &channel->header, sizeof channel->header,
                        &channel->header_op, err);
}

pe_status pe_exchange_channel_receive(pe_exchange_channel *channel, bool *has, pe_error *err)
{
    bool done = false;
    pe_status status = PE_OK;
    *has = false;
    if (channel->header_op != NULL) {
        status = pe_comm_test(channel->comm, &channel->header_op, &done, &channel->from, err);
        if (status != PE_OK || !done)
            return status;
        channel->data.size = 0;
        const size_t bytes = channel->header.bytes + channel->header.log_bytes;
        *has = bytes == 0;
        if (bytes == 0 || pe_buffer_reserve(&channel->data, bytes, err) != PE_OK)
            return err->status;
        channel->data.size = bytes;
        return pe_comm_recv(channel->comm, channel->from, PE_TAG_EXCHANGE_DATA, channel->data.data, bytes,
                            &channel->data_op, err);
    }
    if (channel->data_op != NULL)
        status = pe_comm_test(channel->comm, &channel->data_op, has, NULL, err);
    return status;
}

pe_status pe_exchange_channel_open(pe_exchange_channel *channel, pe_comm *comm, pe_error *err)
{
    *channel = (pe_exchange_channel){.comm = comm};
    return pe_exchange_channel_listen(channel, err);
}

void pe_exchange_channel_close(pe_exchange_channel *channel)
{
    pe_comm_cancel(channel->comm, &channel->header_op);
    pe_buffer_fini(&channel->data);
    while (channel->sent != NULL) {
        pe_exchange_outgoing *message = channel->sent;
        channel->sent = message->next;
        free_outgoing(message);
    }
}
