/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* context.h - what every stage of a run may use.
 *
 * Design: nothing of what one stage makes for another is in here; run.c passes that as arguments.
 */
#ifndef PE_CONTEXT_H
#define PE_CONTEXT_H

#include <stdatomic.h>

#include "comm/comm.h"
#include "run/options.h"

/* Constant during the run, except for *stop. */
typedef struct pe_run_context {
    const pe_run_options *options;
    pe_comm *comm;
    bool is_root;      /* this is rank 0 */
    atomic_bool *stop; /* the pool sets it when nothing more is to be computed; kernels with processes read it */
} pe_run_context;

/* pe_run_agree - the end of every stage: afterwards all ranks hold the same error, or none. Collective. */
static inline pe_status pe_run_agree(const pe_run_context *run, pe_error *err)
{
    return pe_comm_agree(run->comm, err);
}

#endif
