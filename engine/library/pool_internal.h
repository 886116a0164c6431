/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_internal.h - what the files of a pool share.
 *
 * Design:  pool.c has the threads, pool_turns.c who may use them when, pool_kernel.c the kernels, pool_task.c the calls
 *          of the public header, pool_run.c runs a call whose turn it is, pool_deliver.c takes its results.
 */
#ifndef PE_POOL_INTERNAL_H
#define PE_POOL_INTERNAL_H

#include <pthread.h>
#include <sys/types.h>

#include "base/arena.h"
#include "comm/comm.h"
#include "job/job.h"
#include "kernel/form.h"
#include "library/columns/column_worker.h"
#include "report/failure_log.h"
#include "threads/team.h"
#include "worker/stop_record.h"
#include <pengine/ranks.h>

/* Calls of a pool run one after the other: each takes a ticket and waits for its turn. */
struct pe_pool {
    pid_t pid;                 /* of the process that opened it; constant, as the next fields */
    int threads, most_threads; /* of this rank, of any rank */
    size_t memory_bytes;
    bool is_crowded;
    bool is_over_ranks; /* MPI is called by the threads that call the pool, and by no other */
    pe_comm *comm;
    pe_team *team;
    pthread_mutex_t mutex; /* guards the fields below */
    pthread_cond_t changed;
    pthread_cond_t queued;      /* for the manager thread alone: a call that it need not run does not wake it */
    uint64_t tickets, turn;     /* given so far; the one that may run */
    pe_pool_task *first, *last; /* tasks that the manager thread has not begun */
    pe_pool_task *current;      /* the one whose turn it is, or NULL */
    pe_pool_kernel *kernels;
    int visitors; /* threads that wait for a task */
    atomic_bool is_closing;
};

struct pe_pool_kernel {
    pe_pool *pool; /* constant, as the next fields */
    pe_job *job;
    pe_form_spec spec;
    pe_form *form; /* NULL: a descriptor of the program */
    pe_type columns[PE_MAX_COLUMNS];
    bool untyped[PE_MAX_COLUMNS]; /* none is */
    int column_count;
    pe_work_kernel work;
    pe_work_errors errors;
    char signature[PE_SIGNATURE_ROOM];
    pe_idle_calls *idle_calls;
    atomic_bool stop;  /* the current run is to end; whose turn it is, cancel */
    double ns_an_item; /* of one thread, as last measured; 0: not known. Whose turn it is */
    pe_pool_kernel *next;
};

/* What all ranks have to know of a call; rank 0 sends it. */
typedef struct pe_call_shape {
    uint64_t count, chunk_size;
    int has_source, has_sink, is_unordered;
} pe_call_shape;

/* A call. Whose turn it is owns all fields but those under the mutex. */
struct pe_pool_task {
    pe_pool_kernel *kernel;
    pe_pool_call call; /* rank 0's; elsewhere all zero */
    pe_call_shape shape;
    const void *args[PE_MAX_COLUMNS];
    void *results[PE_MAX_COLUMNS];
    bool is_direct; /* workers write into the results */
    uint64_t ticket;
    atomic_bool is_cancelled;
    atomic_uint_fast64_t items; /* delivered */
    pe_error err;
    pe_fault fault;  /* as pe_pool_wait gives it */
    uint64_t read;   /* items from the source so far */
    bool is_spread;  /* items lie on all ranks: pe_pool_map_blocks */
    uint64_t origin; /* the first item of args and results; with is_spread this rank's, counted over all ranks */
    uint64_t first;  /* the item that the current run counts as 0 */
    uint64_t most;   /* items that the source is asked for at once */
    pe_failure_log log;
    pe_stop_record stop_record;
    pe_arena texts; /* of results, and reasons */
    pe_pool_failure *failures;
    size_t failure_count, failure_room;
    atomic_bool is_ended; /* set under the pool's mutex; once it is, the pool may be gone */
    pe_pool_task *next;
};

