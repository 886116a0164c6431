/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* heartbeat.h - signs of life between rank 0 and the others, so that a run does not wait for ever for a rank that is gone.
 *
 * Design: MPI reports a process that dies, but neither a host that loses power nor a cable that is cut: there its calls
 *         wait for ever. So every rank says now and then that it is there, from a thread of its own: work that takes
 *         minutes, a slow disk or a compiler do not silence it. Who hears nothing for too long says so through `lost`.
 */
#ifndef PE_HEARTBEAT_H
#define PE_HEARTBEAT_H

#include "comm/comm.h"

#define PE_HEARTBEAT_HOST_ROOM 44

typedef struct pe_heartbeat pe_heartbeat;

/* Who fell silent. */
typedef struct pe_silence {
    int rank; /* the lowest of those that fell silent together */
    int more; /* how many others did */
    uint64_t silent_ns;
    char host[PE_HEARTBEAT_HOST_ROOM]; /* the rank's; empty when it never spoke; cut when longer */
} pe_silence;

typedef struct pe_heartbeat_spec {
    uint64_t beat_ns;  /* a sign of life is sent so often */
    uint64_t limit_ns; /* silence that is longer is the end; time in which this process stood still does not count */
    const char *host;  /* this rank's; borrowed during the call */
    /* Called once, by the heartbeat's thread; if it returns, this rank no longer listens. */
    void (*lost)(void *context, const pe_silence *who);
    void (*look)(void *context); /* called several times a beat by the same thread; NULL is fine */
    void *context;
} pe_heartbeat_spec;

/* pe_heartbeat_begin - rank 0 listens to all others, they listen to rank 0. Every rank calls it; nobody waits.
 *
 * Returns: PE_OK      *out is NULL where there is one rank only
 *          PE_ENOMEM  no memory or no thread: *out may be set all the same, so that the others hear that this rank leaves
 *          PE_EIO     as MPI reports it
 */
pe_status pe_heartbeat_begin(pe_comm *comm, const pe_heartbeat_spec *spec, pe_heartbeat **out, pe_error *err);

/* pe_heartbeat_end - wait until all whom this rank listens to have come here too, then stop. Before pe_comm_close, since a
 * rank that waits there is silent. NULL is fine. */
pe_status pe_heartbeat_end(pe_heartbeat *heartbeat, pe_error *err);

#endif
