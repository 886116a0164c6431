/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_post.c - the messages of an exchange: a header, and the bytes that belong to it.
 *
 * Threads: the main thread.
 * Not here: what the messages mean (exchange.c).
 */
#include "ranks/exchange/exchange_post.h"

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

pe_status pe_exchange_post_send(pe_exchange_post *post, int to, const pe_exchange_header *header, pe_buffer *data,
                                pe_error *err)
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
    message->next = post->sent;
    post->sent = message;
    status =
        pe_comm_send(post->comm, to, PE_TAG_EXCHANGE, &message->header, sizeof message->header, &message->ops[0], err);
    if (status == PE_OK && message->data.size > 0)
        status = pe_comm_send(post->comm, to, PE_TAG_EXCHANGE_DATA, message->data.data, message->data.size,
                              &message->ops[1], err);
    return status;
}

pe_status pe_exchange_post_test(pe_exchange_post *post, pe_error *err)
{
    pe_status status = PE_OK;
    for (pe_exchange_outgoing **at = &post->sent; *at != NULL && status == PE_OK;) {
        pe_exchange_outgoing *message = *at;
        bool done = true;
        for (int i = 0; i < 2 && done && status == PE_OK; i++)
            if (message->ops[i] != NULL)
                status = pe_comm_test(post->comm, &message->ops[i], &done, NULL, err);
        if (status == PE_OK && done) {
            *at = message->next;
            free_outgoing(message);
        } else {
            at = &message->next;
        }
    }
    return status;
}

pe_status pe_exchange_post_listen(pe_exchange_post *post, pe_error *err)
{
    return pe_comm_recv(post->comm, PE_ANY_RANK, PE_TAG_EXCHANGE, &post->header, sizeof post->header, &post->header_op,
                        err);
}

pe_status pe_exchange_post_receive(pe_exchange_post *post, bool *has, pe_error *err)
{
    bool done = false;
    pe_status status = PE_OK;
    *has = false;
    if (post->header_op != NULL) {
        status = pe_comm_test(post->comm, &post->header_op, &done, &post->from, err);
        if (status != PE_OK || !done)
            return status;
        post->data.size = 0;
        const size_t bytes = post->header.bytes + post->header.log_bytes;
        *has = bytes == 0;
        if (bytes == 0 || pe_buffer_reserve(&post->data, bytes, err) != PE_OK)
            return err->status;
        post->data.size = bytes;
        return pe_comm_recv(post->comm, post->from, PE_TAG_EXCHANGE_DATA, post->data.data, bytes, &post->data_op, err);
    }
    if (post->data_op != NULL)
        status = pe_comm_test(post->comm, &post->data_op, has, NULL, err);
    return status;
}

pe_status pe_exchange_post_open(pe_exchange_post *post, pe_comm *comm, pe_error *err)
{
    *post = (pe_exchange_post){.comm = comm};
    return pe_exchange_post_listen(post, err);
}

void pe_exchange_post_close(pe_exchange_post *post)
{
    pe_comm_cancel(post->comm, &post->header_op);
    pe_buffer_fini(&post->data);
    while (post->sent != NULL) {
        pe_exchange_outgoing *message = post->sent;
        post->sent = message->next;
        free_outgoing(message);
    }
}
