/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* launcher.h - whether mpirun or srun started this process, and its rank, before MPI is initialised.
 */
#ifndef PE_LAUNCHER_H
#define PE_LAUNCHER_H

#include <stdbool.h>

/* pe_launcher_rank - this process's rank as the launcher numbers it; -1 without a launcher. */
int pe_launcher_rank(void);
/* pe_launcher_is_present - whether a launcher started this process. */
bool pe_launcher_is_present(void);

#endif
