/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* prepare.c - the stages from a job file to a plan.
 *
 * Design:  rank 0 reads the job file, opens the inputs and compiles; the other ranks work from what it sends. Whatever can
 *          be known to be wrong is found here, before the first item is computed.
 * Threads: the main thread.
 * Not here: the order of the stages (run.c), the run itself (execute.c).
 */
#include <stdlib.h>
#include <string.h>

#include "base/saturate.h"
#include "os/file/file.h"
#include "reduce/reduction.h"
#include "report/plan_report.h"
#include "report/progress.h"
#include "run/error_policy.h"
#include "run/estimate.h"
#include "run/input_demand.h"
#include "run/item_range.h"
#include "run/memory_limit.h"
#include "run/output/argument_names.h"
#include "run/output/item_name_check.h"
#include "run/output/item_names.h"
#include "run/output/path_check.h"
#include "run/output/written_paths.h"
#include "run/reports/recording.h"
#include "run/stages.h"

#define JOB_FILE_MAX_BYTES ((size_t)16 << 20)

/* ---- job ---- */

/* Of a job file that was read from stdin. */
static pe_status check_stdin(const pe_job *job, pe_error *err)
{
    for (int i = 0; i < job->input_count && err->status == PE_OK; i++)
        if (job->inputs[i].kind == PE_SOURCE_FILE && strcmp(job->inputs[i].path, "-") == 0)
            return pe_fail(err, PE_ECONFIG,
                           "%s: path \"-\" is stdin, but the job file came from there: save one of the two to a file",
                           job->inputs[i].where);
    return err->status;
}

pe_status pe_run_read_job(const pe_run_context *run, pe_job **out, pe_error *err)
{
    const pe_run_options *options = run->options;
    pe_buffer text = {0};
    char *content = NULL;
    size_t size = 0;
    const bool is_file = options->job_path != NULL;
    const bool is_stdin = is_file && strcmp(options->job_path, "-") == 0;
    const char *const file = is_stdin ? "stdin" : is_file ? options->job_path : PE_JOB_COMMAND_LINE;
    if (!is_file)
        (void)pe_buffer_append(&text, options->job_text, strlen(options->job_text), err);
    else if (run->is_root && pe_file_read_all(is_stdin ? "/dev/stdin" : options->job_path, JOB_FILE_MAX_BYTES, &content,
                                              &size, err) == PE_OK)
        (void)pe_buffer_append(&text, content, size, err);
    free(content);
    if (pe_run_agree(run, err) == PE_OK && pe_comm_bcast_buffer(run->comm, &text, err) == PE_OK)
        (void)pe_job_read(file, (const char *)text.data, text.size, options->overrides, options->override_count, out,
                          err);
    if (err->status == PE_OK && is_stdin)
        (void)check_stdin(*out, err);
    if (err->status == PE_OK && options->is_dry_run)
        (void)pe_job_make_dry(*out, err);
    if (err->status == PE_OK) {
        pe_input_demand_set(*out);
        pe_mentions_set(*out);
        (*out)->reports = options->reports;
    }
    pe_buffer_fini(&text);
    return pe_run_agree(run, err);
}

/* ---- files ---- */

pe_status pe_run_check_paths(const pe_run_context *run, const pe_job *job, pe_error *err)
{
    const pe_status status = pe_path_check(job, err);
    if (status == PE_OK && run->is_root)
        (void)pe_path_check_folders(job, err);
    return pe_run_agree(run, err);
}

/* ---- inputs ---- */

/* On rank 0. Globs leave out what the job writes; nothing else looks at the list, so it goes again. A record of a stream is
 * in memory twice, in what was read and in what is handed out, as the plan counts one of a file. */
