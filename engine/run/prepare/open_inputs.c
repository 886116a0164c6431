/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* open_inputs.c - the stage that opens the inputs and chooses the items of this run.
 *
 * Design:  rank 0 opens them, scans and counts; the other ranks get what it found as bytes, and open the files that they
 *          can see themselves.
 * Threads: the main thread.
 * Not here: opening and reading one input (source/source.c), several together (inputs/inputs.c).
 */
#include "run/expression/argument_names.h"
#include "run/output/written_paths.h"
#include "run/prepare/item_range.h"
#include "run/stages.h"

/* On rank 0. The list of what the job writes is for globs, which leave these files out; it is freed when they are open. A
 * record of a stream is in memory twice, as it was read and as it is handed out: so it has half of pool.memory at most. */
static pe_status open_inputs(const pe_job *job, pe_inputs **out, pe_error *err)
{
    pe_written_paths written = {.count = 0};
    pe_status status = pe_written_paths_make(job, &written, err);
    for (int i = 0; i < job->input_count; i++) {
        job->inputs[i].written = (const char *const *)written.list;
        job->inputs[i].written_count = written.count;
        job->inputs[i].threads = (int)job->pool.threads;
        job->inputs[i].record_max_bytes = (size_t)(job->pool.memory_bytes / 2);
    }
    if (status == PE_OK)
        status = pe_inputs_open(job->inputs, job->input_count, job->combine, out, err);
    for (int i = 0; i < job->input_count; i++)
        job->inputs[i].written_count = 0;
    pe_written_paths_fini(&written);
    return status;
}

static pe_status open_sources(const pe_run_context *run, const pe_job *job, pe_run_inputs *out, pe_error *err)
{
    pe_buffer facts = {0};
    pe_status status = PE_OK;
    if (run->is_root)
        status = open_inputs(job, &out->inputs, err);
    if (status == PE_OK && run->is_root && pe_comm_size(run->comm) > 1)
        (void)pe_inputs_export(out->inputs, &facts, err);
    if (pe_run_agree(run, err) == PE_OK && pe_comm_bcast_buffer(run->comm, &facts, err) == PE_OK && !run->is_root)
        (void)pe_inputs_import(job->inputs, job->input_count, job->combine, facts.data, facts.size, &out->inputs, err);
    pe_buffer_fini(&facts);
    return pe_run_agree(run, err);
}

pe_status pe_run_open_inputs(const pe_run_context *run, const pe_job *job, pe_run_inputs *out, pe_error *err)
{
    if (open_sources(run, job, out, err) != PE_OK)
        return err->status;
    uint64_t is_local = pe_inputs_is_local(out->inputs) ? 1 : 0;
    (void)pe_comm_min(run->comm, &is_local, 1, err);
    if (is_local == 0)
        pe_inputs_set_remote(out->inputs);
    if (err->status == PE_OK)
        (void)pe_argument_names_check(job, out->inputs, err);
    if (err->status == PE_OK)
        (void)pe_item_range_choose(job, pe_inputs_count(out->inputs), &out->items, &out->todo, err);
    if (err->status == PE_OK)
        (void)pe_kept_columns_choose(&out->kept, job, out->inputs, err);
    return pe_run_agree(run, err);
}

void pe_run_inputs_fini(pe_run_inputs *inputs)
{
    pe_kept_columns_fini(&inputs->kept);
    pe_item_set_fini(&inputs->todo);
    pe_inputs_close(inputs->inputs);
}