/* ---- pool_turns.c ---- */

/* pe_pool_check - may this thread call the pool? PE_EUSAGE after fork(), from inside a call, and on a closing pool.
 * pe_pool_check_caller: a closing pool is fine. */
pe_status pe_pool_check(const pe_pool *pool, pe_error *err);
pe_status pe_pool_check_caller(const pe_pool *pool, pe_error *err);

/* pe_pool_run_turn - wait for the turn of a task, run it on this thread, end it. */
void pe_pool_run_turn(pe_pool *pool, pe_pool_task *task);
/* pe_pool_run_next - do the same for a task that has a ticket already, under the mutex. */
void pe_pool_run_next(pe_pool *pool, pe_pool_task *task);
/* pe_pool_run_now - do the same if nothing else runs or waits and the task is small; false: not done. */
bool pe_pool_run_now(pe_pool *pool, pe_pool_task *task);
/* pe_pool_enqueue - let the manager thread run the task when its turn comes. */
void pe_pool_enqueue(pe_pool *pool, pe_pool_task *task);

/* pe_pool_drain - wait until the calls so far have ended. */
void pe_pool_drain(pe_pool *pool);

/* pe_pool_fault - err as a fault, and its code; fault may be NULL. */
int pe_pool_fault(const pe_error *err, pe_fault *fault);

/* ---- pool_kernel.c ---- */

void pe_pool_free_kernel(pe_pool_kernel *kernel);

/* ---- pool_run.c ---- */

/* pe_pool_execute - run the task, whose turn it is, to its end; what went wrong is in task->err. Collective over
 * pool->comm. */
void pe_pool_execute(pe_pool_task *task);
/* pe_pool_is_small - is waking a thread more costly than the task? */
bool pe_pool_is_small(const pe_pool_task *task);

/* ---- pool_blocks.c ---- */

/* pe_pool_run_blocks - the items of a task that lie on all ranks; what went wrong is in task->err. Collective. */
void pe_pool_run_blocks(pe_pool_task *task);

/* ---- pool_plan.c ---- */

/* pe_pool_plan - make the plan for `items` items, or PE_ITEMS_UNKNOWN, of the task on this many ranks. PE_ECONFIG. */
pe_status pe_pool_plan(const pe_pool_task *task, uint64_t items, int ranks, pe_plan *plan, pe_error *err);
/* pe_pool_work - what its workers do; items from `first` on. */
pe_column_work pe_pool_work(const pe_pool_task *task, const pe_plan *plan, uint64_t first);
/* pe_pool_pack - append the columns of a block of this rank's items, as one column_block; context is the task. */
pe_status pe_pool_pack(void *context, pe_block items, pe_buffer *payload, pe_error *err);
/* pe_pool_order - the order in which results are delivered, where so many ranks compute. */
pe_order pe_pool_order(const pe_call_shape *shape, int ranks);

/* ---- pool_deliver.c ---- */

/* pe_pool_deliver - take results of the task, as pe_rank_pool_spec.write. */
pe_status pe_pool_deliver(void *task, const pe_chunk_result *out, pe_error *err);
/* pe_pool_add_failure - add a failed item; they may come in any order. PE_ENOMEM. */
pe_status pe_pool_add_failure(pe_pool_task *task, const pe_failed_note *note, pe_error *err);
/* pe_pool_sort_failures - sort the failures, when all are there. */
void pe_pool_sort_failures(pe_pool_task *task);

static inline bool pe_pool_is_root(const pe_pool *pool)
{
    return pe_comm_rank(pool->comm) == 0;
}

static inline pe_column_types pe_pool_result_types(const pe_pool_kernel *kernel)
{
    return (pe_column_types){kernel->work.signature.results, kernel->work.signature.result_count};
}

static inline pe_column_types pe_pool_column_types(const pe_pool_kernel *kernel)
{
    return (pe_column_types){kernel->columns, kernel->column_count};
}

#endif
