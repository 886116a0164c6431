/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* launcher.c - this process's rank before MPI is initialised, from the launcher's environment variables.
 *
 * Design:   MPI_Init takes a third of a second, which --help or an invalid option should not cost; but only rank 0 may
 *           print. Each launcher sets one of the variables below. SLURM_PROCID is not among them, because a batch
 *           script has it too, outside of any srun.
 * Threads:  reads the environment; call it before anything changes that.
 * Not here: MPI itself (comm_mpi.c).
 */
#include "comm/launcher.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>

static int parse_rank(const char *text)
{
    char *end = NULL;
    if (text == NULL || *text < '0' || *text > '9')
        return -1;
    errno = 0;
    const long rank = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && rank <= INT_MAX ? (int)rank : -1;
}

int pe_launcher_rank(void)
{
    static const char *const names[] = {"OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const int rank = parse_rank(getenv(names[i]));
        if (rank >= 0)
            return rank;
    }
    return -1;
}

bool pe_launcher_is_present(void)
{
    return pe_launcher_rank() >= 0;
}
