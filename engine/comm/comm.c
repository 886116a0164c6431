/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm.c - communication between ranks, independent of the backend.
 *
 * Design: whatever can be built from the backend's few primitives is here, so both backends stay small.
 * Threads: as in comm.h.
 * Not here: MPI (comm_mpi.c).
 */
#include "comm/comm.h"

#include "base/clock.h"
#include "comm/comm_backend.h"
#include "comm/comm_module.h"

#define SLEEP_MOST_NS 1000000u

pe_status pe_comm_open(bool has_launcher, pe_comm **out, pe_error *err)
{
    const pe_comm_module *module = NULL;
    if (!has_launcher)
        return pe_comm_self_open(out, err);
    const pe_status status = pe_comm_module_open(NULL, &module, err);
    return status == PE_OK ? module->open_world(out, err) : status;
}

pe_status pe_comm_open_given(const void *communicator, size_t size, const char *path, pe_comm **out, pe_error *err)
{
    const pe_comm_module *module = NULL;
    const pe_status status = pe_comm_module_open(path, &module, err);
    return status == PE_OK ? module->open_given(communicator, size, out, err) : status;
}

void pe_comm_close(pe_comm *comm)
{
    if (comm != NULL)
        comm->backend->close(comm);
}

int pe_comm_rank(const pe_comm *comm)
{
    return comm->rank;
}

int pe_comm_size(const pe_comm *comm)
{
    return comm->size;
}

int pe_comm_node_size(const pe_comm *comm)
{
    return comm->node_size;
}

pe_status pe_comm_bcast(pe_comm *comm, int root, void *data, size_t size, pe_error *err)
{
    return comm->backend->bcast(comm, root, data, size, err);
}

pe_status pe_comm_bcast_buffer(pe_comm *comm, pe_buffer *buffer, pe_error *err)
{
    uint64_t size = buffer->size;
    pe_error local = PE_ERROR_INIT;

    pe_status status = comm->backend->bcast(comm, 0, &size, sizeof size, err);
    if (status != PE_OK)
        return status;
    if (comm->rank != 0) {
        buffer->size = 0;
        (void)pe_buffer_reserve(buffer, size, &local);
    }
    status =
        pe_comm_agree(comm, &local); /* a rank without memory must not skip the broadcast while others wait in it */
    if (status != PE_OK) {
        pe_error_merge(err, &local);
        return status;
    }
    if (size > 0)
        status = comm->backend->bcast(comm, 0, buffer->data, size, err);
    buffer->size = size;
    return status;
}

pe_status pe_comm_min(pe_comm *comm, uint64_t *values, int count, pe_error *err)
{
    return comm->backend->reduce(comm, false, values, count, err);
}

pe_status pe_comm_max(pe_comm *comm, uint64_t *values, int count, pe_error *err)
{
    return comm->backend->reduce(comm, true, values, count, err);
}

pe_status pe_comm_gather(pe_comm *comm, const void *mine, size_t size, void *all, pe_error *err)
{
    return comm->backend->gather(comm, mine, size, all, err);
}

/* Waits for a message. Sleeps between tests, up to 1 ms, so that the core is free. */
static pe_status wait_for(pe_comm *comm, pe_comm_op **op, pe_error *err)
{
    bool done = false;
    pe_status status = pe_comm_test(comm, op, &done, NULL, err);
    for (uint64_t backoff_ns = 1000; status == PE_OK && !done;
         backoff_ns = backoff_ns < SLEEP_MOST_NS ? backoff_ns * 2 : backoff_ns) {
        pe_sleep_ns(backoff_ns);
        status = pe_comm_test(comm, op, &done, NULL, err);
    }
    return status;
}

pe_status pe_comm_merge(pe_comm *comm, void *mine, void *other, size_t size, void (*merge)(void *context, void *other),
                        void *context, pe_error *err)
{
    pe_comm_op *op = NULL;
    pe_status status = PE_OK;
    int step = 1; /* the ranks that take part in the next round are multiples of 2 * step */
    for (; step < comm->size && comm->rank % (2 * step) == 0 && status == PE_OK; step *= 2) {
        if (comm->rank + step >= comm->size)
            continue;
        status = pe_comm_recv(comm, comm->rank + step, PE_TAG_MERGE, other, size, &op, err);
        if (status == PE_OK)
            status = wait_for(comm, &op, err);
        if (status == PE_OK)
            merge(context, other);
    }
    if (comm->rank == 0 || status != PE_OK)
        return status;
    status = pe_comm_send(comm, comm->rank - step, PE_TAG_MERGE, mine, size, &op, err);
    return status == PE_OK ? wait_for(comm, &op, err) : status;
}

pe_status pe_comm_send_to_root(pe_comm *comm, const pe_buffer *message, pe_error *err)
{
    pe_comm_op *op = NULL;
    const pe_status status = pe_comm_send(comm, 0, PE_TAG_RECORD, message->data, message->size, &op, err);
    return status == PE_OK ? wait_for(comm, &op, err) : status;
}

pe_status pe_comm_receive_from(pe_comm *comm, int from, size_t size, pe_buffer *message, pe_error *err)
{
    pe_comm_op *op = NULL;
    pe_status status = pe_buffer_reserve(message, size, err);
    if (status == PE_OK)
        status = pe_comm_recv(comm, from, PE_TAG_RECORD, message->data + message->size, size, &op, err);
    if (status == PE_OK)
        status = wait_for(comm, &op, err);
    message->size += status == PE_OK ? size : 0;
    return status;
}

/* The order of errors in pe_comm_agree: by item, then errors without an item, then no error. */
static uint64_t error_order(const pe_error *err)
{
    if (err->status == PE_OK)
        return UINT64_MAX;
    return err->item < UINT64_MAX - 1 ? err->item : UINT64_MAX - 1;
}

pe_status pe_comm_agree(pe_comm *comm, pe_error *err)
{
    if (comm->size == 1)
        return err->status;
    pe_error broken = PE_ERROR_INIT; /* kept apart: a failing collective must not hide the error to agree on */
    const uint64_t mine = error_order(err);
    uint64_t least = mine;
    pe_status status = comm->backend->reduce(comm, false, &least, 1, &broken);
    if (status == PE_OK && least == UINT64_MAX)
        return PE_OK;
    uint64_t source = mine == least ? (uint64_t)comm->rank : UINT64_MAX;
    if (status == PE_OK)
        status = comm->backend->reduce(comm, false, &source, 1, &broken);
    if (status == PE_OK)
        status = comm->backend->bcast(comm, (int)source, err, sizeof *err, &broken);
    if (status != PE_OK)
        pe_error_merge(err, &broken);
    return err->status;
}

pe_status pe_comm_send(pe_comm *comm, int to, pe_tag tag, const void *data, size_t size, pe_comm_op **op, pe_error *err)
{
    /* The backend does not write through a send; MPI's own signature takes const there. */
    union {
        const void *in;
        void *out;
    } bytes = {.in = data};
    return comm->backend->start(comm, true, to, tag, bytes.out, size, op, err);
}

pe_status pe_comm_recv(pe_comm *comm, int from, pe_tag tag, void *data, size_t size, pe_comm_op **op, pe_error *err)
{
    return comm->backend->start(comm, false, from, tag, data, size, op, err);
}

pe_status pe_comm_test(pe_comm *comm, pe_comm_op **op, bool *done, int *from, pe_error *err)
{
    return comm->backend->test(comm, op, done, from, err);
}

void pe_comm_cancel(pe_comm *comm, pe_comm_op **op)
{
    if (*op != NULL)
        comm->backend->cancel(comm, op);
}
