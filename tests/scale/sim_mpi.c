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
#ifndef TOLL_NS
#define TOLL_NS 500
#endif

typedef struct message {
    MPI_Request *request; /* the engine's */
    MPI_Status status;
    bool is_send, is_done; /* done: found by a backoff */
    struct message *next;
} message;

typedef struct mail {
    message *started;
    uint64_t sent, taken; /* messages to this rank: by others, and those it was told the end of */
    sim_cond *called;     /* woken by the next one that is sent to it */
} mail;

static mail *mails; /* by rank; never freed */

static mail *mine(void)
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
    if (mails == NULL)
        mails = (calloc)((size_t)ranks, sizeof *mails);
    if (mails == NULL)
        return MPI_ERR_NO_MEM;
    sg_host_set_data(sg_host_self(), &mails[rank]);
    return MPI_SUCCESS;
}

/* ---- what is under way ---- */

static int keep(MPI_Request *request, bool is_send)
{
    mail *self = mine();
    message *started = (malloc)(sizeof *started);
    if (started == NULL)
        return MPI_ERR_NO_MEM;
    *started = (message){.request = request, .is_send = is_send, .next = self->started};
    self->started = started;
    return MPI_SUCCESS;
}

static int look(mail *self, message *at)
{
    int flag = 0;
    if (at->is_done)
        return MPI_SUCCESS;
    const int code = (MPI_Test)(at->request, &flag, &at->status);
    at->is_done = flag != 0;
    self->taken += at->is_done && !at->is_send ? 1 : 0;
    return code;
}

bool sim_mail_has_news(void)
{
    mail *self = mine();
    bool has_news = false;
    for (message *at = self->started; at != NULL; at = at->next)
        has_news |= look(self, at) != MPI_SUCCESS || at->is_done;
    return has_news;
}

bool sim_mail_is_quiet(void)
{
    const mail *self = mine();
    for (const message *at = self->started; at != NULL; at = at->next)
        if (at->is_send)
            return false;
    return self->sent == self->taken;
}

void sim_mail_call(sim_cond *cond)
{
    mine()->called = cond;
}

/* ---- MPI ---- */

static void pay(void)
{
    if (sim_is_root())
        sim_root.busy_ns += TOLL_NS;
    sg_actor_sleep_for((double)TOLL_NS / NS_PER_S);
}

static void tally(int bytes)
{
    sim_root.messages++;
    sim_root.bytes += (uint64_t)bytes;
}

int sim_isend(const void *data, int bytes, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request)
{
    mail *other = &mails[to];
    pay();
    if (to == 0 || sim_is_root())
        tally(bytes);
    other->sent++;
    if (other->called != NULL)
        sim_cond_wake(other->called);
    other->called = NULL;
    const int code = (MPI_Isend)(data, bytes, type, to, tag, comm, request);
    return code == MPI_SUCCESS ? keep(request, true) : code;
}

int sim_irecv(void *data, int bytes, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request)
{
    const int code = (MPI_Irecv)(data, bytes, type, from, tag, comm, request);
    pay(); /* afterwards: what was there already is found by the next test, as it should be */
    return code == MPI_SUCCESS ? keep(request, false) : code;
}

int sim_test(MPI_Request *request, int *flag, MPI_Status *status)
{
    mail *self = mine();
    message **at = &self->started;
    while (*at != NULL && (*at)->request != request)
        at = &(*at)->next;
    *flag = *at == NULL; /* one of the collectives below */
    if (*flag)
        return MPI_SUCCESS;
    message *found = *at;
    const int code = look(self, found);
    *flag = found->is_done;
    if (!found->is_done)
        return code;
    if (status != MPI_STATUS_IGNORE)
        *status = found->status;
    *at = found->next;
    (free)(found);
    return code;
}

/* Every rank is alone on its host; to find that out would take a message from everyone to everyone. */
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
