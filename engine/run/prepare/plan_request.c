/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plan_request.c - what the plan is made from: the sizes of a job's items, inputs and workers.
 *
 * Threads:  the main thread.
 * Not here: the sizes chosen from it (plan/plan.c).
 */
#include "run/prepare/plan_request.h"

#include "base/saturate.h"
#include "os/resident.h"
#include "reduce/reduction.h"
#include "report/failure_record.h"
#include "report/sorted_lines.h"
#include "run/output/axis_values.h"
#include "sink/digest.h"
#include "sink/output_stream.h"
#include "worker/failed_items.h"
#include "worker/joblog_line.h"

static size_t chunk_input_bytes(const void *source, uint64_t chunk_items)
{
    return pe_inputs_chunk_bytes(source, chunk_items);
}

/* A chunk that does not begin at a multiple of its size overlaps two chunks that do. */
static size_t shifted_input_bytes(const void *source, uint64_t chunk_items)
{
    const size_t bytes = pe_inputs_chunk_bytes(source, chunk_items);
    return pe_mul_most(2, bytes);
}

static size_t reader_bytes(const void *source, uint64_t chunk_items)
{
    size_t bytes = 0;
    (void)pe_inputs_memory(source, chunk_items, &bytes);
    return bytes;
}

static size_t columns_bytes(const pe_type *types, int count)
{
    size_t bytes = 0;
    for (int c = 0; c < count; c++)
        bytes += pe_type_bytes(types[c]);
    return bytes;
}

static bool has_text(const pe_type *types, int count)
{
    bool has = false;
    for (int c = 0; c < count; c++)
        has = has || types[c].dtype == PE_TEXT;
    return has;
}

/* Whether kernel calls read and write no columns. Batches then need not fit a cache, and large ones are faster, since
 * each batch waits for the writes of the one before. */
static bool is_generated(const pe_work_spec *spec, const pe_inputs *inputs, pe_block items)
{
    const bool is_known = items.count > 0 && items.count != PE_ITEMS_UNKNOWN;
    bool is_ramps = is_known && spec->kernel.descriptor->takes_ramps != 0 && spec->output.encoder.is_plain;
    for (int a = 0; a < spec->kernel.signature.arg_count && is_ramps; a++) {
        pe_ramp ramp;
        is_ramps = pe_inputs_ramp(inputs, a, items, &ramp.first, &ramp.step);
    }
    return is_ramps;
}

/* The memory that the log of failed items keeps on rank 0. */
static size_t log_bytes(const pe_job *job)
{
    const bool is_sorted_late = job->errors.log != NULL && job->order == PE_ORDER_UNORDERED;
    return is_sorted_late ? PE_SORTED_LINES_BYTES : 0;
}

/* This rank's reduction, a fold without tables that gets the fill values, and the state for a checkpoint: as it is saved or
 * comes from another rank, and in the bytes of the file or as it was saved last. */
static size_t reduction_bytes(const pe_job *job, const pe_fold_spec *spec, uint64_t items)
{
    if (job->op_count == 0)
        return 0;
    const size_t saved = job->checkpoint.path != NULL ? pe_mul_most(2, pe_reduction_saved_most(spec, items)) : 0;
    const size_t filled = pe_reduction_keeps_fill_out(job) ? pe_fold_state_bytes(spec) : 0;
    return pe_add_most(pe_reduction_bytes(spec), pe_add_most(saved, filled));
}

pe_plan_request pe_plan_request_make(const pe_job *job, const pe_work_spec *spec, const pe_inputs *inputs,
                                     pe_block items, const pe_item_set *todo, const pe_sink_spec *output)
{
    const pe_signature *signature = &spec->kernel.signature;
    size_t reader = 0;
    const pe_fold_spec fold = pe_reduction_spec(job, signature);
    const size_t part_bytes = job->op_count > 0 ? pe_reduction_part_bytes(&fold) : 0;
    const bool is_plain = spec->output.encoder.is_plain;
    const bool has_lines = spec->errors.has_log && spec->errors.policy != PE_ON_ERROR_STOP; /* any item may fail */
    const size_t line_bytes = has_lines                   ? pe_failed_items_line_bytes(signature)
                              : spec->errors.lists_failed ? sizeof(pe_failure_place)
                                                          : 0;
    return (pe_plan_request){
        .items = items.count == PE_ITEMS_UNKNOWN ? PE_ITEMS_UNKNOWN : todo->items,
        .schedule = job->pool.schedule,
        .order = job->order,
        .chunk_items = job->pool.chunk_size,
        .memory_bytes = job->pool.memory_bytes,
        .in_item_bytes = columns_bytes(signature->args, signature->arg_count) +
                         columns_bytes(spec->input.hidden, spec->input.hidden_count) +
                         (is_plain ? 0 : columns_bytes(signature->results, signature->result_count)),
        .out_item_bytes = pe_add_most(spec->output.encoder.row_bytes,
                                      line_bytes + (spec->errors.has_joblog ? PE_JOBLOG_LINE_BYTES : 0)),
        .is_generated = is_generated(spec, inputs, items),
        .is_placed = (spec->output.encoder.format == PE_FORMAT_NPY || spec->output.encoder.format == PE_FORMAT_HDF5 ||
                      spec->output.encoder.format == PE_FORMAT_RAW) &&
                     spec->output.encoder.is_fixed && !pe_path_is_stdout(output->path),
        .has_payload = pe_inputs_is_remote(inputs),
        .chunk_input_bytes = items.first > 0 || todo->count > 1 ? shifted_input_bytes : chunk_input_bytes,
        .reader_bytes = reader_bytes,
        .source = inputs,
        .digested_bytes = spec->output.makes_partials ? pe_digest_partial_most : NULL,
        .worker_bytes = part_bytes,
        .has_text_result = spec->output.encoder.has_text,
        .has_lines = has_lines || spec->errors.has_joblog,
        .has_text_lines = has_lines && has_text(signature->args, signature->arg_count),
        .whole_run_bytes = pe_add_most(
            pe_add_most(pe_inputs_memory(inputs, 1, &reader), pe_sink_memory(output, spec->output.encoder.row_bytes)),
            pe_add_most(log_bytes(job) + reduction_bytes(job, &fold, items.count), pe_axis_values_bytes(job, output))),
        .process_bytes = pe_resident_peak()};
}
