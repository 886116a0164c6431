/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* exchange_returns.c - results of other ranks' items, from the workers to the main thread, which sends them back.
 */
#include "ranks/exchange/exchange_returns.h"

#include <stdlib.h>

#include "base/alloc.h"

void pe_exchange_returns_init(pe_exchange_returns *returns)
{
    *returns = (pe_exchange_returns){.last = &returns->first};
    (void)pthread_mutex_init(&returns->mutex, NULL);
}

void pe_exchange_returns_fini(pe_exchange_returns *returns)
{
    while (returns->first != NULL) {
        pe_exchange_return *at = returns->first;
        returns->first = at->next;
        pe_buffer_fini(&at->data);
        free(at);
    }
    (void)pthread_mutex_destroy(&returns->mutex);
}

pe_status pe_exchange_returns_put(pe_exchange_returns *returns, int owner, const pe_chunk_result *out, pe_error *err)
{
    pe_exchange_return *made = NULL;
    pe_status status = pe_make_array(&made, 1, sizeof *made, err);
    if (status != PE_OK)
        return status;
    made->owner = owner;
    made->header = (pe_exchange_header){.kind = PE_EXCHANGE_RESULT,
                                        .first = out->first,
                                        .count = out->items,
                                        .bytes = out->bytes.size,
                                        .log_bytes = out->log.size};
    status = pe_buffer_append(&made->data, out->bytes.data, out->bytes.size, err);
    if (status == PE_OK)
        status = pe_buffer_append(&made->data, out->log.data, out->log.size, err);
    if (status != PE_OK) { /* without memory the run stops, which abandons the items */
        pe_buffer_fini(&made->data);
        free(made);
        return status;
    }
    (void)pthread_mutex_lock(&returns->mutex);
    *returns->last = made;
    returns->last = &made->next;
    (void)pthread_mutex_unlock(&returns->mutex);
    return PE_OK;
}

pe_exchange_return *pe_exchange_returns_take(pe_exchange_returns *returns)
{
    (void)pthread_mutex_lock(&returns->mutex);
    pe_exchange_return *all = returns->first;
    returns->first = NULL;
    returns->last = &returns->first;
    (void)pthread_mutex_unlock(&returns->mutex);
    return all;
}
