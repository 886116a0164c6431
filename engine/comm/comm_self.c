/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm_self.c - the backend of a run with one rank, without MPI.
 *
 * Design: the collectives are the identity. There is no rank to send to, so starting a message is a PE_EBUG.
 * Threads: the main thread only.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "comm/comm_backend.h"

static void self_close(pe_comm *comm)
{
    free(comm);
}

static pe_status self_bcast(pe_comm *comm, int root, void *data, size_t size, pe_error *err)
{
    (void)comm, (void)root, (void)data, (void)size, (void)err;
    return PE_OK;
}

static pe_status self_reduce(pe_comm *comm, bool is_max, uint64_t *values, int count, pe_error *err)
{
    (void)comm, (void)is_max, (void)values, (void)count, (void)err;
    return PE_OK;
}

static pe_status self_gather(pe_comm *comm, const void *mine, size_t size, void *all, pe_error *err)
{
    (void)comm, (void)err;
    memcpy(all, mine, size);
    return PE_OK;
}

static pe_status self_start(pe_comm *comm, bool is_send, int peer, pe_tag tag, void *data, size_t size, pe_comm_op **op,
                            pe_error *err)
{
    (void)comm, (void)is_send, (void)data, (void)size, (void)op; /* there is no rank to send to */
    return pe_fail(err, PE_EBUG, "a message of tag %d to rank %d of a run with one rank", (int)tag, peer);
}

static pe_status self_test(pe_comm *comm, pe_comm_op **op, bool *done, int *from, pe_error *err)
{
    (void)comm, (void)op, (void)from, (void)err;
    *done = false;
    return PE_OK;
}

static void self_cancel(pe_comm *comm, pe_comm_op **op)
{
    (void)comm, (void)op;
    assert(*op == NULL);
}

pe_status pe_comm_self_open(pe_comm **out, pe_error *err)
{
    static const pe_comm_backend backend = {
        .close = self_close,
        .bcast = self_bcast,
        .reduce = self_reduce,
        .gather = self_gather,
        .start = self_start,
        .test = self_test,
        .cancel = self_cancel,
    };
    pe_comm *comm = NULL;
    const pe_status status = pe_make_array(&comm, 1, sizeof *comm, err);
    if (status != PE_OK)
        return status;
    *comm = (pe_comm){.backend = &backend, .rank = 0, .size = 1, .node_size = 1};
    *out = comm;
    return PE_OK;
}
