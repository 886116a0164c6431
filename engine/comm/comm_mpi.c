/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* comm_mpi.c - the backend on MPI, the only file that calls MPI: a shared module of its own (comm_module.h).
 *
 * Design: a communicator of our own with MPI_ERRORS_RETURN; every return code is checked and becomes a pe_error. MPI's
 *         counts are int, so messages are cut into pieces of 1 GiB; sender and receiver know the size and cut alike.
 * Threads: MPI_THREAD_SERIALIZED: the collectives on the main thread, messages on any; a lock around each call of MPI.
 *          On a communicator of the caller's all calls are made by threads that call pengine, so any level will do.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <mpi.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/lock.h"
#include "comm/comm_backend.h"
#include "comm/comm_module.h"

#define PIECE_BYTES ((size_t)1 << 30)
#define SLEEP_MAX_NS 1000000u

typedef struct mpi_comm {
    pe_comm base;
    MPI_Comm ranks;
    bool has_begun_mpi;    /* then it also ends it */
    pthread_mutex_t calls; /* held during each call of MPI, never while waiting */
} mpi_comm;

struct pe_comm_op {
    size_t count, done; /* requests[done .. count) are not complete */
    int from;
    MPI_Request requests[];
};

static MPI_Comm ranks_of(pe_comm *comm)
{
    return ((mpi_comm *)(void *)comm)->ranks;
}

static void begin_call(pe_comm *comm)
{
    (void)pthread_mutex_lock(&((mpi_comm *)(void *)comm)->calls);
}

static void end_call(pe_comm *comm)
{
    (void)pthread_mutex_unlock(&((mpi_comm *)(void *)comm)->calls);
}

static pe_status check(int code, const char *what, pe_error *err)
{
    if (code == MPI_SUCCESS)
        return PE_OK;
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    (void)MPI_Error_string(code, text, &length);
    return pe_fail(err, PE_EIO, "MPI: %s failed: %s", what, text);
}

/* Waits by testing and sleeping: a blocking MPI call would keep a core busy that another rank of a full node needs. */
static pe_status finish(pe_comm *comm, int code, MPI_Request *request, const char *what, pe_error *err)
{
    pe_status status = check(code, what, err);
    uint64_t backoff_ns = 0;
    int flag = 0;
    while (status == PE_OK && !flag) {
        begin_call(comm);
        status = check(MPI_Test(request, &flag, MPI_STATUS_IGNORE), what, err);
        end_call(comm);
        if (!flag && backoff_ns > 0)
            pe_sleep_ns(backoff_ns);
        backoff_ns = backoff_ns == 0 ? 1000 : backoff_ns < SLEEP_MAX_NS ? backoff_ns * 2 : SLEEP_MAX_NS;
    }
    return status;
}

static int piece_count(size_t size)
{
    return (int)(size < PIECE_BYTES ? size : PIECE_BYTES);
}

static void mpi_close(pe_comm *comm)
{
    MPI_Comm ranks = ranks_of(comm);
    int is_over = 0;
    (void)MPI_Finalized(&is_over); /* by a program that has finalized MPI before it closes its pool */
    if (!is_over)
        (void)MPI_Comm_free(&ranks);
    if (((mpi_comm *)(void *)comm)->has_begun_mpi)
        (void)MPI_Finalize();
    (void)pthread_mutex_destroy(&((mpi_comm *)(void *)comm)->calls);
    free(comm);
}

static pe_status mpi_bcast(pe_comm *comm, int root, void *data, size_t size, pe_error *err)
{
    unsigned char *at = data;
    pe_status status = PE_OK;
    while (size > 0 && status == PE_OK) {
        const int count = piece_count(size);
        MPI_Request request = MPI_REQUEST_NULL;
        begin_call(comm);
        const int code = MPI_Ibcast(at, count, MPI_BYTE, root, ranks_of(comm), &request);
        end_call(comm);
        status = finish(comm, code, &request, "a broadcast", err);
        at += count;
        size -= (size_t)count;
    }
    return status;
}

