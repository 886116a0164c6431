/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* scale.c - one simulated run of the engine's pool: the time it takes, and what rank 0 sends, takes and holds.
 *
 *     smpirun ... scale MODE ORDER SLICES WORK_NS BYTES
 *
 * Design: the pool, the plan and the folds are the engine's. Here a slice is one item, which sleeps for WORK_NS and has BYTES of results.
 *         MODE is one of
 *             gather  the results go to rank 0
 *             place   each rank writes its results itself, at DISK bytes a second
 *             reduce  the items' numbers are folded (sum, min, max) and the folds merged at the end; the sum is checked
 *         The printed line has, in this order: ranks; seconds of the pool, of pool and merge, of the merge; of rank 0 the peak of its
 *         memory in bytes, then its messages, their bytes and the seconds that they cost it, all before the merge; dispatches
 *         delivered; messages and bytes of the merge on rank 0.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "ranks/execute_plan.h"
#include "reduce/reduction.h"

#define DISK_BYTES_PER_S 1000000000u /* of one rank */

typedef struct job {
    bool is_gathered, is_placed, is_reduced;
    pe_order order;
    uint64_t slices_per_rank, work_ns, bytes;
    pe_plan plan;
    pe_reduction *total;                 /* reduce: this rank's */
    uint64_t items, dispatches, written; /* rank 0: what came to the sink */
} job;

typedef struct worker {
    const job *self;
    pe_reduction_part part;
} worker;

static pe_status open_worker(const void *work_spec, void **out, pe_error *err)
{
    worker *made = NULL;
    const job *self = work_spec;
    pe_status status = pe_make_array(&made, 1, sizeof *made, err);
    if (status != PE_OK)
        return status;
    made->self = self;
    *out = made;
    return self->is_reduced ? pe_reduction_open(self->total, &made->part, err) : PE_OK;
}

static void close_worker(void *opened)
{
    worker *made = opened;
    if (made != NULL)
        pe_reduction_close(made->self->total, &made->part);
    free(made);
}

static void fold_items(pe_fold *fold, pe_block chunk)
{
    for (uint64_t i = 0; i < chunk.count; i++) {
        const double value = (double)(chunk.first + i);
        const void *const column = &value;
        (void)pe_fold_add(fold, chunk.first + i, &column, 1);
    }
}

static pe_status run_worker(void *opened, pe_split_range *range, const pe_buffer *payload, pe_chunk_result *out,
                            const pe_chunk_flow *flow, pe_error *err)
{
    (void)payload, (void)flow;
    const worker *mine = opened;
    const job *self = mine->self;
    for (pe_block grain; pe_split_range_next(range, &grain); out->items += grain.count) {
        const uint64_t disk_ns = grain.count * self->bytes * 1000000000u / DISK_BYTES_PER_S;
        pe_sleep_ns(grain.count * self->work_ns + (self->is_placed ? disk_ns : 0));
        if (self->is_reduced)
            fold_items(mine->part.fold, grain);
    }
    out->rows = out->items;
    const uint64_t bytes = out->items * self->bytes;
    if (!self->is_gathered)
        return PE_OK;
    const pe_status status = pe_buffer_reserve(&out->bytes, bytes, err);
    out->bytes.size = status == PE_OK ? bytes : 0; /* what they are does not matter */
    return status;
}

static pe_status take(void *context, const pe_chunk_result *out, pe_error *err)
{
    (void)err;
    job *self = context;
    self->items += out->items;
    self->dispatches++;
    self->written += out->bytes.size;
    return PE_OK;
}

static pe_status tick(void *context, uint64_t items, pe_error *err)
{
    (void)context, (void)items, (void)err;
    return PE_OK;
}

static pe_status make_plan(job *self, int ranks, pe_error *err)
{
    const pe_plan_request request = {.items = (uint64_t)ranks * self->slices_per_rank,
                                     .ranks = ranks,
                                     .threads = 1,
                                     .schedule = PE_SCHEDULE_DYNAMIC,
                                     .order = self->order,
                                     .chunk_items = 1,
                                     .out_item_bytes = self->bytes};
    const pe_status status = pe_plan_make(&request, &self->plan, err);
    self->plan.chunk_items = 1; /* it would put some small items together, and give rank 0 less to do */
    self->plan.chunks_per_slice = 1;
    self->plan.slice_items = 1;
    self->plan.slices = self->plan.items;
    return status;
}

