/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* memory_limit.c - whether a plan fits into the memory that control groups leave to the ranks.
 *
 * Design:  the system kills a process beyond its limit without a message, often hours after the start. So a plan whose
 *          peak is larger is refused before the first item. Ranks in one group share its limit in equal parts, since
 *          the plan gives each the same peak. The message names a pool.memory that fits, where there is one.
 * Threads: the main thread.
 * Not here: the limits themselves (os/cgroup.c), the peak (plan/plan.c).
 */
#include "run/prepare/memory_limit.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "report/progress.h"

#define MIB ((size_t)1 << 20)

typedef struct entry {
    uint64_t id, bytes;
    int rank;
} entry;

typedef struct lowest {
    uint64_t rank_bytes; /* that each rank may take, where those of a group share its limit; UINT64_MAX: no limit */
    int sharing;         /* ranks in the group that leaves least */
    int rank;            /* one of them; it says what does not fit */
} lowest;

static int compare(const void *a, const void *b)
{
    const entry *const first = a, *const second = b;
    if (first->id != second->id)
        return first->id < second->id ? -1 : 1;
    return first->rank < second->rank ? -1 : 1;
}

/* Rank 0: entries of one group stand together once they are sorted. */
static void find_lowest(entry *all, size_t ranks, lowest *out)
{
    qsort(all, ranks, sizeof *all, compare);
    for (size_t begin = 0, end = 0; begin < ranks; begin = end) {
        while (end < ranks && all[end].id == all[begin].id)
            end++;
        const uint64_t share = all[begin].bytes == UINT64_MAX ? UINT64_MAX : all[begin].bytes / (end - begin);
        if (share < out->rank_bytes)
            *out = (lowest){.rank_bytes = share, .sharing = (int)(end - begin), .rank = all[begin].rank};
    }
}

/* The lowest limit of all ranks, the same on every rank. Collective. */
static pe_status agree(pe_comm *comm, const pe_cgroup_limit *mine, lowest *out, pe_error *err)
{
    const size_t ranks = (size_t)pe_comm_size(comm);
    const entry one = {.id = mine->id, .bytes = mine->value, .rank = pe_comm_rank(comm)};
    entry *all = NULL;
    *out = (lowest){.rank_bytes = UINT64_MAX};
    (void)pe_make_array(&all, pe_comm_rank(comm) == 0 ? ranks : 1, sizeof *all, err);
    if (pe_comm_agree(comm, err) == PE_OK && all != NULL) {
        (void)pe_comm_gather(comm, &one, sizeof one, all, err);
        if (err->status == PE_OK && pe_comm_rank(comm) == 0)
            find_lowest(all, ranks, out);
        (void)pe_comm_bcast(comm, 0, out, sizeof *out, err);
    }
    free(all);
    return pe_comm_agree(comm, err);
}

/* Halves pool.memory until the plan fits, in whole MiB; 0: no size fits. */
static size_t find_fitting(const pe_plan_request *request, uint64_t most)
{
    pe_plan_request smaller = *request;
    while ((smaller.memory_bytes = smaller.memory_bytes / 2 / MIB * MIB) > 0) {
        pe_plan plan;
        pe_error err = PE_ERROR_INIT; /* too small for any window: a smaller one is too */
        if (pe_plan_make(&smaller, &plan, &err) != PE_OK)
            return 0;
        if (plan.peak_bytes <= most)
            return smaller.memory_bytes;
    }
    return 0;
}

static pe_status refuse(const lowest *limit, const pe_cgroup_limit *mine, const pe_plan_request *request,
                        const pe_plan *plan, uint64_t process_bytes, const char *where, pe_error *err)
{
    char peak[32], processes[32], given[32], all[32], shared[64] = "", beside[64] = "", advice[96];
    const uint64_t left = limit->rank_bytes > process_bytes ? limit->rank_bytes - process_bytes : 0;
    const size_t fitting = find_fitting(request, left);
    if (limit->sharing > 1)
        (void)snprintf(shared, sizeof shared, " to %d ranks together", limit->sharing);
    if (process_bytes > 0)
        (void)snprintf(beside, sizeof beside, " and %s in worker processes", pe_print_bytes(processes, process_bytes));
    if (fitting > 0)
        (void)snprintf(advice, sizeof advice, "pool.memory = \"%zu MiB\" fits", fitting / MIB);
    else
        (void)snprintf(advice, sizeof advice, "no pool.memory fits: raise the limit%s",
                       plan->threads > 1    ? ", or lower --threads"
                       : limit->sharing > 1 ? ", or start fewer ranks"
                                            : "");
    return pe_fail(err, PE_ECONFIG,
                   "%.300s: pool.memory: the plan takes %s%s%s, with a pool.memory of %s, but %.300s allows %s%s: %s",
                   where, pe_print_bytes(peak, plan->peak_bytes), request->ranks > 1 ? " per rank" : "", beside,
                   pe_print_bytes(given, request->memory_bytes), mine->path, pe_print_bytes(all, mine->value), shared,
                   advice);
}

pe_status pe_memory_limit_check(pe_comm *comm, const pe_cgroup_limit *mine, const pe_plan_request *request,
                                const pe_plan *plan, uint64_t worker_bytes, const char *where, pe_error *err)
{
    lowest limit;
    uint64_t process_bytes = worker_bytes * (uint64_t)plan->threads;
    (void)pe_comm_max(comm, &process_bytes, 1, err);
    if (agree(comm, mine, &limit, err) != PE_OK)
        return err->status;
    const bool is_fitting =
        plan->peak_bytes <= limit.rank_bytes && process_bytes <= limit.rank_bytes - plan->peak_bytes;
    if (!is_fitting && pe_comm_rank(comm) == limit.rank)
        (void)refuse(&limit, mine, request, plan, process_bytes, where, err);
    return pe_comm_agree(comm, err);
}
