/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* heartbeat.h - heartbeats between rank 0 and the other ranks, so that a run ends when a rank or its host is gone.
 *
 * Invariant: `lost` is called at most once per rank, and only for ranks whose last heartbeat is older than the timeout.
 * Design: MPI reports a process that dies, but not a host that loses power or a cut cable: its calls then wait for
 *         ever. Therefore every rank sends a heartbeat at a fixed interval, from a thread of its own: an item that
 *         takes minutes, a slow disk or a compiler do not delay it.
 */
#ifndef PE_HEARTBEAT_H
#define PE_HEARTBEAT_H

#include "comm/comm.h"

#define PE_HEARTBEAT_HOST_ROOM 44

typedef struct pe_heartbeat pe_heartbeat;

/* The ranks whose heartbeats stopped. */
typedef struct pe_silent_ranks {
    int rank; /* the lowest of those that became silent at the same time */
    int more; /* how many others became silent with it */
    uint64_t silent_ns;
    char host[PE_HEARTBEAT_HOST_ROOM]; /* of rank; empty when no heartbeat of it came; truncated */
} pe_silent_ranks;

typedef struct pe_heartbeat_spec {
    uint64_t interval_ns; /* between two heartbeats */
    uint64_t timeout_ns;  /* without a heartbeat, after which a rank is lost; pauses of this process do not count */
    const char *host;     /* this rank's; borrowed during the call */
    /* Called once, by the heartbeat's thread. When it returns, this rank neither sends nor receives heartbeats any more. */
    void (*lost)(void *context, const pe_silent_ranks *silent);
    void (*poll)(void *context); /* called by the same thread several times per interval; NULL is fine */
    void *context;
} pe_heartbeat_spec;

/* pe_heartbeat_begin - rank 0 watches all other ranks, and they watch rank 0. Every rank calls it; no call blocks.
 *
 * Returns: PE_OK      *out is NULL where there is one rank only
 *          PE_ENOMEM  no memory or no thread. *out may be set nevertheless: pe_heartbeat_end then sends the
 *                     last heartbeat
 *          PE_EIO     as MPI reports it
 */
pe_status pe_heartbeat_begin(pe_comm *comm, const pe_heartbeat_spec *spec, pe_heartbeat **out, pe_error *err);

/* pe_heartbeat_end - send the last heartbeat, wait for the last heartbeat of every rank that this one watches, then
 * stop.
 * Call: before pe_comm_close, because a rank that waits there sends no heartbeats. NULL is fine. */
pe_status pe_heartbeat_end(pe_heartbeat *heartbeat, pe_error *err);

#endif
