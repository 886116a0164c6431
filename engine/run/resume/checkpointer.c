/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* checkpointer.c - writes the checkpoint of a run at intervals, beside the work.
 *
 * Design:   a checkpoint is begun every half interval, so that with the time that it takes to write no more than one
 *           interval of work is lost. A checkpoint that cannot be written (a full disk) leaves the one before, and the run
 *           goes on; a sync that fails ends the run, since what it was to save may be gone.
 * Threads:  snapshot is the main thread's until the writing thread begins, and again once has_written is set.
 * Not here: what is listed (run/output/output.c), the file (checkpoint/checkpoint_file.c), the messages (ranks/sync.c).
 */
#include "run/resume/checkpointer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "os/file/durable.h"
#include "os/log.h"
#include "run/output/spilled_results.h"

typedef enum phase { WAITING, ASKING, WRITING } phase;

struct pe_checkpointer {
    pe_checkpointer_spec spec;
    bool has_members; /* other ranks are asked to sync, too */
    uint64_t due_ns;
    uint64_t began_ns, took_ns; /* of writing the last one */
    phase phase;
    pe_checkpoint snapshot;
    bool is_on_disk; /* the checkpoint lists something */
    bool has_warned;
    /* The thread that syncs, and on rank 0 writes. */
    pthread_t thread;
    bool has_thread;
    atomic_bool is_done;
    pe_error sync_error, write_error;
    uint64_t count, spent_ns; /* of what it has done */
};

/* ---- the snapshot ---- */

static void clear(pe_checkpointer *self)
{
    self->snapshot.manifest = (pe_manifest){0}; /* it is the resume stage's */
    pe_checkpoint_fini(&self->snapshot);
}

/* What is done at this moment, here and by earlier runs. */
static pe_status take_snapshot(pe_checkpointer *self, pe_error *err)
{
    const pe_checkpoint_progress *const before = &self->spec.resume->from.progress;
    pe_checkpoint_progress *const now = &self->snapshot.progress;
    clear(self);
    self->snapshot.manifest = self->spec.resume->from.manifest;
    now->runs = before->runs + 1;
    now->wall_ns = before->wall_ns + (pe_clock_ns() - self->spec.begin_ns);
    const pe_buffer *const history = &self->spec.resume->from.history;
    pe_status status = pe_buffer_append(&self->snapshot.history, history->data, history->size, err);
    if (status == PE_OK)
        status = pe_output_list(self->spec.output, &self->snapshot, err);
    if (status == PE_OK && self->spec.reduction != NULL)
        status = pe_reduction_save(self->spec.reduction, false, &now->state, &now->done, err);
    return status;
}

/* ---- the thread ---- */

static pe_status write_checkpoint(pe_checkpointer *self)
{
    pe_run_resume *const resume = self->spec.resume;
    pe_checkpoint_lock *const lock = resume->lock.path != NULL ? &resume->lock : NULL;
    if (!pe_output_stay_at_exit(self->spec.output))
        return pe_fail(&self->write_error, PE_EIO, "cannot write the checkpoint %s: its output was removed",
                       resume->path);
    return pe_checkpoint_write(&self->snapshot, resume->path, lock, &self->write_error);
}

/* Syncs what this rank has written. */
static pe_status sync_all(pe_checkpointer *self, pe_error *err)
{
    const pe_row_file *const rows = self->spec.rows;
    const pe_status status = self->spec.files != NULL ? pe_item_devices_sync(self->spec.files->devices, err) : PE_OK;
    if (status == PE_OK && self->spec.run->is_root)
        return pe_output_sync(self->spec.output, err);
    return status == PE_OK && pe_row_file_is_open(rows) ? pe_durable_data(rows->fd, rows->path, err) : status;
}

static void sync_and_write(pe_checkpointer *self)
{
    const bool is_synced = sync_all(self, &self->sync_error) == PE_OK;
    if (is_synced && self->spec.run->is_root)
        (void)write_checkpoint(self);
}

static void *sync_beside(void *context)
{
    pe_checkpointer *self = context;
    const uint64_t began = pe_clock_ns();
    sync_and_write(self);
    self->count++;
    self->spent_ns += pe_clock_ns() - began;
    atomic_store_explicit(&self->is_done, true, memory_order_release); /* publishes the errors and the counts */
    return NULL;
}

