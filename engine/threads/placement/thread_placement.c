/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* thread_placement.c - how many threads each rank starts, and a warning when they do not fit the cores.
 *
 * Design:   rank 0 gathers the cores and the wanted threads of all ranks. Ranks that may use the same cores divide
 *           them; without that, several unbound ranks of a node would each start one thread per core of the node.
 *           mpirun -n 2 binds each rank to one core. If more threads were asked for, they would share this core, so the
 *           rank warns and names the option of mpirun that helps.
 *           A container sees all cores of the node, but its control group may limit it to the processor time of fewer.
 *           The ranks in one control group divide that number.
 * Threads:  the main thread.
 */
#include "threads/placement/thread_placement.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/enum_names.h"
#include "comm/launcher.h"
#include "os/cores.h"
#include "threads/placement/omp_num_threads.h"

/* What a rank sends to rank 0: its cores and the threads that it asks for. */
typedef struct request {
    uint64_t cores_id, limit_id;
    int bound;   /* cores in the affinity mask */
    int limit;   /* cores by the control group; limit_id is 0 where it sets none */
    int threads; /* 0: its share of the cores */
} request;

/* The part of one rank of cores that some ranks divide: the first ranks get one more where it does not divide
 * evenly. */
static int part_of(int cores, int sharing, int before)
{
    return cores / sharing + (before < cores % sharing ? 1 : 0);
}

/* Rank 0: divides cores among the ranks that may use the same ones, and among those of one control group. */
static void divide_cores(const request *all, int *threads, int ranks)
{
    for (int rank = 0; rank < ranks; rank++) {
        int bound = 0, limited = 0, bound_before = 0, limited_before = 0;
        for (int other = 0; other < ranks; other++) {
            const bool is_bound = all[other].cores_id == all[rank].cores_id;
            const bool is_limited = all[other].limit_id == all[rank].limit_id;
            bound += is_bound ? 1 : 0;
            limited += is_limited ? 1 : 0;
            bound_before += is_bound && other < rank ? 1 : 0;
            limited_before += is_limited && other < rank ? 1 : 0;
        }
        const int by_bound = part_of(all[rank].bound, bound, bound_before);
        const int by_limit = all[rank].limit_id == 0 ? by_bound : part_of(all[rank].limit, limited, limited_before);
        const int share = by_bound < by_limit ? by_bound : by_limit;
        threads[rank] = all[rank].threads != 0 ? all[rank].threads : share > 0 ? share : 1;
    }
}

static void set_warning(const pe_comm *comm, bool is_asked, pe_thread_placement *placement)
{
    const int ranks = pe_comm_node_size(comm), cores = placement->bound, online = pe_cores_online();
    const int threads = placement->most_threads;
    placement->is_crowded = placement->threads > placement->cores || ranks * threads > online;
    const bool is_launched = pe_comm_size(comm) > 1 || pe_launcher_is_present();
    if (placement->cores < cores && placement->threads > placement->cores)
        (void)snprintf(placement->warning, sizeof placement->warning,
                       "each rank has %d threads, but the processor time of %d core%s (%.300s): they will take turns; "
                       "lower --threads",
                       threads, placement->cores, pe_plural((uint64_t)placement->cores), placement->limits.cores.path);
    else if (cores < online && placement->threads > cores)
        (void)snprintf(placement->warning, sizeof placement->warning,
                       "each rank has %d threads but is bound to %d core%s: start with mpirun --bind-to none, or "
                       "--map-by slot:PE=%d to give every rank its own cores",
                       threads, cores, pe_plural((uint64_t)cores), threads);
    else if (ranks * threads > online)
        (void)snprintf(placement->warning, sizeof placement->warning,
                       "%d rank%s x %d thread%s on a node with %d core%s: they will take turns; %s%s%s", ranks,
                       pe_plural((uint64_t)ranks), threads, pe_plural((uint64_t)threads), online,
                       pe_plural((uint64_t)online), threads > 1 ? "lower --threads" : "",
                       threads > 1 && ranks > 1 ? ", or " : "",
                       ranks > 1 ? "use mpirun --map-by ppr:N:node for fewer ranks per node" : "");
    else if (is_launched && !is_asked && cores < online && ranks * threads < online && placement->cores == cores)
        (void)snprintf(placement->warning, sizeof placement->warning,
                       "each rank is bound to %d core%s of %d: start with mpirun --bind-to none to use them all", cores,
                       pe_plural((uint64_t)cores), online);
}

static pe_status exchange(pe_comm *comm, const request *mine, request *all, int *threads,
                          pe_thread_placement *placement, pe_error *err)
{
    const size_t ranks = (size_t)pe_comm_size(comm);
    pe_status status = pe_comm_gather(comm, mine, sizeof *mine, all, err);
    if (status == PE_OK && pe_comm_rank(comm) == 0)
        divide_cores(all, threads, pe_comm_size(comm));
    if (status == PE_OK)
        status = pe_comm_bcast(comm, 0, threads, ranks * sizeof *threads, err);
    for (size_t rank = 0; rank < ranks && status == PE_OK; rank++) {
        placement->all_threads += threads[rank];
        placement->most_threads = threads[rank] > placement->most_threads ? threads[rank] : placement->most_threads;
        placement->threads = rank == (size_t)pe_comm_rank(comm) ? threads[rank] : placement->threads;
    }
    return status;
}

static pe_status gather(pe_comm *comm, request mine, pe_thread_placement *placement, pe_error *err)
{
    const size_t ranks = (size_t)pe_comm_size(comm);
    request *all = NULL;
    int *threads = NULL;
    pe_status status = pe_make_array(&all, ranks, sizeof *all, err);
    if (status == PE_OK)
        status = pe_make_array(&threads, ranks, sizeof *threads, err);
    if (pe_comm_agree(comm, err) == PE_OK && all != NULL && threads != NULL)
        status = exchange(comm, &mine, all, threads, placement, err);
    free(threads);
    free(all);
    return err->status != PE_OK ? err->status : status;
}

pe_status pe_thread_placement_make(pe_comm *comm, int wanted, pe_thread_placement *out, pe_error *err)
{
    pe_thread_placement placement = {.bound = pe_cores_bound()};
    pe_cgroup_read("", &placement.limits);
    const pe_cgroup_limit *const limit = &placement.limits.cores;
    placement.cores = pe_cores_count(limit);
    request mine = {.cores_id = pe_cores_id(),
                    .limit_id = limit->id,
                    .bound = placement.bound,
                    .limit = limit->value < INT_MAX ? (int)limit->value : INT_MAX,
                    .threads = wanted};
    if (wanted == 0)
        (void)pe_omp_num_threads(&mine.threads, err);
    pe_status status = pe_comm_agree(comm, err);
    if (status == PE_OK)
        status = gather(comm, mine, &placement, err);
    if (status == PE_OK)
        set_warning(comm, mine.threads != 0, &placement);
    *out = placement;
    return status;
}
