/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lost_rank.h - ends the job with one message when the heartbeats of a rank stop.
 *
 * The message is "pengine: rank 2 on host n3: nothing heard for 15 s: ...", the exit code 74; incomplete files are
 * removed.
 */
#ifndef PE_LOST_RANK_H
#define PE_LOST_RANK_H

#include "comm/heartbeat.h"

/* pe_lost_rank_watch - call pe_heartbeat_begin with the engine's timeouts and with ending the job as `lost`. Every rank
 * calls it. */
pe_status pe_lost_rank_watch(pe_comm *comm, pe_heartbeat **out, pe_error *err);

#endif