static pe_status open_inputs(const pe_job *job, pe_inputs **out, pe_error *err)
{
    pe_written_paths written = {.count = 0};
    pe_status status = pe_written_paths_make(job, &written, err);
    for (int i = 0; i < job->input_count; i++) {
        job->inputs[i].written = (const char *const *)written.list;
        job->inputs[i].written_count = written.count;
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
        (void)pe_kept_choose(&out->kept, job, out->inputs, err);
    return pe_run_agree(run, err);
}

void pe_run_inputs_fini(pe_run_inputs *inputs)
{
    pe_kept_fini(&inputs->kept);
    pe_item_set_fini(&inputs->todo);
    pe_inputs_close(inputs->inputs);
}

/* ---- kernel ---- */

/* Which columns hold names of files, and the shapes of their items. */
static void describe_columns(const pe_job *job, const pe_inputs *inputs, pe_run_kernel *out)
{
    int column = 0;
    for (int i = 0; i < job->input_count; i++)
        for (int c = 0; c < pe_inputs_info(inputs, i)->columns; c++) {
            out->is_path[column] = job->inputs[i].kind == PE_SOURCE_GLOB;
            out->shapes[column++] = pe_inputs_info(inputs, i)->item;
        }
}

/* What the forms are told: the job's [kernel], and the columns. */
static void describe_kernel(const pe_run_context *run, const pe_job *job, const pe_inputs *inputs, pe_run_kernel *out)
{
    pe_inputs_types(inputs, out->column_types, out->untyped, out->numbers);
    out->spec = pe_specs_kernel(job, out->column_types, out->untyped, pe_inputs_columns(inputs));
    describe_columns(job, inputs, out);
    out->spec.is_path = out->is_path;
    out->spec.numbers = out->numbers;
    out->spec.shapes = out->shapes;
    if (job->kernel.kind == PE_FORM_EXPR && job->kernel.args == NULL &&
        pe_mentions_names(job, inputs, &out->arguments)) {
        out->spec.arg_count = pe_inputs_columns(inputs);
        out->spec.args = out->arguments.names;
    }
    out->spec.stop = run->stop;
    out->spec.rank = pe_comm_rank(run->comm);
    out->spec.names_items = run->options->verbosity == PE_VERBOSE;
}

static pe_status open_form(const pe_run_context *run, const pe_job *job, const pe_inputs *inputs, pe_run_kernel *out,
                           pe_error *err)
{
    pe_buffer object = {0};
    describe_kernel(run, job, inputs, out);
    if (run->is_root)
        (void)pe_form_prepare(&out->spec, &object, err);
    if (pe_run_agree(run, err) == PE_OK && pe_comm_bcast_buffer(run->comm, &object, err) == PE_OK)
        (void)pe_form_open(&out->spec, &object, &out->form, err);
    pe_buffer_fini(&object);
    return pe_run_agree(run, err);
}

static pe_status check_arity(const pe_job *job, const pe_inputs *inputs, const pe_form *form, pe_error *err)
{
    const pe_signature *signature = pe_form_signature(form);
    if (job->is_star || signature->arg_count == 1)
        return PE_OK;
    return pe_fail(err, PE_ECONFIG,
                   "%s: mode \"%s\" takes one argument, but the inputs give %d and kernel \"%s\" "
                   "takes %d: use mode \"%s\"",
                   job->file, job->mode, pe_inputs_columns(inputs), pe_form_kernel(form)->name, signature->arg_count,
                   job->order == PE_ORDER_WHOLE    ? "starmap"
                   : job->order == PE_ORDER_STREAM ? "istarmap"
                                                   : "istarmap_unordered");
}

pe_status pe_run_open_kernel(const pe_run_context *run, const pe_job *job, pe_run_inputs *inputs, pe_run_kernel *out,
                             pe_error *err)
{
    if (open_form(run, job, inputs->inputs, out, err) != PE_OK)
        return err->status;
    const pe_signature *signature = pe_form_signature(out->form);
    if (check_arity(job, inputs->inputs, out->form, err) == PE_OK)
        (void)pe_inputs_bind(inputs->inputs, signature->args, signature->arg_count, err);
    if (err->status == PE_OK)
        (void)pe_kept_bind(&inputs->kept, job, signature, err);
    if (pe_run_agree(run, err) != PE_OK)
        return err->status;
    return pe_condition_open(&out->condition, run, job, inputs->inputs, signature, err);
}

pe_status pe_run_check_kernel(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs, pe_error *err)
{
    pe_run_kernel kernel = {0};
    describe_kernel(run, job, inputs->inputs, &kernel);
    (void)pe_form_check(&kernel.spec, err);
    return pe_run_agree(run, err);
}

void pe_run_kernel_fini(pe_run_kernel *kernel)
{
    pe_condition_fini(&kernel->condition);
    pe_form_close(kernel->form);
}

/* ---- work ---- */

/* The kernel may write straight into the encoded bytes only where no result is converted. */
static bool has_conversion(const pe_work_spec *work)
{
    bool is_same = true;
    for (int r = 0; r < work->signature.result_count; r++)
        is_same = is_same && pe_type_equal(work->written[r], work->signature.results[r]);
    return !is_same;
}

/* Each rank hashes its own rows of a digest, where the place of every row in it is known from the start. */
static bool makes_partials(const pe_run_context *run, const pe_job *job, const pe_work_spec *work)
{
    const bool is_gathered = job->output.is_gathered && pe_comm_size(run->comm) > 1;
    return work->encoder.format == PE_FORMAT_DIGEST && work->encoder.is_fixed && !pe_job_leaves_out(job) &&
           !is_gathered && job->items == NULL;
}

/* The columns in front of the results, among those that the inputs deliver. */
static void define_kept(const pe_job *job, const pe_kept *kept, const pe_inputs *inputs, pe_work_spec *work)
{
    work->reads_alone = job->combine == PE_COMBINE_ZIP || job->input_count == 1;
    work->kept_count = kept->count;
    for (int k = 0; k < kept->count; k++) {
        const int column = pe_kept_column_of(kept, inputs, k);
        const pe_type type = kept->columns[k].type;
        work->kept[k] = (pe_work_kept){.column = column, .type = type, .blank = kept->blanks[k]};
        if (column >= work->signature.arg_count) {
            work->hidden[column - work->signature.arg_count] = type;
            work->hidden_count++;
        }
    }
}

static pe_status define_output(const pe_job *job, const pe_run_inputs *inputs, const pe_signature *signature,
                               pe_output_spec *out, pe_error *err)
{
    const uint64_t rows = job->items == NULL ? inputs->items.count : inputs->todo.items;
    pe_status status = pe_specs_output(job, inputs->inputs, rows, signature, out, err);
    if (status == PE_OK && pe_specs_has_item_files(job))
        pe_specs_item_format(&out->sink);
    out->sink.kept = inputs->kept.columns;
    out->sink.kept_count = inputs->kept.count;
    if (status == PE_OK)
        status = pe_sink_check(&out->sink, &out->format, err);
    return status;
}

static pe_status check_joblog(const pe_job *job, pe_error *err)
{
    const bool has_processes = job->kernel.kind == PE_FORM_COMMAND || job->kernel.kind == PE_FORM_PYTHON;
    if (job->reports.joblog == NULL || has_processes)
        return PE_OK;
    return pe_fail(
        err, PE_EUSAGE,
        "--joblog: has a line for each item of a command or a Python function, which this job's kernel is not: "
        "see --report or --trace");
}

/* Workers write the files, and nothing is left for the sink. */
static pe_status define_files(pe_output_spec *output, pe_work_spec *work, pe_error *err)
{
    const pe_status status = pe_item_files_make(&output->sink, output->format, work->signature.arg_count, work->rank,
                                                &work->item_files, err);
    work->encoder.is_fixed = work->encoder.is_plain = false; /* no row has a place among others */
    output->sink.format = PE_FORMAT_NULL;
    output->has_item_files = true;
    return status;
}

pe_status pe_run_define_work(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                             const pe_run_kernel *kernel, pe_output_spec *output, pe_work_spec *work, pe_error *err)
{
    *work = (pe_work_spec){.inputs = inputs->inputs,
                           .todo = &inputs->todo,
                           .first_row = inputs->items.first,
                           .kernel = pe_form_kernel(kernel->form),
                           .is_elsewhere = pe_form_is_in_processes(kernel->form),
                           .gives_in_order = pe_form_gives_in_order(kernel->form),
                           .signature = *pe_form_signature(kernel->form),
                           .setup = &kernel->spec.setup,
                           .rank = pe_comm_rank(run->comm),
                           .has_log = job->errors.log != NULL,
                           .has_joblog = job->reports.joblog != NULL,
                           .lists_failed = job->errors.policy != PE_ON_ERROR_STOP && job->checkpoint.is_enabled};
    if (kernel->condition.form != NULL)
        work->where = pe_form_kernel(kernel->condition.form);
    work->where_mentions = kernel->condition.mentions;
    work->where_reads = kernel->condition.reads;
    work->where_names = kernel->condition.names.names;
    pe_status status = check_joblog(job, err);
    if (status == PE_OK)
        status = define_output(job, inputs, &work->signature, output, err);
    memcpy(work->written, output->written, sizeof work->written);
    define_kept(job, &inputs->kept, inputs->inputs, work);
    if (status == PE_OK)
        status = pe_error_policy_set(work, job, err);
    work->keeps_fill_out = pe_reduction_keeps_fill_out(job);
    if (status == PE_OK) {
        const bool is_reduction = job->op_count > 0; /* then no item is written */
        pe_encoder_init(&work->encoder, &output->sink, is_reduction ? PE_FORMAT_NULL : output->format);
        status = pe_encoder_name(&work->encoder, &output->sink, err);
        work->has_conversion = has_conversion(work);
        work->encoder.is_plain = work->encoder.is_plain && !work->has_conversion;
        work->makes_partials = makes_partials(run, job, work);
        output->sink.takes_partials = work->makes_partials;
    }
    if (status == PE_OK && pe_specs_has_item_files(job))
        status = define_files(output, work, err);
    if (status == PE_OK && run->is_root)
        (void)pe_item_name_check(work, job->output.where, err);
    return pe_run_agree(run, err);
}

void pe_work_spec_fini(pe_work_spec *work)
{
    pe_error_policy_unset(work);
    pe_encoder_fini(&work->encoder);
    pe_item_files_free(work->item_files);
    work->item_files = NULL;
}

/* ---- plan ---- */

/* What the plan refuses is mended in the job file, so the message begins with its name. */
static void make_plan(const pe_job *job, const pe_plan_request *request, pe_plan *out, pe_error *err)
{
    pe_error reason = PE_ERROR_INIT;
    if (pe_plan_make(request, out, &reason) != PE_OK)
        (void)pe_fail(err, reason.status, "%s: %s", job->file, reason.text);
}

pe_status pe_run_make_plan(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                           const pe_run_kernel *kernel, const pe_output_spec *output, const pe_work_spec *work,
                           pe_run_plan *out, pe_error *err)
{
    if (pe_thread_placement_make(run->comm, (int)job->pool.threads, &out->placement, err) != PE_OK)
        return pe_run_agree(run, err);
    pe_plan_request request = pe_estimate(job, work, inputs->inputs, inputs->items, &inputs->todo, &output->sink);
    request.ranks = pe_comm_size(run->comm);
    request.threads = out->placement.most_threads;
    request.is_elsewhere = pe_form_is_in_processes(kernel->form);
    request.kept_bytes += pe_recording_bytes(run, &out->placement);
    if (work->item_files != NULL && work->item_files->names_may_meet)
        request.kept_bytes = pe_add_most(request.kept_bytes, pe_item_names_bytes(inputs->items.count));
    char *const checkpoint = run->is_root ? pe_run_will_store(run, job, inputs, output) : NULL;
    uint64_t most[] = {request.process_bytes, request.kept_bytes, out->placement.is_crowded ? 1 : 0,
                       checkpoint != NULL ? 1 : 0};
    free(checkpoint);
    (void)pe_comm_max(run->comm, most, 4, err); /* the plan is the same on every rank */
    request.process_bytes = most[0];
    request.kept_bytes = most[1];
    request.is_crowded = most[2] != 0;
    request.stores_results = most[3] != 0;
    if (pe_run_agree(run, err) == PE_OK)
        make_plan(job, &request, &out->plan, err);
    if (pe_run_agree(run, err) == PE_OK)
        (void)pe_memory_limit_check(run->comm, &out->placement.limits.memory, &request, &out->plan,
                                    pe_form_worker_bytes(kernel->form), job->file, err);
    return pe_run_agree(run, err);
}

/* The memory of processes that the kernel runs in, which the plan's peak of a rank leaves out. */
void pe_run_print_processes(FILE *file, const pe_job *job, const pe_run_kernel *kernel, const pe_run_plan *plan)
{
    char each[32], all[32];
    const pe_form *const form = kernel->form;
    const int threads = plan->plan.threads;
    const uint64_t bytes = pe_form_worker_bytes(form);
    if (!pe_form_is_in_processes(form))
        return;
    (void)fprintf(file, "%-9s  %d a rank, one a worker: ", "processes", threads);
    if (bytes > 0)
        (void)fprintf(file, "%s each once the function is imported, %s a rank beside the peak above\n",
                      pe_print_bytes(each, bytes), pe_print_bytes(all, bytes * (uint64_t)threads));
    else if (job->kernel.kind == PE_FORM_COMMAND)
        (void)fputs("programs, whose memory is not known before they run\n", file);
    else
        (void)fputs("forks, which share the rank's memory\n", file);
}

void pe_run_print_plan(const pe_run_context *run, FILE *file, const pe_job *job, const pe_run_inputs *inputs,
                       const pe_output_spec *output, const pe_work_spec *work, const pe_run_plan *plan)
{
    pe_plan_report_print(file, job, inputs->inputs, inputs->items, work->kernel->name, &work->signature, output->format,
                         &plan->placement, &plan->plan);
    char *const checkpoint = pe_run_will_store(run, job, inputs, output);
    if (checkpoint != NULL)
        (void)fprintf(file, "%-9s  results behind an item that takes long go to %s.spill\n", "waiting", checkpoint);
    free(checkpoint);
}
