/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* launcher.c - the rank before MPI starts.
 *
 * Design:   starting MPI costs a third of a second, and --help or a wrong option must not pay it; still only rank 0
 *           may speak. Each launcher sets one of these variables. SLURM_PROCID is not among them: a batch script has
 *           it too, outside of any srun.
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
