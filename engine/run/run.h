/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* run.h - one job from the command line's wish to an exit code.
 */
#ifndef PE_RUN_H
#define PE_RUN_H

#include "run/options.h"

/* pe_run - do what the options ask, on every rank of the run. Collective under a launcher.
 *
 * Owns:    starts and ends MPI when a launcher is there, so a process calls it once.
 * Returns: the exit code of the contract, the same on every rank; rank 0 has said on stderr what went wrong
 */
int pe_run(const pe_run_options *options);

#endif