/* A column of float64, of which all is kept: the largest cell of a fold. */
static pe_status make_total(job *self, pe_error *err)
{
    static const pe_type real = {.dtype = PE_FLOAT64};
    const pe_fold_spec spec = {.results = &real, .result_count = 1, .has_sums = true, .has_bounds = true};
    return pe_reduction_make(&spec, &self->total, err);
}

static pe_status check_results(job *self, pe_error *err)
{
    const pe_job what = {.ops = {PE_REDUCE_SUM}, .op_count = 1, .output = {.where = "scale"}};
    const unsigned long long items = self->plan.items;
    char wanted[64];
    pe_buffer line = {0};
    if (self->items != items)
        return pe_fail(err, PE_EBUG, "%llu of %llu items", (unsigned long long)self->items, items);
    if (self->written != (self->is_gathered ? items * self->bytes : 0))
        return pe_fail(err, PE_EBUG, "%llu bytes of %llu items", (unsigned long long)self->written, items);
    if (!self->is_reduced)
        return PE_OK;
    (void)snprintf(wanted, sizeof wanted, "sum\t%llu.0\n", items * (items - 1) / 2);
    pe_status status = pe_reduction_print(self->total, &what, NULL, NULL, PE_FORMAT_TXT, &line, err);
    if (status == PE_OK && (line.size != strlen(wanted) || memcmp(line.data, wanted, line.size) != 0))
        status = pe_fail(err, PE_EBUG, "'%.*s', not '%s'", (int)line.size, (const char *)line.data, wanted);
    pe_buffer_fini(&line);
    return status;
}

static const pe_worker_vtable vtable = {.open = open_worker, .run = run_worker, .close = close_worker};

static pe_status run(job *self, pe_comm *comm, pe_error *err)
{
    pe_execute_plan_stats stats;
    atomic_bool stop;
    const int ranks = pe_comm_size(comm);
    (void)make_plan(self, ranks, err);
    if (err->status == PE_OK && self->is_reduced)
        (void)make_total(self, err);
    if (pe_comm_agree(comm, err) != PE_OK)
        return err->status;
    atomic_init(&stop, false);
    const pe_execute_plan_spec spec = {.pool = {.plan = &self->plan,
                                                .threads = 1,
                                                .worker = &vtable,
                                                .work_spec = self,
                                                .stop = &stop,
                                                .context = self,
                                                .write = take,
                                                .tick = tick},
                                       .comm = comm};
    const uint64_t began = pe_clock_ns();
    (void)pe_execute_plan(&spec, &stats, err);
    const uint64_t pool_ns = pe_clock_ns() - began;
    if (pe_comm_agree(comm, err) != PE_OK)
        return err->status;
    const sim_tally seen = sim_root;
    const uint64_t met = pe_clock_ns();
    if (self->is_reduced)
        (void)pe_reduction_collect(self->total, comm, err);
    const uint64_t ended = pe_clock_ns();
    if (pe_comm_rank(comm) == 0)
        (void)check_results(self, err);
    if (pe_comm_agree(comm, err) != PE_OK || pe_comm_rank(comm) != 0)
        return err->status;
    printf("%d %.6f %.6f %.6f %zu %" PRIu64 " %" PRIu64 " %.6f %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", ranks,
           (double)pool_ns * 1e-9, (double)(ended - began) * 1e-9, (double)(ended - met) * 1e-9, sim_root.memory,
           seen.messages, seen.bytes, (double)seen.busy_ns * 1e-9, self->dispatches, sim_root.messages - seen.messages,
           sim_root.bytes - seen.bytes);
    return PE_OK;
}

int main(int argc, char **argv)
{
    pe_error err = PE_ERROR_INIT;
    pe_comm *comm = NULL;
    if (argc != 6)
        return 64;
    job self = {.is_gathered = strcmp(argv[1], "gather") == 0,
                .is_placed = strcmp(argv[1], "place") == 0,
                .is_reduced = strcmp(argv[1], "reduce") == 0,
                .order = strcmp(argv[2], "ordered") == 0 ? PE_ORDER_STREAM : PE_ORDER_UNORDERED,
                .slices_per_rank = strtoull(argv[3], NULL, 10),
                .work_ns = strtoull(argv[4], NULL, 10),
                .bytes = strtoull(argv[5], NULL, 10)};
    if (pe_comm_open(true, &comm, &err) == PE_OK)
        (void)run(&self, comm, &err);
    if (err.status != PE_OK && (comm == NULL || pe_comm_rank(comm) == 0))
        fprintf(stderr, "scale: %s\n", err.text);
    pe_reduction_free(self.total);
    pe_comm_close(comm);
    return err.status == PE_OK ? 0 : 70;
}