static pe_status begin_thread(pe_checkpointer *self, pe_error *err)
{
    atomic_store_explicit(&self->is_done, false, memory_order_relaxed);
    self->sync_error = self->write_error = (pe_error)PE_ERROR_INIT;
    self->has_thread = pthread_create(&self->thread, NULL, sync_beside, self) == 0;
    return self->has_thread ? PE_OK : pe_fail(err, PE_ENOMEM, "no thread could be created to write the checkpoint");
}

static bool is_thread_done(const pe_checkpointer *self)
{
    return atomic_load_explicit(&self->is_done, memory_order_acquire);
}

/* Waits for the thread, and takes its result. */
static pe_status end_thread(pe_checkpointer *self, pe_error *err)
{
    if (!self->has_thread)
        return PE_OK;
    (void)pthread_join(self->thread, NULL);
    self->has_thread = false;
    if (self->sync_error.status != PE_OK) {
        pe_error_merge(err, &self->sync_error);
        return err->status;
    }
    if (!self->spec.run->is_root)
        return PE_OK;
    if (self->write_error.status == PE_OK) {
        self->is_on_disk = true;
        pe_output_trim_spill(self->spec.output, self->snapshot.spilled_count);
    } else if (!self->has_warned) {
        pe_log(PE_LOG_WARN, "%s: the run goes on without it", self->write_error.text);
        self->has_warned = true;
    }
    return PE_OK;
}

/* ---- during the run ---- */

static pe_status begin_writing(pe_checkpointer *self, pe_error *err)
{
    pe_status status = PE_OK;
    if (self->spec.reduction != NULL || !self->has_members) /* else it was taken before the others were asked */
        status = take_snapshot(self, err);
    self->phase = WRITING;
    self->began_ns = pe_clock_ns();
    return status == PE_OK ? begin_thread(self, err) : status;
}

uint64_t pe_checkpointer_took_ns(const pe_checkpointer *self)
{
    return self == NULL ? 0 : self->took_ns;
}

static void wait_for_next(pe_checkpointer *self)
{
    self->phase = WAITING;
    self->due_ns = pe_clock_ns() + self->spec.job->checkpoint.interval_ns / 2;
}

pe_status pe_checkpointer_tick(pe_checkpointer *self, pe_error *err)
{
    if (self->phase == WRITING && is_thread_done(self)) {
        if (end_thread(self, err) != PE_OK)
            return err->status;
        self->took_ns = pe_clock_ns() - self->began_ns;
        wait_for_next(self);
    }
    if (self->phase != WAITING || pe_clock_ns() < self->due_ns || self->spec.resume->is_retry)
        return PE_OK;
    if (!self->has_members)
        return begin_writing(self, err);
    self->phase = ASKING;
    return self->spec.reduction == NULL ? take_snapshot(self, err) : PE_OK;
}

/* ---- between the ranks ---- */

static bool is_wanted(void *context)
{
    const pe_checkpointer *self = context;
    return self->phase == ASKING;
}

/* A member: begins to sync, later looks whether that is done, and then gives what it has folded. */
static pe_status sync_member(void *context, pe_buffer *state, bool *is_done, pe_error *err)
{
    pe_checkpointer *self = context;
    *is_done = false;
    if (!self->has_thread)
        return begin_thread(self, err);
    if (!is_thread_done(self))
        return PE_OK;
    *is_done = true;
    pe_status status = end_thread(self, err);
    if (status == PE_OK && self->spec.reduction != NULL)
        status = pe_reduction_save(self->spec.reduction, true, state, NULL, err);
    return status;
}

static pe_status take_state(void *context, const void *data, size_t size, pe_error *err)
{
    const pe_checkpointer *self = context;
    return self->spec.reduction == NULL ? PE_OK : pe_reduction_add(self->spec.reduction, data, size, err);
}

static pe_status all_are_synced(void *context, pe_error *err)
{
    return begin_writing(context, err);
}

pe_sync_functions pe_checkpointer_exchange(pe_checkpointer *self)
{
    if (self == NULL || !self->has_members)
        return (pe_sync_functions){.context = NULL};
    return (pe_sync_functions){
        .context = self, .is_wanted = is_wanted, .sync = sync_member, .take = take_state, .complete = all_are_synced};
}

/* ---- the end ---- */

