/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stages.h - the stages of a run, and the data that goes from one to the next.
 *
 * Design:  a stage takes what it reads as const arguments and fills *out, which comes zero-initialised. What a stage made
 *          is ended by its _fini, also after a failure and when it was never filled. Pointers in it borrow from what
 *          earlier stages made, and from *out itself, so it stays where it was made.
 * Call:    every rank calls every stage, on the main thread, in the order of run.c. Collective.
 * Returns: every stage ends with pe_run_agree: PE_OK on every rank, or the same error on every rank, which is in err.
 */
#ifndef PE_STAGES_H
#define PE_STAGES_H

#include <stdio.h>

#include "checkpoint/spill.h"
#include "report/run_facts.h"
#include "run/context.h"
#include "run/expression/argument_names.h"
#include "run/expression/condition.h"
#include "run/output/kept/kept_columns.h"
#include "run/prepare/job_to_specs.h"
#include "threads/placement/thread_placement.h"
#include "worker/worker.h"

/* The open inputs. */
typedef struct pe_run_inputs {
    pe_inputs *inputs;
    pe_block items;       /* of the job's items, those of the output */
    pe_item_set todo;     /* of these, those that this run computes; the plan and the pool count them from 0 */
    pe_kept_columns kept; /* columns in front of the results */
} pe_run_inputs;

/* The open kernel. */
typedef struct pe_run_kernel {
    pe_type column_types[PE_MAX_COLUMNS]; /* the inputs' columns */
    bool untyped[PE_MAX_COLUMNS];
    bool is_path[PE_MAX_COLUMNS]; /* a column of file names, from a glob */
    pe_dtype numbers[PE_MAX_COLUMNS];
    pe_item_shape shapes[PE_MAX_COLUMNS];
    pe_argument_names arguments; /* of an expression */
    pe_form_spec spec;
    pe_form *form;
    pe_condition condition; /* [kernel] where */
} pe_run_kernel;

/* What an earlier run has done, and what this run records of itself. */
typedef struct pe_run_resume {
    bool writes_checkpoints; /* this run writes checkpoints; on every rank */
    bool is_resumed;         /* it goes on where an earlier run ended; on every rank */
    bool is_retry;         /* items that failed are computed again, and their rows put into the output; on every rank */
    bool forgets_failures; /* the items that failed in earlier runs are tried again; on every rank */
    bool is_over;          /* nothing is left to do; on every rank */
    /* Rank 0: */
    char *path;              /* of the checkpoint */
    char *marker;            /* the name of the output's marker where the usual one is the checkpoint's; else NULL */
    pe_checkpoint_lock lock; /* where there is no locked output beside it */
    pe_checkpoint from;      /* the manifest of this job; where the run is resumed, the progress of the earlier ones */
    pe_item_set done;        /* the items that the earlier runs have done */
    pe_spill *spill;         /* what they have spilled, until the output takes it; NULL: nothing */
    pe_sink_mark mark;       /* where their output ends; its state borrows from `from` */
} pe_run_resume;

/* What the stages before the plan have made, for the stages that read all of it. */
typedef struct pe_run_prepared {
    const pe_job *job;
    const pe_run_inputs *inputs;
    const pe_run_kernel *kernel;
    const pe_output_spec *output;
    const pe_work_spec *work;
} pe_run_prepared;

/* How the items are cut, and which threads of which ranks compute them. */
typedef struct pe_run_plan {
    pe_thread_placement placement;
    pe_plan plan;
} pe_run_plan;

/* ---- from a job file to a plan: prepare/, a file for each stage ---- */

/* pe_run_read_job - rank 0 reads the job file; all ranks parse it. */
pe_status pe_run_read_job(const pe_run_context *run, pe_job **out, pe_error *err);

/* pe_run_check_paths - check that no file is written that is read, and that each can be made. */
pe_status pe_run_check_paths(const pe_run_context *run, const pe_job *job, pe_error *err);

/* pe_run_open_inputs - rank 0 opens the inputs; the other ranks open theirs from what rank 0 sends. */
pe_status pe_run_open_inputs(const pe_run_context *run, const pe_job *job, pe_run_inputs *out, pe_error *err);
void pe_run_inputs_fini(pe_run_inputs *inputs);

/* pe_run_open_kernel - rank 0 compiles what has to be compiled; all ranks open the kernel, and bind the inputs' columns to
 * its arguments. */
pe_status pe_run_open_kernel(const pe_run_context *run, const pe_job *job, pe_run_inputs *inputs, pe_run_kernel *out,
                             pe_error *err);
void pe_run_kernel_fini(pe_run_kernel *kernel);

/* pe_run_check_kernel - check what can be known of the kernel without compiling, loading or importing code of the job. */
pe_status pe_run_check_kernel(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs, pe_error *err);

/* pe_run_define_work - define what the output looks like and what a worker does with an item: all of the work spec but
 * the plan, and what pe_run_execute opens. */
pe_status pe_run_define_work(const pe_run_context *run, const pe_job *job, const pe_run_inputs *inputs,
                             const pe_run_kernel *kernel, pe_output_spec *output, pe_work_spec *work, pe_error *err);
void pe_work_spec_fini(pe_work_spec *work);

/* pe_run_resume_work - with --resume, or without a choice, look at the checkpoint of an earlier run: the items that it lists
 * leave inputs->todo, and the output goes on after what they have written. In resume/resume.c. */
pe_status pe_run_resume_work(const pe_run_context *run, const pe_job *job, pe_run_inputs *inputs,
                             const pe_run_kernel *kernel, pe_output_spec *output, pe_run_resume *out, pe_error *err);
void pe_run_resume_fini(pe_run_resume *resume);
/* pe_run_spills_results - whether results that wait for an earlier item are spilled: where the order of the results counts and
 * a checkpoint lists them. The same on every rank. */
bool pe_run_spills_results(const pe_job *job, const pe_run_resume *resume);
/* pe_run_spill_checkpoint - the path of the checkpoint whose spill file they would go to. For the plan, before it is known
 * whether the run is resumed. Rank 0. Owns: the path is the caller's; NULL: they wait in memory. */
char *pe_run_spill_checkpoint(const pe_job *job, const pe_run_inputs *inputs, const pe_output_spec *output);

/* pe_run_make_plan - threads, slices, chunks and memory: the same plan on every rank. */
pe_status pe_run_make_plan(const pe_run_context *run, const pe_run_prepared *prepared, pe_run_plan *out, pe_error *err);

/* pe_run_print_plan - print the table of --plan. Not collective. */
void pe_run_print_plan(FILE *file, const pe_run_prepared *prepared, const pe_run_plan *plan);

/* pe_run_print_processes - print, after the plan, the processes that the kernel runs in, and their memory. Not collective. */
void pe_run_print_processes(FILE *file, const pe_run_prepared *prepared, const pe_run_plan *plan);

/* ---- from a plan to a committed output: execute/ ---- */

/* pe_run_execute - compute all items that are left and commit the output. What became of the run goes into rank 0's facts,
 * also after a failure. */
pe_status pe_run_execute(const pe_run_context *run, const pe_run_prepared *prepared, const pe_run_plan *plan,
                         pe_run_resume *resume, pe_run_facts *facts, pe_error *err);

#endif
