/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lost_rank.h - a rank of which nothing is heard any more ends the job, with one message.
 *
 * "pengine: rank 2 on host n3: nothing heard for 15 s: ...", exit code 74. Files that are not complete are removed.
 */
#ifndef PE_LOST_RANK_H
#define PE_LOST_RANK_H

#include "comm/heartbeat.h"

/* pe_lost_rank_watch - pe_heartbeat_begin with our limits, and with an end of the job as `lost`. Every rank calls it. */
pe_status pe_lost_rank_watch(pe_comm *comm, pe_heartbeat **out, pe_error *err);

#endif
