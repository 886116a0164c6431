/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* launcher.h - was this process started by mpirun or srun, told from the environment before MPI starts.
 */
#ifndef PE_LAUNCHER_H
#define PE_LAUNCHER_H

#include <stdbool.h>

/* pe_launcher_rank - this process's rank as the launcher numbers it, or -1 without a launcher. */
int pe_launcher_rank(void);
bool pe_launcher_is_present(void);

#endif
