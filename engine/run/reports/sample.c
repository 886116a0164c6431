/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sample.c - computes some items of a job, throws their results away, and says what the whole job will take: --plan --sample.
 *
 * Design:  the places follow the golden ratio, so that any number of them is spread evenly. The first block of a worker, which
 *          has to warm up, does not count. Where the kernel is in another process, the first item is computed twice: what the
 *          first time takes longer is the start of the process.
 * Threads: the main thread, and the workers where it says so; each has a sampler of its own.
 */
#include "run/reports/sample.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "os/file/file.h"
#include "os/file/scratch_file.h"
#include "os/redirect_stdout.h"
#include "report/failure_record.h"
#include "run/reports/block_size.h"
#include "run/reports/estimate_print.h"
#include "threads/threads_omp.h"

#define WORKER_NS 1000000000u /* that each worker computes */
#define BLOCKS_MOST 128       /* of a worker */
#define BLOCKS_ASKED 32       /* of a worker, where the number of items is given */
#define GOLDEN 0.6180339887498949
#define SCRATCH_MOST ((uint64_t)64 << 20) /* of results that a worker keeps before it begins anew */
#define OUT_MOST ((uint64_t)8 << 20)

/* One worker's part. */
typedef struct sampler {
    pe_sampled_block blocks[BLOCKS_MOST];
    int count;
    uint64_t failed;
    uint64_t start_ns, process_ns; /* until it was ready; its first item, with the start of the process */
    uint64_t spent_ns;             /* by blocks of the present size */
    pe_block_size size;
    int scratch_fd;   /* where results are written, or -1 */
    uint64_t written; /* bytes in there */
    pe_chunk_result out;
} sampler;

typedef struct sampling {
    const pe_run_context *run;
    const pe_run_inputs *inputs;
    pe_work_spec work;
    const pe_plan *plan;
    const char *beside; /* the output's path; NULL: nothing is written */
    uint64_t asked;     /* items of each worker, or PE_SAMPLE_AUTO */
    int first_worker;   /* of this rank among all */
    int all_workers, threads;
    sampler *samplers; /* [worker] */
    pe_error err;      /* the first of this rank; guarded by the mutex */
    pthread_mutex_t mutex;
    uint64_t begin_ns;
} sampling;

/* ---- a worker ---- */

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
static pe_block next_block(const sampling *self, int worker, int turn, uint64_t items)
{
    const uint64_t all = self->plan->items, most = items < all ? items : all;
    const double place =
        fmod((double)turn * GOLDEN + ((double)(self->first_worker + worker) + 0.5) / self->all_workers, 1);
    const uint64_t first = (uint64_t)(place * (double)(all - most + 1));
    const uint64_t left = pe_item_set_from(&self->inputs->todo, first).count;
    return (pe_block){.first = first, .count = most < left ? most : left};
}

static uint64_t block_most(const sampling *self)
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