/* Numbers in the order of uint64_t as numbers in the order of int64_t, and back. */
static void flip_signs(uint64_t *values, int count)
{
    for (int i = 0; i < count; i++)
        values[i] ^= UINT64_C(1) << 63;
}

/* MPICH 4.0 compares unsigned integers as signed ones, so they are sent as those. */
static pe_status mpi_reduce(pe_comm *comm, bool is_max, uint64_t *values, int count, pe_error *err)
{
    MPI_Request request = MPI_REQUEST_NULL;
    flip_signs(values, count);
    begin_call(comm);
    const int code = MPI_Iallreduce(MPI_IN_PLACE, (int64_t *)values, count, MPI_INT64_T, is_max ? MPI_MAX : MPI_MIN,
                                    ranks_of(comm), &request);
    end_call(comm);
    const pe_status status = finish(comm, code, &request, "a reduction", err);
    flip_signs(values, count);
    return status;
}

static pe_status mpi_gather(pe_comm *comm, const void *mine, size_t size, void *all, pe_error *err)
{
    if (size > INT_MAX)
        return pe_fail(err, PE_EBUG, "a gather of %zu bytes per rank", size);
    MPI_Request request = MPI_REQUEST_NULL;
    begin_call(comm);
    const int code = MPI_Igather(mine, (int)size, MPI_BYTE, all, (int)size, MPI_BYTE, 0, ranks_of(comm), &request);
    end_call(comm);
    return finish(comm, code, &request, "a gather", err);
}

