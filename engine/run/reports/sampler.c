/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sampler.c - one worker of a sample: it computes blocks of items that are spread over the job, and measures them.
 *
 * Design:  the places of the blocks follow the golden ratio, so that any number of them is spread evenly. The first block,
 *          which has to warm up, does not count. Where the kernel is in another process, the first item is computed twice: what
 *          the first time takes longer is the start of the process.
 * Threads: the workers'; each has a pe_sampler of its own.
 */
#include "run/reports/sampler.h"

#include <math.h>
#include <unistd.h>

#include "base/clock.h"
#include "os/file/file.h"
#include "os/file/scratch_file.h"
#include "report/failure_record.h"
#include "run/reports/sample.h"

#define WORKER_NS 1000000000u /* that each worker computes */
#define BLOCKS_ASKED 32       /* at most, of a worker, where the number of items is given */
#define GOLDEN 0.6180339887498949
#define SCRATCH_MOST ((uint64_t)64 << 20) /* of results that a worker keeps before it begins anew */
#define OUT_MOST ((uint64_t)8 << 20)

static void no_hand_over(void *context)
{
    (void)context;
}

static void no_wait(void *context, size_t bytes)
{
    (void)context;
    (void)bytes;
}

/* The items of the next block, in the pool's numbers. */
static pe_block next_block(const pe_sampling *self, int worker, uint64_t turn, uint64_t items)
{
    const uint64_t all = self->plan->items, most = items < all ? items : all;
    const double place =
        fmod((double)turn * GOLDEN + ((double)(self->first_worker + worker) + 0.5) / self->all_workers, 1);
    const uint64_t first = (uint64_t)(place * (double)(all - most + 1));
    const uint64_t left = pe_item_set_from(&self->inputs->todo, first).count;
    return (pe_block){.first = first, .count = most < left ? most : left};
}

static uint64_t block_most(const pe_sampling *self)
{
    const uint64_t row = self->work.output.encoder.row_bytes > 0 ? self->work.output.encoder.row_bytes : 1;
    const uint64_t by_bytes = OUT_MOST / row > 0 ? OUT_MOST / row : 1;
    return self->plan->chunk_items < by_bytes ? self->plan->chunk_items : by_bytes;
}

static uint64_t count_failed(const pe_buffer *log)
{
    pe_failure_record record;
    uint64_t failed = 0;
    for (size_t at = 0; at < log->size;) {
        at = pe_failure_record_read(log, at, &record);
        failed += record.count;
    }
    return failed;
}

static pe_status run_block(const pe_sampling *self, void *worker, pe_block block, pe_chunk_result *out, uint64_t *ns,
                           pe_error *err)
{
    const pe_chunk_flow flow = {
        .stop = self->run->stop, .part_bytes = PE_PLAN_NO_PARTS, .hand_over = no_hand_over, .wait_for_room = no_wait};
    const pe_buffer no_payload = {.size = 0};
    pe_split_range range;
    pe_split_range_set(&range, block, self->plan->grain_items);
    out->bytes.size = out->log.size = 0;
    out->items = out->rows = 0;
    out->placed = 0;
    const uint64_t began = pe_clock_ns();
    const pe_status status = pe_job_worker.run(worker, &range, &no_payload, out, &flow, err);
    *ns = pe_clock_ns() - began;
    return status;
}

/* Fresh pages each time, as a growing output takes them. A disk that is full makes the sample wrong, not the job. */
static void write_results(pe_sampler *mine, const pe_buffer *bytes, uint64_t *ns)
{
    pe_error ignored = PE_ERROR_INIT;
    const uint64_t began = pe_clock_ns();
    if (mine->scratch_fd < 0 || bytes->size == 0)
        return;
    (void)pe_write_full(mine->scratch_fd, bytes->data, bytes->size, "a scratch file", &ignored);
    *ns += pe_clock_ns() - began;
    mine->written += bytes->size;
    if (mine->written < SCRATCH_MOST)
        return;
    mine->written = 0;
    if (ftruncate(mine->scratch_fd, 0) != 0 || lseek(mine->scratch_fd, 0, SEEK_SET) != 0) {
        (void)close(mine->scratch_fd);
        mine->scratch_fd = -1;
    }
}

