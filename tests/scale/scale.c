/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* scale.c - one simulated run of the engine's crew: the time it takes, and what rank 0 sends, takes and holds.
 *
 *     smpirun ... scale MODE ORDER SLICES WORK_NS BYTES
 *
 * Design: the crew and the plan are the engine's; a slice is one item here, that sleeps for WORK_NS and comes to BYTES.
 *         MODE: gather: the bytes go to rank 0. place: each rank writes them itself, at DISK bytes a second. reduce: no bytes, and a
 *         reduction in the end.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "exec/crew.h"

#define DISK_BYTES_PER_S 1000000000u /* of one rank */

typedef struct job {
    bool is_gathered, is_placed, is_reduced;
    pe_order order;
    uint64_t slices_per_rank, work_ns, bytes;
    pe_plan plan;
    uint64_t items, written; /* rank 0: what came to the sink */
} job;

static pe_status open_step(void *context, void **step, pe_error *err)
{
    (void)err;
    *step = context;
    return PE_OK;
}

static void close_step(void *step)
{
    (void)step;
}

static pe_status run_step(void *step, pe_portion *portion, const pe_buffer *payload, pe_outcome *out,
                          const atomic_bool *stop, pe_error *err)
{
    (void)payload, (void)stop;
    const job *self = step;
    for (pe_block grain; pe_portion_next(portion, &grain); out->items += grain.count)
        pe_sleep_ns(grain.count * self->work_ns);
    out->rows = out->items;
    const uint64_t bytes = out->items * self->bytes;
    if (self->is_placed)
        pe_sleep_ns(bytes * 1000000000u / DISK_BYTES_PER_S);
    if (!self->is_gathered)
        return PE_OK;
    const pe_status status = pe_buffer_reserve(&out->bytes, bytes, err);
    out->bytes.size = status == PE_OK ? bytes : 0; /* what they are does not matter */
    return status;
}

static pe_status take(void *context, const pe_outcome *out, pe_error *err)
{
    (void)err;
    job *self = context;
    self->items += out->items;
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
    return pe_plan_make(&request, &self->plan, err);
}

static pe_status run(job *self, pe_comm *comm, pe_error *err)
{
    pe_crew_stats stats;
    atomic_bool stop;
    const int ranks = pe_comm_size(comm);
    (void)make_plan(self, ranks, err);
    if (pe_comm_agree(comm, err) != PE_OK)
        return err->status;
    atomic_init(&stop, false);
    const pe_crew_spec spec = {.plan = &self->plan,
                               .comm = comm,
                               .threads = 1,
                               .context = self,
                               .stop = &stop,
                               .open = open_step,
                               .close = close_step,
                               .run = run_step,
                               .write = take,
                               .tick = tick};
    const uint64_t began = pe_clock_ns();
    (void)pe_crew_run(&spec, &stats, err);
    const uint64_t crew_ns = pe_clock_ns() - began;
    uint64_t sums[2] = {0, 0};
    if (self->is_reduced)
        (void)pe_comm_max(comm, sums, 2, err);
    const uint64_t all_ns = pe_clock_ns() - began;
    if (pe_comm_agree(comm, err) != PE_OK)
        return err->status;
    if (pe_comm_rank(comm) != 0)
        return PE_OK;
    if (self->items != self->plan.items)
        return pe_fail(err, PE_EBUG, "%llu of %llu items", (unsigned long long)self->items,
                       (unsigned long long)self->plan.items);
    printf("%d %.6f %.6f %llu %zu\n", ranks, (double)crew_ns * 1e-9, (double)all_ns * 1e-9,
           (unsigned long long)self->written, sim_root.memory);
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
    pe_comm_close(comm);
    return err.status == PE_OK ? 0 : 70;
}