/* Moves what the other ranks have folded to rank 0. Collective. */
static pe_status collect_states(pe_checkpointer *self, pe_error *err)
{
    pe_comm *const comm = self->spec.run->comm;
    for (int rank = 1; rank < pe_comm_size(comm) && self->spec.reduction != NULL; rank++) {
        const bool is_mine = pe_comm_rank(comm) == rank;
        pe_buffer state = {0};
        uint64_t size = 0;
        if (is_mine && pe_reduction_save(self->spec.reduction, true, &state, NULL, err) == PE_OK)
            size = state.size;
        (void)pe_comm_max(comm, &size, 1, err);
        if (!is_mine)
            (void)pe_buffer_reserve(&state, (size_t)size + 1, err);
        if (pe_comm_agree(comm, err) == PE_OK && pe_comm_bcast(comm, rank, state.data, (size_t)size, err) == PE_OK &&
            self->spec.run->is_root)
            (void)pe_reduction_add(self->spec.reduction, state.data, (size_t)size, err);
        pe_buffer_fini(&state);
        if (pe_comm_agree(comm, err) != PE_OK)
            break;
    }
    return err->status;
}

/* Rank 0: whether the checkpoint was written. */
static bool write_last(pe_checkpointer *self, bool is_finished, pe_error *err)
{
    if (take_snapshot(self, err) != PE_OK)
        return false;
    if (!is_finished)
        pe_sink_trim(self->spec.output->sink);
    self->snapshot.progress.is_complete = is_finished ? 1 : 0;
    if (is_finished && pe_item_set_add(&self->snapshot.progress.done, *self->spec.items, err) != PE_OK)
        return false; /* at the end the items of a reduction are not moved between ranks, and all are done */
    if (self->snapshot.progress.done.items == 0 && self->snapshot.spilled_count == 0 && !is_finished)
        return false;
    sync_and_write(self);
    pe_error_merge(err, &self->sync_error);
    pe_error_merge(err, &self->write_error);
    if (err->status == PE_OK)
        pe_output_trim_spill(self->spec.output, self->snapshot.spilled_count);
    return err->status == PE_OK;
}

uint64_t pe_checkpointer_spent(const pe_checkpointer *self, uint64_t *ns)
{
    *ns = self == NULL ? 0 : self->spent_ns;
    return self == NULL ? 0 : self->count;
}

bool pe_checkpointer_end(pe_checkpointer *self, bool is_finished, bool stays)
{
    pe_error err = PE_ERROR_INIT;
    if (self == NULL)
        return false;
    (void)end_thread(self, &err);
    if (!is_finished)
        (void)collect_states(self, &err);
    if (!self->spec.run->is_root || self->spec.output->sink == NULL)
        return false;
    if (self->spec.resume->is_retry && !is_finished)
        return false; /* nothing has changed */
    const bool was_on_disk = self->is_on_disk || self->spec.resume->is_resumed || self->spec.resume->is_retry;
    bool is_on_disk = was_on_disk;
    if (err.status == PE_OK && (!is_finished || was_on_disk || stays)) {
        self->sync_error = self->write_error = (pe_error)PE_ERROR_INIT;
        is_on_disk = write_last(self, is_finished, &err) || (was_on_disk && !is_finished);
    }
    if (err.status != PE_OK)
        pe_log(PE_LOG_WARN, "%s: %s", err.text,
               was_on_disk ? "the checkpoint before it stays" : "there is no checkpoint");
    return is_on_disk;
}

pe_status pe_checkpointer_make(const pe_checkpointer_spec *spec, pe_checkpointer **out, pe_error *err)
{
    pe_checkpointer *self = NULL;
    if (!spec->resume->writes_checkpoints)
        return PE_OK;
    const pe_status status = pe_make_array(&self, 1, sizeof *self, err);
    if (status != PE_OK)
        return status;
    self->spec = *spec;
    self->has_members = pe_comm_size(spec->run->comm) > 1 &&
                        (spec->reduction != NULL || spec->files != NULL || pe_row_file_is_open(spec->rows));
    self->sync_error = self->write_error = (pe_error)PE_ERROR_INIT;
    atomic_init(&self->is_done, false);
    wait_for_next(self);
    *out = self;
    return PE_OK;
}

void pe_checkpointer_free(pe_checkpointer *self)
{
    pe_error ignored = PE_ERROR_INIT; /* pe_checkpointer_end has reported it */
    if (self == NULL)
        return;
    (void)end_thread(self, &ignored);
    clear(self);
    free(self);
}