/* Computes a block and writes what it gives; an item that fails under on_error = "stop" ends its block, not the sample. */
static pe_status sample_block(const pe_sampling *self, void *worker, pe_sampler *mine, pe_sampled_block *block,
                              pe_error *err)
{
    pe_chunk_result *const out = &mine->out;
    pe_status status =
        run_block(self, worker, (pe_block){.first = block->first, .count = block->items}, out, &block->ns, err);
    write_results(mine, &out->bytes, &block->ns);
    mine->failed += status == PE_EITEM ? 1 : count_failed(&out->log);
    if (status == PE_OK && mine->count < PE_SAMPLER_BLOCKS)
        mine->blocks[mine->count++] = *block;
    if (status != PE_EITEM)
        return status;
    pe_error_clear(err);
    return PE_OK;
}

/* An item that is computed again at once: what it takes longer now is the start of the kernel's process. */
static pe_status start_process(const pe_sampling *self, void *worker, int number, pe_error *err)
{
    pe_sampler *const mine = &self->samplers[number];
    const pe_block first = next_block(self, number, 0, 1);
    pe_sampled_block block = {.first = first.first, .items = first.count};
    const pe_status status = sample_block(self, worker, mine, &block, err);
    mine->process_ns = block.ns;
    mine->count = 0;
    mine->failed = 0;
    return status;
}

static void add_start(pe_sampler *mine, const pe_sampled_block *first)
{
    const uint64_t each = first->ns / first->items;
    mine->start_ns += mine->process_ns > each ? mine->process_ns - each : 0;
}

static pe_status sample_blocks(const pe_sampling *self, void *worker, int number, pe_error *err)
{
    pe_sampler *const mine = &self->samplers[number];
    const bool is_asked = self->asked != PE_SAMPLE_AUTO;
    const uint64_t items = is_asked ? (self->asked + BLOCKS_ASKED - 1) / BLOCKS_ASKED : 1;
    const uint64_t turns = is_asked ? self->asked / items : UINT64_MAX;
    pe_status status = self->work.kernel.is_in_processes ? start_process(self, worker, number, err) : PE_OK;
    mine->size = (pe_block_size){.items = items,
                                 .most = block_most(self),
                                 .is_growing = !is_asked,
                                 .has_round_trip = self->work.kernel.is_in_processes};
    for (uint64_t turn = 0; turn < turns && (is_asked || turn == 0 || mine->spent_ns < WORKER_NS) && status == PE_OK;
         turn++) {
        const pe_block block = next_block(self, number, turn, mine->size.items);
        pe_sampled_block sampled = {.first = block.first, .items = block.count};
        status = sample_block(self, worker, mine, &sampled, err);
        mine->spent_ns += sampled.ns;
        if (turn == 0)
            add_start(mine, &sampled);
        if (turn == 1 && sampled.ns < WORKER_NS / 4 && mine->count == 2) /* the first block had to warm up */
            mine->blocks[0] = mine->blocks[--mine->count];
        if (pe_block_size_learn(&mine->size, sampled.ns)) {
            mine->count = 0;
            mine->spent_ns = 0;
        }
    }
    return status;
}

void pe_sampler_work(void *sampling, int number)
{
    pe_sampling *const self = sampling;
    pe_error err = PE_ERROR_INIT;
    void *worker = NULL;
    self->samplers[number].scratch_fd = -1;
    if (self->beside != NULL)
        (void)pe_scratch_file_open(self->beside, &self->samplers[number].scratch_fd, &err);
    pe_error_clear(&err); /* what cannot be made there is found by the run */
    if (pe_job_worker.open(&self->work, &worker, &err) == PE_OK) {
        self->samplers[number].start_ns = pe_clock_ns() - self->begin_ns;
        (void)sample_blocks(self, worker, number, &err);
    }
    pe_job_worker.close(worker);
    pe_buffer_fini(&self->samplers[number].out.bytes);
    pe_buffer_fini(&self->samplers[number].out.log);
    if (self->samplers[number].scratch_fd >= 0)
        (void)close(self->samplers[number].scratch_fd);
    (void)pthread_mutex_lock(&self->mutex);
    pe_error_merge(&self->err, &err);
    (void)pthread_mutex_unlock(&self->mutex);
}
