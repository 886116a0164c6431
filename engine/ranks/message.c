/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* message.c - messages under way, each with the data that follows it.
 *
 * Design: a non-blocking send needs its bytes to stay, so a message holds the header itself and names the task whose
 *         payload or result follows. Letters are few (a window's worth) and short-lived.
 * Threads: the main thread only.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "threads/rank_pool_internal.h"

pe_status pe_message_post(pe_rank_pool *pool, pe_message **list, int to, const pe_message_header *header, pe_tag tag,
                          const void *data, size_t bytes, pe_task *task, pe_error *err)
{
    pe_comm *comm = pool->spec->comm;
    pe_message *message = NULL;
    pe_status status = pe_make_array(&message, 1, sizeof *message, err);
    if (status != PE_OK)
        return status;
    message->task = task;
    message->next = *list;
    *list = message;
    if (header != NULL) {
        const pe_tag header_tag = to == 0 ? PE_TAG_TO_ROOT : PE_TAG_TO_MEMBER;
        message->header = *header;
        status = pe_comm_send(comm, to, header_tag, &message->header, sizeof message->header, &message->header_op, err);
    }
    if (status == PE_OK && bytes > 0)
        status = pe_comm_send(comm, to, tag, data, bytes, &message->data_op, err);
    return status;
}

static pe_status test(pe_comm *comm, pe_comm_op **op, bool *done, pe_error *err)
{
    *done = true;
    return *op == NULL ? PE_OK : pe_comm_test(comm, op, done, NULL, err);
}

int pe_message_sweep(pe_rank_pool *pool, pe_message **list, void (*left)(pe_rank_pool *pool, pe_task *task),
                     pe_error *err)
{
    pe_comm *comm = pool->spec->comm;
    int swept = 0;
    for (pe_message **at = list; *at != NULL;) {
        pe_message *message = *at;
        bool header_left = false, data_left = false;
        if (test(comm, &message->header_op, &header_left, err) != PE_OK ||
            test(comm, &message->data_op, &data_left, err) != PE_OK)
            return swept;
        if (!header_left || !data_left) {
            at = &message->next;
            continue;
        }
        *at = message->next;
        if (message->task != NULL && left != NULL)
            left(pool, message->task);
        free(message);
        swept++;
    }
    return swept;
}
