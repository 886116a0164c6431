/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sim_mpi.c - messages of the simulated ranks.
 *
 * Design:  sim.h. The requests that a rank has started are kept in a list, so that a waiting rank can see whether one has ended. The
 *          engine learns it from its own test.
 * Threads: the main actor of each rank.
 */
#include "sim.h"

#include <simgrid/actor.h>
#include <simgrid/host.h>

#include "comm/comm_module.h"

#define NS_PER_S 1000000000
#ifndef MESSAGE_NS
#define MESSAGE_NS 500
#endif

typedef struct message {
    MPI_Request *request; /* the engine's */
    MPI_Status status;
    bool is_send, is_done; /* done: found by a backoff */
    struct message *next;
} message;

/* What one rank has started, and is sent. */
typedef struct inbox {
    message *started;
    uint64_t sent, taken; /* messages to this rank: by others, and those it was told the end of */
    sim_cond *notified;   /* woken by the next one that is sent to it */
} inbox;

static inbox *inboxes; /* by rank; never freed */

static inbox *mine(void)
{
    return sg_host_get_data(sg_host_self());
}

/* SimGrid promises no threads; ours are actors that do not call MPI. */
int sim_init_thread(int *argc, char ***argv, int required, int *provided)
{
    int rank = 0, ranks = 0;
    *provided = required;
    const int code = MPI_Init(argc, argv);
    if (code != MPI_SUCCESS)
        return code;
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    if (inboxes == NULL)
        inboxes = (calloc)((size_t)ranks, sizeof *inboxes);
    if (inboxes == NULL)
        return MPI_ERR_NO_MEM;
    sg_host_set_data(sg_host_self(), &inboxes[rank]);
    return MPI_SUCCESS;
}

/* ---- what is under way ---- */

static int keep(MPI_Request *request, bool is_send)
{
    inbox *self = mine();
    message *started = (malloc)(sizeof *started);
    if (started == NULL)
        return MPI_ERR_NO_MEM;
    *started = (message){.request = request, .is_send = is_send, .next = self->started};
    self->started = started;
    return MPI_SUCCESS;
}

static int test_message(inbox *self, message *at)
{
    int flag = 0;
    if (at->is_done)
        return MPI_SUCCESS;
    const int code = (MPI_Test)(at->request, &flag, &at->status);
    at->is_done = flag != 0;
    self->taken += at->is_done && !at->is_send ? 1 : 0;
    return code;
}

bool sim_inbox_has_new(void)
{
    inbox *self = mine();
    bool has_new = false;
    for (message *at = self->started; at != NULL; at = at->next)
        has_new |= test_message(self, at) != MPI_SUCCESS || at->is_done;
    return has_new;
}

bool sim_inbox_is_idle(void)
{
    const inbox *self = mine();
    for (const message *at = self->started; at != NULL; at = at->next)
        if (at->is_send)
            return false;
    return self->sent == self->taken;
}

void sim_inbox_notify(sim_cond *cond)
{
    mine()->notified = cond;
}

/* ---- MPI ---- */

static void spend_message_time(void)
{
    if (sim_is_root())
        sim_root.busy_ns += MESSAGE_NS;
    sg_actor_sleep_for((double)MESSAGE_NS / NS_PER_S);
}

static void tally(int bytes)
{
    sim_root.messages++;
    sim_root.bytes += (uint64_t)bytes;
}

int sim_isend(const void *data, int bytes, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request)
{
    inbox *other = &inboxes[to];
    spend_message_time();
    if (to == 0 || sim_is_root())
        tally(bytes);
    other->sent++;
    if (other->notified != NULL)
        sim_cond_wake(other->notified);
    other->notified = NULL;
    const int code = (MPI_Isend)(data, bytes, type, to, tag, comm, request);
    return code == MPI_SUCCESS ? keep(request, true) : code;
}

int sim_irecv(void *data, int bytes, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request)
{
    const int code = (MPI_Irecv)(data, bytes, type, from, tag, comm, request);
    spend_message_time(); /* afterwards: what was there already is found by the next test, as it should be */
    return code == MPI_SUCCESS ? keep(request, false) : code;
}

int sim_test(MPI_Request *request, int *flag, MPI_Status *status)
{
    inbox *self = mine();
    message **at = &self->started;
    while (*at != NULL && (*at)->request != request)
        at = &(*at)->next;
    *flag = *at == NULL; /* one of the collectives below */
    if (*flag)
        return MPI_SUCCESS;
    message *found = *at;
    const int code = test_message(self, found);
    *flag = found->is_done;
    if (!found->is_done)
        return code;
    if (status != MPI_STATUS_IGNORE)
        *status = found->status;
    *at = found->next;
    (free)(found);
    return code;
}

/* Every rank is alone on its host; to find that out would take a message from every rank to every rank. */
int sim_split_node(MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *node)
{
    (void)comm, (void)type, (void)key, (void)info;
    return MPI_Comm_dup(MPI_COMM_SELF, node);
}

int sim_ibcast(void *data, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request)
{
    *request = MPI_REQUEST_NULL;
    return MPI_Bcast(data, count, type, root, comm);
}

int sim_iallreduce(const void *data, void *all, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm,
                   MPI_Request *request)
{
    *request = MPI_REQUEST_NULL;
    return MPI_Allreduce(data, all, count, type, op, comm);
}

/* There is one program, without modules. */
pe_status pe_comm_module_open(const char *path, const pe_comm_module **out, pe_error *err)
{
    (void)path, (void)err;
    *out = &pe_comm_mpi_module;
    return PE_OK;
}
