/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* lost.h - a rank of which nothing is heard any more ends the job, with one message.
 *
 * "pengine: rank 2 on host n3: nothing heard for 15 s: ...", exit code 74. Files that are not complete are removed.
 */
#ifndef PE_LOST_H
#define PE_LOST_H

#include "comm/heartbeat.h"

/* pe_lost_watch - pe_pulse_begin with our limits, and with an end of the job as `lost`. Every rank calls it. */
pe_status pe_lost_watch(pe_comm *comm, pe_pulse **out, pe_error *err);

#endif
