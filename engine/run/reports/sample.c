/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sample.c - computes some items of a job, throws their results away, and says what the whole job will take: --plan --sample.
 *
 * Threads: the main thread.
 * Not here: what a worker computes (sampler.c), how many items a block has (block_size.c), the estimate (estimate_print.c).
 */
#include "run/reports/sample.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "os/redirect_stdout.h"
#include "run/reports/sampler.h"
#include "threads/threads_omp.h"

static void main_thread(void *context)
{
    (void)context;
}

/* Memory of the processes of this rank's workers, once all of them have ended. */
static uint64_t process_bytes(const pe_run_kernel *kernel, int threads)
{
    struct rusage children = {0};
    if (!pe_form_is_in_processes(kernel->form) || getrusage(RUSAGE_CHILDREN, &children) != 0)
        return 0;
    const uint64_t seen = (uint64_t)children.ru_maxrss * 1024, known = pe_form_worker_bytes(kernel->form);
    return (seen > known ? seen : known) * (uint64_t)threads;
}

static void add_samplers(const pe_sampler *samplers, int count, pe_sample_sum *sum)
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
static pe_status collect(pe_sampling *self, int most_threads, pe_sample_sum *sum, pe_error *err)
{
    const size_t each = (size_t)most_threads * sizeof *self->samplers;
    const size_t ranks = (size_t)pe_comm_size(self->run->comm);
    pe_sampler *all = NULL;
    if (self->run->is_root && pe_make_array(&all, ranks, each, err) == PE_OK &&
        pe_make_array(&sum->start_ns, ranks, (size_t)most_threads * sizeof *sum->start_ns, err) == PE_OK)
        (void)pe_make_array(&sum->blocks, ranks * (size_t)most_threads * PE_SAMPLER_BLOCKS, sizeof *sum->blocks, err);
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

static void init(pe_sampling *self, const pe_run_plan *plan, uint64_t items)
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

static pe_status compute(pe_sampling *self, int most_threads, pe_error *err)
{
    const pe_threads_spec threads = {
        .workers = self->threads, .work = pe_sampler_work, .pool = self, .main_loop = main_thread, .context = self};
    (void)pe_make_array(&self->samplers, (size_t)most_threads, sizeof *self->samplers, err);
    (void)pe_redirect_stdout_begin(err); /* what a kernel prints goes to stderr */
    if (pe_run_agree(self->run, err) == PE_OK && self->plan->items > 0 && pe_threads_run(&threads, err) == PE_OK)
        pe_error_merge(err, &self->err);
    pe_redirect_stdout_end();
    return pe_run_agree(self->run, err);
}

/* Do rows go to a file? */
static bool is_written(const pe_job *job, const pe_work_spec *work)
{
    return work->output.encoder.format != PE_FORMAT_NULL && !work->output.makes_partials && job->op_count == 0 &&
           strcmp(job->output.path, "-") != 0;
}

pe_status pe_run_sample(const pe_run_context *run, const pe_run_prepared *prepared, const pe_run_plan *plan,
                        pe_error *err)
{
    const pe_work_spec *const work = prepared->work;
    pe_sampling self = {.run = run, .inputs = prepared->inputs, .work = *work, .err = PE_ERROR_INIT};
    self.beside = is_written(prepared->job, work) ? prepared->job->output.path : NULL;
    pe_sample_sum sum = {.workers = 0};
    if (check(prepared->inputs, &plan->plan, err) != PE_OK)
        return pe_run_agree(run, err);
    init(&self, plan, run->options->sample);
    if (compute(&self, plan->placement.most_threads, err) == PE_OK)
        (void)collect(&self, plan->placement.most_threads, &sum, err);
    if (err->status == PE_OK && run->is_root) {
        sum.process_bytes = process_bytes(prepared->kernel, self.threads);
        sum.row_bytes = self.beside != NULL && work->output.encoder.is_fixed ? work->output.encoder.row_bytes : 0;
        pe_estimate_print(stdout, &plan->plan, &sum);
    }
    (void)pthread_mutex_destroy(&self.mutex);
    free(self.samplers);
    free(sum.blocks);
    free(sum.start_ns);
    return pe_run_agree(run, err);
}
