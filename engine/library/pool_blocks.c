/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_blocks.c - a call whose items lie on all ranks, a block on each.
 *
 * Design:  ranks/exchange/exchange.h has the balance between ranks; items are numbered over all of them, so that a kernel, an
 *          error and a random number do not depend on who computes an item.
 * Threads: the thread that calls.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "library/pool_internal.h"
#include "plan/plan.h"
#include "ranks/exchange/exchange.h"

#define GIVE_BYTES ((size_t)1 << 20) /* of arguments and results in one message: the best bandwidth of a node */

/* offsets[r] is the first item of rank r, offsets[ranks] the number of all. */
static pe_status make_offsets(pe_pool_task *task, uint64_t **out, pe_error *err)
{
    pe_comm *comm = task->kernel->pool->comm;
    const size_t ranks = (size_t)pe_comm_size(comm);
    uint64_t *offsets = NULL;
    (void)pe_make_array(&offsets, ranks + 1, sizeof *offsets, err);
    *out = offsets;
    if (pe_comm_agree(comm, err) != PE_OK)
        return err->status;
    (void)pe_comm_gather(comm, &task->call.count, sizeof task->call.count, offsets + 1, err);
    if (err->status == PE_OK)
        (void)pe_comm_bcast(comm, 0, offsets + 1, ranks * sizeof *offsets, err);
    for (size_t r = 0; r < ranks; r++) {
        if (offsets[r + 1] > UINT64_MAX / 2 - offsets[r])
            return pe_fail(err, PE_EUSAGE, "more than 2^63 items on all ranks together");
        offsets[r + 1] += offsets[r];
    }
    return pe_comm_agree(comm, err);
}

static pe_status deliver(void *context, const pe_chunk_result *out, pe_error *err)
{
    return pe_pool_deliver(context, out, err);
}

static void run_offsets(pe_pool_task *task, const uint64_t *offsets)
{
    pe_pool_kernel *kernel = task->kernel;
    pe_pool *pool = kernel->pool;
    const int rank = pe_comm_rank(pool->comm), ranks = pe_comm_size(pool->comm);
    const uint64_t all = offsets[ranks];
    const size_t bytes = pe_column_block_item_bytes(pe_pool_column_types(kernel)) +
                         pe_column_block_item_bytes(pe_pool_result_types(kernel)) + 1;
    pe_plan plan;
    task->origin = offsets[rank];
    (void)pe_pool_plan(task, all / (uint64_t)ranks + 1, 1, &plan, &task->err);
    if (pe_comm_agree(pool->comm, &task->err) != PE_OK || all == 0)
        return;
    const pe_column_work work = pe_pool_work(task, &plan, 0);
    const pe_exchange_spec spec = {.pool = {.plan = &plan,
                                            .threads = pool->threads,
                                            .team = pool->team,
                                            .worker = &pe_column_worker,
                                            .work_spec = &work,
                                            .stop = &kernel->stop},
                                   .comm = pool->comm,
                                   .offsets = offsets,
                                   .give_items = bytes < GIVE_BYTES ? GIVE_BYTES / bytes : 1,
                                   .context = task,
                                   .pack = pe_pool_pack,
                                   .take = deliver};
    (void)pe_exchange_run(&spec, &task->err);
    (void)pe_comm_agree(pool->comm, &task->err);
}

void pe_pool_run_blocks(pe_pool_task *task)
{
    uint64_t *offsets = NULL;
    if (make_offsets(task, &offsets, &task->err) == PE_OK)
        run_offsets(task, offsets);
    free(offsets);
}