static pe_status run_block(const sampling *self, void *worker, pe_block block, pe_chunk_result *out, uint64_t *ns,
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
static void write_results(sampler *mine, const pe_buffer *bytes, uint64_t *ns)
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
static pe_status sample_block(const sampling *self, void *worker, sampler *mine, pe_sampled_block *block, pe_error *err)
{
    pe_chunk_result *const out = &mine->out;
    pe_status status =
        run_block(self, worker, (pe_block){.first = block->first, .count = block->items}, out, &block->ns, err);
    write_results(mine, &out->bytes, &block->ns);
    mine->failed += status == PE_EITEM ? 1 : count_failed(&out->log);
    if (status == PE_OK && mine->count < BLOCKS_MOST)
        mine->blocks[mine->count++] = *block;
    if (status != PE_EITEM)
        return status;
    pe_error_clear(err);
    return PE_OK;
}

/* An item that is computed again at once: what it takes longer now is the start of the kernel's process. */
static pe_status start_process(const sampling *self, void *worker, int number, pe_error *err)
{
    sampler *const mine = &self->samplers[number];
    const pe_block first = next_block(self, number, 0, 1);
    pe_sampled_block block = {.first = first.first, .items = first.count};
    const pe_status status = sample_block(self, worker, mine, &block, err);
    mine->process_ns = block.ns;
    mine->count = 0;
    mine->failed = 0;
    return status;
}

static void add_start(sampler *mine, const pe_sampled_block *first)
{
    const uint64_t each = first->ns / first->items;
    mine->start_ns += mine->process_ns > each ? mine->process_ns - each : 0;
}

static pe_status sample_blocks(const sampling *self, void *worker, int number, pe_error *err)
{
    sampler *const mine = &self->samplers[number];
    const bool is_asked = self->asked != PE_SAMPLE_AUTO;
    const int turns = is_asked && self->asked < BLOCKS_ASKED ? (int)self->asked : is_asked ? BLOCKS_ASKED : INT32_MAX;
    pe_status status = self->work.kernel.is_in_processes ? start_process(self, worker, number, err) : PE_OK;
    mine->size = (pe_block_size){.items = is_asked ? (self->asked + (uint64_t)turns - 1) / (uint64_t)turns : 1,
                                 .most = block_most(self),
                                 .is_growing = !is_asked,
                                 .has_round_trip = self->work.kernel.is_in_processes};
    for (int turn = 0; turn < turns && (is_asked || turn == 0 || mine->spent_ns < WORKER_NS) && status == PE_OK;
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

static void work(void *context, int number)
{
    sampling *const self = context;
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

static void main_thread(void *context)
{
    (void)context;
}

/* ---- all ranks ---- */

/* Memory of the processes of this rank's workers, once all of them have ended. */
static uint64_t process_bytes(const pe_run_kernel *kernel, int threads)
{
    struct rusage children = {0};
    if (!pe_form_is_in_processes(kernel->form) || getrusage(RUSAGE_CHILDREN, &children) != 0)
        return 0;
    const uint64_t seen = (uint64_t)children.ru_maxrss * 1024, known = pe_form_worker_bytes(kernel->form);
    return (seen > known ? seen : known) * (uint64_t)threads;
}

static void add_samplers(const sampler *samplers, int count, pe_sample_sum *sum)
{
    for (int w = 0; w < count; w++) {
        for (int b = 0; b < samplers[w].count; b++)
            sum->blocks[sum->count++] = samplers[w].blocks[b];
        sum->failed += samplers[w].failed;
        if (samplers[w].start_ns > 0) /* a rank may have fewer workers than another */
            sum->start_ns[sum->workers++] = samplers[w].start_ns;
    }
}

/* The samplers of all ranks to rank 0; each rank sends as many as the one with most workers has. */
static pe_status collect(sampling *self, int most_threads, pe_sample_sum *sum, pe_error *err)
{
    const size_t each = (size_t)most_threads * sizeof *self->samplers;
    const size_t ranks = (size_t)pe_comm_size(self->run->comm);
    sampler *all = NULL;
    if (self->run->is_root && pe_make_array(&all, ranks, each, err) == PE_OK &&
        pe_make_array(&sum->start_ns, ranks, (size_t)most_threads * sizeof *sum->start_ns, err) == PE_OK)
        (void)pe_make_array(&sum->blocks, ranks * (size_t)most_threads * BLOCKS_MOST, sizeof *sum->blocks, err);
    if (pe_run_agree(self->run, err) == PE_OK)
        (void)pe_comm_gather(self->run->comm, self->samplers, each, all, err);
    if (pe_run_agree(self->run, err) == PE_OK && self->run->is_root)
        add_samplers(all, (int)ranks * most_threads, sum);
    free(all);
    return err->status;
}

static pe_status check(const pe_run_inputs *inputs, const pe_plan *plan, pe_error *err)
{
    if (plan->items == PE_ITEMS_UNKNOWN)
        return pe_fail(err, PE_EUSAGE, "--sample: the input is a stream, which cannot be read twice");
    if (pe_inputs_is_remote(inputs->inputs))
        return pe_fail(err, PE_EUSAGE, "--sample: only rank 0 can read the input: sample without mpirun");
    return PE_OK;
}

static void init(sampling *self, const pe_run_plan *plan, uint64_t items)
{
    const uint64_t workers = (uint64_t)plan->placement.all_threads;
    self->plan = self->work.plan = &plan->plan;
    self->work.errors.has_log = self->work.errors.has_joblog = false;
    self->threads = plan->placement.threads;
    self->all_workers = plan->placement.all_threads;
    self->first_worker = pe_comm_rank(self->run->comm) * plan->placement.most_threads;
    self->asked = items == PE_SAMPLE_AUTO ? items : (items + workers - 1) / workers;
    self->begin_ns = pe_clock_ns();
    (void)pthread_mutex_init(&self->mutex, NULL);
}

static pe_status compute(sampling *self, int most_threads, pe_error *err)
{
    const pe_threads_spec threads = {
        .workers = self->threads, .work = work, .pool = self, .main_loop = main_thread, .context = self};
    (void)pe_make_array(&self->samplers, (size_t)most_threads, sizeof *self->samplers, err);
    (void)pe_redirect_stdout_begin(err); /* what a kernel prints goes to stderr */
    if (pe_run_agree(self->run, err) == PE_OK && self->plan->items > 0 && pe_threads_run(&threads, err) == PE_OK)
        pe_error_merge(err, &self->err);
    pe_redirect_stdout_end();
    return pe_run_agree(self->run, err);
}

/* Rows that go to a file. */
static bool is_written(const pe_job *job, const pe_work_spec *work)
{
    return work->output.encoder.format != PE_FORMAT_NULL && !work->output.makes_partials && job->op_count == 0 &&
           strcmp(job->output.path, "-") != 0;
}

pe_status pe_run_sample(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                        const pe_run_kernel *kernel, const pe_work_spec *work_spec, const pe_run_plan *plan,
                        pe_error *err)
{
    sampling self = {.run = run, .inputs = inputs, .work = *work_spec, .err = PE_ERROR_INIT};
    self.beside = is_written(job, work_spec) ? job->output.path : NULL;
    pe_sample_sum sum = {.workers = 0};
    if (check(inputs, &plan->plan, err) != PE_OK)
        return pe_run_agree(run, err);
    init(&self, plan, run->options->sample);
    if (compute(&self, plan->placement.most_threads, err) == PE_OK)
        (void)collect(&self, plan->placement.most_threads, &sum, err);
    if (err->status == PE_OK && run->is_root) {
        sum.process_bytes = process_bytes(kernel, self.threads);
        sum.row_bytes =
            self.beside != NULL && work_spec->output.encoder.is_fixed ? work_spec->output.encoder.row_bytes : 0;
        pe_estimate_print(stdout, &plan->plan, &sum);
    }
    (void)pthread_mutex_destroy(&self.mutex);
    free(self.samplers);
    free(sum.blocks);
    free(sum.start_ns);
    return pe_run_agree(run, err);
}