static pe_status mpi_start(pe_comm *comm, bool is_send, int peer, pe_tag tag, void *data, size_t size, pe_comm_op **out,
                           pe_error *err)
{
    const size_t pieces = size == 0 ? 1 : (size + PIECE_BYTES - 1) / PIECE_BYTES;
    pe_comm_op *op = malloc(sizeof *op + pieces * sizeof op->requests[0]);
    if (op == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory for a message of %zu bytes", size);
    *op = (pe_comm_op){.count = 0, .done = 0, .from = peer};
    const int source = peer == PE_ANY_RANK ? MPI_ANY_SOURCE : peer;
    unsigned char *at = data;
    pe_status status = PE_OK;
    begin_call(comm);
    for (size_t i = 0; i < pieces && status == PE_OK; i++) {
        const int count = piece_count(size);
        MPI_Request *request = &op->requests[i];
        status = is_send ? check(MPI_Isend(at, count, MPI_BYTE, peer, (int)tag, ranks_of(comm), request), "a send", err)
                         : check(MPI_Irecv(at, count, MPI_BYTE, source, (int)tag, ranks_of(comm), request), "a receive",
                                 err);
        op->count += status == PE_OK ? 1 : 0;
        at += count;
        size -= (size_t)count;
    }
    end_call(comm);
    *out = op;
    return status;
}

static pe_status test_pieces(pe_comm_op *op, bool *done, pe_error *err)
{
    while (op->done < op->count) {
        int flag = 0;
        MPI_Status state;
        const pe_status status = check(MPI_Test(&op->requests[op->done], &flag, &state), "a message", err);
        if (status != PE_OK || !flag)
            return status;
        op->from = op->from == PE_ANY_RANK ? state.MPI_SOURCE : op->from;
        op->done++;
    }
    *done = true;
    return PE_OK;
}

static pe_status mpi_test(pe_comm *comm, pe_comm_op **pending, bool *done, int *from, pe_error *err)
{
    pe_comm_op *op = *pending;
    *done = false;
    begin_call(comm);
    const pe_status status = test_pieces(op, done, err);
    end_call(comm);
    if (status != PE_OK || !*done)
        return status;
    if (from != NULL)
        *from = op->from;
    free(op);
    *pending = NULL;
    return PE_OK;
}

static void mpi_cancel(pe_comm *comm, pe_comm_op **pending)
{
    pe_comm_op *op = *pending;
    begin_call(comm);
    for (size_t i = op->done; i < op->count; i++) {
        (void)MPI_Cancel(&op->requests[i]);
        (void)MPI_Wait(&op->requests[i], MPI_STATUS_IGNORE);
    }
    end_call(comm);
    free(op);
    *pending = NULL;
}

static int count_node(mpi_comm *comm)
{
    MPI_Comm node = MPI_COMM_NULL;
    int code = MPI_Comm_split_type(comm->ranks, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node);
    if (code != MPI_SUCCESS)
        return code;
    code = MPI_Comm_size(node, &comm->base.node_size);
    (void)MPI_Comm_free(&node);
    return code;
}

static int get_ranks(mpi_comm *comm, MPI_Comm given)
{
    int code = MPI_Comm_dup(given, &comm->ranks);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_set_errhandler(comm->ranks, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_rank(comm->ranks, &comm->base.rank);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_size(comm->ranks, &comm->base.size);
    return code == MPI_SUCCESS ? count_node(comm) : code;
}

static pe_status make_comm(MPI_Comm given, bool has_begun_mpi, pe_comm **out, pe_error *err)
{
    static const pe_comm_backend backend = {
        .close = mpi_close,
        .bcast = mpi_bcast,
        .reduce = mpi_reduce,
        .gather = mpi_gather,
        .start = mpi_start,
        .test = mpi_test,
        .cancel = mpi_cancel,
    };
    mpi_comm *comm = NULL;
    pe_status status = pe_make_array(&comm, 1, sizeof *comm, err);
    if (status != PE_OK)
        return status;
    comm->base.backend = &backend;
    comm->ranks = MPI_COMM_NULL;
    comm->has_begun_mpi = has_begun_mpi;
    pe_lock_init(&comm->calls);
    status = check(get_ranks(comm, given), "joining the other ranks", err);
    if (status == PE_OK)
        *out = &comm->base;
    else
        free(comm);
    return status;
}

static pe_status open_world(pe_comm **out, pe_error *err)
{
    int provided = MPI_THREAD_SINGLE;
    pe_status status = check(MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided), "MPI_Init_thread", err);
    if (status != PE_OK)
        return status;
    if (provided < MPI_THREAD_SERIALIZED)
        status = pe_fail(err, PE_EBUG, "this MPI has no MPI_THREAD_SERIALIZED");
    if (status == PE_OK)
        status = make_comm(MPI_COMM_WORLD, true, out, err);
    if (status != PE_OK)
        (void)MPI_Finalize();
    return status;
}

/* MPI_COMM_NULL is said to be an error by MPI_Comm_dup, whose error handler may end the program. */
static pe_status open_given(const void *communicator, size_t size, pe_comm **out, pe_error *err)
{
    int is_begun = 0, is_over = 0;
    MPI_Comm given = MPI_COMM_NULL;
    if (size != sizeof given)
        return pe_fail(err, PE_EUSAGE,
                       "the program was compiled with another MPI: its communicators have %zu bytes, and "
                       "those of pengine's module %zu",
                       size, sizeof given);
    if (communicator != NULL)
        memcpy(&given, communicator, sizeof given);
    (void)MPI_Initialized(&is_begun);
    (void)MPI_Finalized(&is_over);
    if (!is_begun || is_over)
        return pe_fail(err, PE_EUSAGE, "a pool over MPI is opened between MPI_Init and MPI_Finalize");
    if (given == MPI_COMM_NULL)
        return pe_fail(err, PE_EUSAGE, "a pool over MPI needs a communicator, got MPI_COMM_NULL");
    return make_comm(given, false, out, err);
}

const pe_comm_module pe_comm_mpi_module = {
    .head = {PENGINE_VERSION, sizeof(pe_comm)}, .open_world = open_world, .open_given = open_given};
