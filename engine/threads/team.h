/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* team.h - worker threads that stay between runs.
 */
#ifndef PE_TEAM_H
#define PE_TEAM_H

#include "threads/threads_omp.h"

typedef struct pe_team pe_team;

/* pe_team_open - start `workers` threads, which wait, and a manager thread, which calls manage(context).
 *
 * Does:    the threads block all signals. pe_team_close waits for manage to return.
 * Returns: PE_OK; PE_ENOMEM when the system gives no threads
 */
pe_status pe_team_open(int workers, void (*manage)(void *context), void *context, pe_team **out, pe_error *err);

/* pe_team_close - wait for the manager to return, and end all threads. No run is in progress. NULL is fine. */
void pe_team_close(pe_team *team);

/* pe_team_run - as pe_threads_run, but on threads that are there: spec->workers is their number. Any thread, also the
 * manager; one run at a time. */
void pe_team_run(pe_team *team, const pe_threads_spec *spec);

#endif
