/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* run.c - the conductor: the stages of a run, in their order.
 *
 * Design: a run is the list of stages in conduct(), each of which does its part on every rank and ends at a meeting
 *         point (pe_comm_agree), so that all ranks go on together or stop together with one error.
 *
 *             job -> inputs -> kernel -> plan          prepare.c
 *             output -> pool -> commit                 perform.c
 *
 * Threads: the main thread.
 * Not here: how any stage does its work.
 */
#include "run/run.h"

#include <stdio.h>

#include "comm/launcher.h"
#include "os/log.h"
#include "run/context.h"
#include "run/error_policy.h"
#include "run/lost_rank.h"

static pe_status print_job(pe_run_context *self)
{
    if (self->is_root)
        (void)pe_job_print(self->job, stdout, &self->err);
    return pe_run_agree(self);
}

static void show_plan(pe_run_context *self)
{
    if (!self->is_root)
        return;
    if (self->options->action == PE_ACTION_PLAN) {
        pe_run_show_plan(self, stdout);
        if (fflush(stdout) != 0)
            (void)pe_fail(&self->err, PE_EIO, "stdout: a write failed");
    } else {
        pe_log(PE_LOG_INFO, "%s: valid", self->job->file);
    }
}

static pe_status conduct(pe_run_context *self)
{
    const pe_run_action action = self->options->action;
    pe_status status = pe_run_read_job(self);
    if (status == PE_OK && action == PE_ACTION_PRINT_CONFIG)
        return print_job(self);
    if (status == PE_OK)
        status = pe_run_open_inputs(self);
    if (status == PE_OK)
        status = pe_run_choose_kernel(self);
    if (status == PE_OK)
        status = pe_run_make_plan(self);
    if (status != PE_OK)
        return status;
    if (action == PE_ACTION_RUN)
        return pe_run_execute(self);
    show_plan(self);
    return pe_run_agree(self);
}

static void tell(const pe_run_context *self)
{
    if (self->err.status == PE_ECLOSED)
        pe_log(PE_LOG_INFO, "%s", self->err.text);
    else if (self->err.status != PE_OK)
        pe_log(PE_LOG_ERROR, "%s", self->err.text);
}

int pe_run(const pe_run_options *options)
{
    static const pe_log_level levels[] = {
        [PE_QUIET] = PE_LOG_ERROR, [PE_NORMAL] = PE_LOG_INFO, [PE_VERBOSE] = PE_LOG_DEBUG};
    pe_run_context self = {.options = options, .err = PE_ERROR_INIT};
    pe_heartbeat *heartbeat = NULL;
    pe_status status = pe_comm_open(pe_launcher_is_present(), &self.comm, &self.err);
    if (status == PE_OK) {
        self.is_root = pe_comm_rank(self.comm) == 0;
        pe_log_init(self.is_root, levels[options->verbosity]);
        (void)pe_lost_rank_watch(self.comm, &heartbeat, &self.err); /* a failure is met at the first meeting point */
        status = conduct(&self);
    }
    tell(&self);
    pe_reduction_free(self.reduction);
    pe_error_policy_unset(&self.spec);
    pe_form_close(self.form);
    pe_inputs_close(self.inputs);
    pe_specs_fini(&self.specs);
    pe_job_free(self.job);
    pe_error late = PE_ERROR_INIT;
    if (pe_heartbeat_end(heartbeat, &late) != PE_OK && status == PE_OK)
        pe_log(PE_LOG_ERROR, "%s", late.text);
    pe_comm_close(self.comm);
    return pe_status_exit(status);
}
