/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crew.c - run a plan: what every rank does, and one rank alone.
 *
 * Design: workers claim chunks and compute them; this rank's line delivers them in the order of their items. On one
 *         rank a delivered chunk goes straight to the sink, from the thread that delivers it. On several the chunks of a
 *         slice are gathered in the buffer of its first one, and the slice goes on to the main thread (root.c on rank 0,
 *         member.c on the others).
 * Threads: crew_parts.h says who writes what.
 * Not here: which slices this rank gets.
 */
#include "threads/rank_pool.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "threads/rank_pool_internal.h"
#include "threads/threads_omp.h"

#define NAP_LEAST_NS 20000u
#define NAP_MOST_NS 1000000u
#define NAP_AWAITED_NS 50000u /* results under way: a fast network carries half a megabyte meanwhile */
#define SOLO_NAP_NS 50000000u
#define GRACE_NS 500000000u /* for the chunks under way: a failing run ends within a second, but for a slow reader */
#define SOLO_POLL_MS 20
#define RUN_NS 50000u   /* some 50 times what handing out costs */
#define PAYLOAD_SHARE 4 /* of the planned buffers: items of unusual size stand for results as large or larger */

void pe_crew_ring(pe_crew *crew)
{
    (void)pthread_mutex_lock(&crew->mutex);
    crew->has_rung = true;
    (void)pthread_cond_signal(&crew->bell);
    (void)pthread_mutex_unlock(&crew->mutex);
}

void pe_crew_wait(pe_crew *crew, uint64_t nap_ns)
{
    const uint64_t until = pe_clock_ns() + nap_ns;
    const struct timespec deadline = {.tv_sec = (time_t)(until / 1000000000u), .tv_nsec = (long)(until % 1000000000u)};
    (void)pthread_mutex_lock(&crew->mutex);
    if (!crew->has_rung)
        (void)pthread_cond_timedwait(&crew->bell, &crew->mutex, &deadline);
    crew->has_rung = false;
    (void)pthread_mutex_unlock(&crew->mutex);
}

uint64_t pe_crew_nap(uint64_t nap_ns, bool is_awaited)
{
    const uint64_t most = is_awaited ? NAP_AWAITED_NS : NAP_MOST_NS;
    return nap_ns == 0 ? NAP_LEAST_NS : nap_ns * 2 < most ? nap_ns * 2 : most;
}

void pe_crew_stop(pe_crew *crew)
{
    atomic_store_explicit(crew->stop, true, memory_order_release); /* after the error: who sees stop may read it */
    pe_claims_stop(crew->claims);
    pe_crew_ring(crew);
}

void pe_crew_begin_grace(pe_crew *crew)
{
    uint_fast64_t never = 0;
    (void)atomic_compare_exchange_strong_explicit(&crew->failing_ns, &never, pe_clock_ns(), memory_order_release,
                                                  memory_order_relaxed); /* after the error, as stop */
}

void pe_crew_fail(pe_crew *crew, const pe_error *err)
{
    assert(err->status != PE_OK);
    (void)pthread_mutex_lock(&crew->mutex);
    pe_error_merge(&crew->error, err);
    (void)pthread_mutex_unlock(&crew->mutex);
    if (err->item == PE_NO_ITEM) {
        pe_crew_stop(crew);
        return;
    }
    pe_crew_begin_grace(crew);
    pe_claims_stop(crew->claims);
    pe_crew_ring(crew);
}

uint64_t pe_crew_failing_item(pe_crew *crew)
{
    if (atomic_load_explicit(&crew->failing_ns, memory_order_acquire) == 0)
        return PE_NO_ITEM;
    (void)pthread_mutex_lock(&crew->mutex);
    const uint64_t item = crew->error.item;
    (void)pthread_mutex_unlock(&crew->mutex);
    return item;
}

bool pe_crew_end_grace(pe_crew *crew)
{
    const uint64_t since = atomic_load_explicit(&crew->failing_ns, memory_order_acquire);
    if (atomic_load_explicit(&crew->is_writing, memory_order_relaxed)) /* a hint: a look later tells more */
        return pe_crew_is_stopped(crew);
    if (since != 0 && pe_clock_ns() - since > GRACE_NS && !pe_crew_is_stopped(crew))
        pe_crew_stop(crew);
    return pe_crew_is_stopped(crew);
}

bool pe_crew_is_stopped(pe_crew *crew)
{
    return atomic_load_explicit(crew->stop, memory_order_acquire);
}

/* What was computed before the failed item waits for its reader as any other: the moment begins anew. */
static void renew_grace(pe_crew *crew)
{
    if (atomic_load_explicit(&crew->failing_ns, memory_order_relaxed) != 0) /* begun before, by whoever failed */
        atomic_store_explicit(&crew->failing_ns, pe_clock_ns(), memory_order_release);
}

void pe_crew_write(pe_crew *crew, const pe_outcome *out)
{
    const pe_crew_spec *spec = crew->spec;
    pe_error err = PE_ERROR_INIT;
    if (pe_crew_is_stopped(crew))
        return;
    atomic_store_explicit(&crew->is_writing, true, memory_order_relaxed);
    if (spec->write(spec->context, out, &err) != PE_OK)
        pe_crew_fail(crew, &err);
    else
        atomic_fetch_add_explicit(&crew->items, out->items,
                                  memory_order_relaxed); /* a count for people: orders nothing */
    renew_grace(crew);
    atomic_store_explicit(&crew->is_writing, false, memory_order_relaxed);
}

void pe_crew_done_with(pe_crew *crew, pe_task *task)
{
    if (task->whole != NULL)
        pe_claims_release(crew->claims, task->whole);
    if (!task->is_cut)
        pe_claims_recycle(crew->claims, task);
}

pe_task *pe_crew_finished(pe_crew *crew)
{
    (void)pthread_mutex_lock(&crew->mutex);
    pe_task *task = crew->finished;
    if (task != NULL)
        crew->finished = task->next;
    (void)pthread_mutex_unlock(&crew->mutex);
    return task;
}

static void finish_slice(pe_crew *crew, pe_task *task)
{
    task->next = NULL;
    (void)pthread_mutex_lock(&crew->mutex);
    if (crew->finished != NULL)
        crew->finished_last->next = task;
    else
        crew->finished = task;
    crew->finished_last = task;
    (void)pthread_mutex_unlock(&crew->mutex);
    pe_crew_ring(crew);
}

static pe_chunk *chunk_at(pe_place_in_line *place)
{
    return (pe_chunk *)place; /* its first field */
}

/* The line's callback on one rank: a chunk's turn has come. */
static bool deliver_to_sink(void *context, pe_place_in_line *place)
{
    pe_crew *crew = context;
    pe_chunk *chunk = chunk_at(place);
    pe_task *task = chunk->task;
    task->delivered += chunk->out.items;
    if (chunk->out.items > 0)
        pe_crew_write(crew, &chunk->out);
    if (task->delivered == task->block.count)
        pe_claims_recycle(crew->claims, task);
    return true;
}

static void release_chunk(void *context, pe_place_in_line *place)
{
    const pe_crew *crew = context;
    pe_claims_release(crew->claims, chunk_at(place));
}

static pe_status append(pe_outcome *whole, const pe_outcome *part, pe_error *err)
{
    whole->items += part->items;
    whole->rows += part->rows;
    whole->placed += part->placed;
    const pe_status status = pe_buffer_append(&whole->bytes, part->bytes.data, part->bytes.size, err);
    return status == PE_OK ? pe_buffer_append(&whole->log, part->log.data, part->log.size, err) : status;
}

/* The line's callback on several ranks: the chunk joins its slice, which ends with the chunk where an item ended the
 * run. */
static bool deliver_to_slice(void *context, pe_place_in_line *place)
{
    pe_crew *crew = context;
    pe_chunk *chunk = chunk_at(place);
    pe_task *task = chunk->task;
    pe_error err = PE_ERROR_INIT;
    task->work_ns += chunk->work_ns;
    task->delivered += chunk->out.items;
    const bool is_first = task->whole == NULL;
    if (is_first)
        task->whole = chunk;
    else if (append(&task->whole->out, &chunk->out, &err) != PE_OK)
        pe_crew_fail(crew, &err);
    if (place->is_last && crew->spec->plan->order != PE_ORDER_UNORDERED) {
        task->is_cut = true;
        task->block.count = task->delivered;
    }
    if (task->delivered == task->block.count && task->delivered > 0)
        finish_slice(crew, task);
    return !is_first; /* that one is released with its task */
}

/* An item ends the run: what the chunk has before it is the end of what is delivered. Nothing is claimed any more by
 * then: nobody can stand behind a chunk that is done. */
static void fail_chunk(pe_crew *crew, pe_chunk *chunk, const pe_error *err)
{
    pe_crew_fail(crew, err);
    if (err->item != PE_NO_ITEM)
        pe_line_done(crew->line, &chunk->place, true);
}

static void work_on(pe_crew *crew, void *step, int worker)
{
    const pe_crew_spec *spec = crew->spec;
    uint64_t busy_ns = 0;
    for (pe_chunk *chunk = NULL; (chunk = pe_claims_take(crew->claims, worker)) != NULL;) {
        pe_error err = PE_ERROR_INIT;
        const uint64_t began = pe_clock_ns();
        if (spec->run(step, &chunk->portion, &chunk->task->payload, &chunk->out, crew->stop, &err) != PE_OK) {
            fail_chunk(crew, chunk, &err);
            break;
        }
        if (pe_crew_is_stopped(crew))
            break; /* the chunk may be cut short */
        chunk->work_ns = pe_clock_ns() - began;
        pe_pace_learn(&crew->pace, chunk->out.items, chunk->work_ns);
        pe_line_done(crew->line, &chunk->place, false);
        busy_ns += pe_clock_ns() - began;
    }
    atomic_fetch_add_explicit(&crew->busy_ns, busy_ns, memory_order_relaxed);
}

static void work(void *context, int worker)
{
    pe_crew *crew = context;
    const pe_crew_spec *spec = crew->spec;
    pe_error err = PE_ERROR_INIT;
    void *step = NULL;
    if (spec->open(spec->context, &step, &err) != PE_OK)
        pe_crew_fail(crew, &err);
    else
        work_on(crew, step, worker);
    spec->close(step);
    atomic_fetch_sub_explicit(&crew->workers, 1, memory_order_release); /* all that this worker did comes before */
    pe_crew_ring(crew);
}

void pe_crew_tick(pe_crew *crew)
{
    const pe_crew_spec *spec = crew->spec;
    pe_error err = PE_ERROR_INIT;
    if (pe_crew_is_stopped(crew))
        return;
    if (spec->tick(spec->context, atomic_load_explicit(&crew->items, memory_order_relaxed), &err) != PE_OK)
        pe_crew_fail(crew, &err);
}

void pe_crew_linger(pe_crew *crew)
{
    pe_claims_close(crew->claims);
    while (atomic_load_explicit(&crew->workers, memory_order_acquire) > 0) {
        pe_crew_wait(crew, SOLO_NAP_NS);
        (void)pe_crew_end_grace(crew);
        pe_crew_tick(crew);
    }
}

/* Reads a stream a few chunks ahead of the workers. */
static pe_status feed(pe_crew *crew, bool *ended, pe_error *err)
{
    const pe_crew_spec *spec = crew->spec;
    pe_task *task = NULL;
    const bool is_heavy = pe_claims_payload(crew->claims) > spec->plan->buffer_bytes / PAYLOAD_SHARE;
    if (is_heavy || pe_claims_backlog(crew->claims) >= (uint64_t)spec->plan->depth) {
        pe_crew_wait(crew, NAP_MOST_NS);
        return PE_OK;
    }
    pe_status status = pe_claims_task(crew->claims, &task, err);
    if (status != PE_OK)
        return status;
    status = spec->next(spec->context, SOLO_POLL_MS, &task->payload, &task->block, ended, err);
    if (status == PE_OK && task->block.count > 0)
        pe_claims_push(crew->claims, task);
    else
        pe_claims_recycle(crew->claims, task);
    return status;
}

static bool is_ending(pe_crew *crew)
{
    return pe_crew_is_stopped(crew) || pe_crew_failing_item(crew) != PE_NO_ITEM;
}

void pe_solo_lead(pe_crew *crew)
{
    const pe_crew_spec *spec = crew->spec;
    pe_error err = PE_ERROR_INIT;
    pe_status status = PE_OK;
    if (spec->is_stream) {
        for (bool ended = false; !ended && status == PE_OK && !is_ending(crew); pe_crew_tick(crew))
            status = feed(crew, &ended, &err);
    } else if (spec->plan->items > 0) {
        pe_task *task = NULL; /* all items are one grant: the workers need nobody to give them more */
        status = pe_claims_task(crew->claims, &task, &err);
        if (status == PE_OK) {
            task->block = (pe_block){.first = 0, .count = spec->plan->items};
            pe_claims_push(crew->claims, task);
        }
    }
    if (status != PE_OK)
        pe_crew_fail(crew, &err);
    pe_crew_linger(crew);
}

static void lead(void *context)
{
    pe_crew *crew = context;
    pe_comm *comm = crew->spec->comm;
    if (pe_comm_size(comm) == 1)
        pe_solo_lead(crew);
    else if (pe_comm_rank(comm) == 0)
        pe_root_lead(crew);
    else
        pe_member_lead(crew);
}

static void idle(void *context)
{
    pe_crew_ring(context);
}

/* Few buffers in turn stay in the caches. Chunks that come out without bytes have none, and a worker need not wait. */
static int warm_chunks(const pe_crew_spec *spec)
{
    const bool is_empty = spec->plan->chunk_out_bytes <= PE_CACHE_LINE; /* the least that a plan says */
    return is_empty ? spec->plan->slots : 2 * spec->threads + 1;
}

/* Chunks of the size that the user chose are handed out singly, but for those that take less time than that. */
static void init_pace(pe_pace *pace, const pe_plan *plan)
{
    const bool is_given = plan->is_fixed;
    pe_pace_init(pace, &(pe_pace_spec){.least = is_given ? plan->grain_items : 1,
                                       .most = plan->chunk_items,
                                       .unit = is_given ? plan->grain_items : 1,
                                       .share = pe_plan_share(plan),
                                       .piece_ns = is_given ? RUN_NS : 0});
}

_Static_assert(sizeof(pe_chunk) <= PE_PLAN_CHUNK_BYTES, "the plan counts more for a chunk");

static pe_status init(pe_crew *crew, const pe_crew_spec *spec, pe_error *err)
{
    const pe_plan *plan = spec->plan;
    const bool is_ordered = plan->order != PE_ORDER_UNORDERED;
    const bool is_solo = pe_comm_size(spec->comm) == 1;
    pthread_condattr_t monotonic;

    *crew = (pe_crew){.spec = spec, .stop = spec->stop, .error = PE_ERROR_INIT};
    atomic_init(&crew->failing_ns, 0);
    atomic_init(&crew->is_writing, false);
    atomic_init(&crew->workers, spec->threads);
    atomic_init(&crew->busy_ns, 0);
    atomic_init(&crew->items, 0);
    (void)pthread_mutex_init(&crew->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&crew->bell, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    init_pace(&crew->pace, plan);
    const pe_status status =
        pe_line_make(is_ordered, is_solo ? deliver_to_sink : deliver_to_slice, release_chunk, crew, &crew->line, err);
    if (status != PE_OK)
        return status;
    const pe_claims_spec claims = {.buffers = plan->chunks_most,
                                   .items = (uint64_t)plan->slots * plan->chunk_items,
                                   .bytes = plan->result_bytes,
                                   .warm = warm_chunks(spec),
                                   .workers = spec->threads,
                                   .grain = plan->grain_items,
                                   .chunk_bytes = plan->chunk_out_bytes * plan->chunks_per_slice * plan->run_slices,
                                   .pace = &crew->pace,
                                   .line = crew->line,
                                   .idle = idle,
                                   .context = crew};
    return pe_claims_make(&claims, &crew->claims, err);
}

static pe_status run_threads(pe_crew *crew)
{
    pe_error err = PE_ERROR_INIT;
    const pe_status status = pe_pool_run(crew->spec->threads, work, lead, crew, &err);
    if (status != PE_OK) { /* no worker ran here; the other ranks must still hear of it */
        atomic_store_explicit(&crew->workers, 0, memory_order_relaxed);
        pe_crew_fail(crew, &err);
        lead(crew);
    }
    return status;
}

pe_status pe_crew_run(const pe_crew_spec *spec, pe_crew_stats *stats, pe_error *err)
{
    pe_crew crew;
    const uint64_t began = pe_clock_ns();
    (void)init(&crew, spec, err);
    pe_status status = pe_comm_agree(spec->comm, err); /* nobody starts alone */
    if (status == PE_OK)
        status = run_threads(&crew);
    if (crew.error.status != PE_OK) {
        pe_error_merge(err, &crew.error);
        status = crew.error.status;
    }
    *stats = (pe_crew_stats){.chunk_items = pe_pace_piece(&crew.pace, 0),
                             .items = atomic_load_explicit(&crew.items, memory_order_relaxed),
                             .busy_ns = atomic_load_explicit(&crew.busy_ns, memory_order_relaxed),
                             .wall_ns = pe_clock_ns() - began};
    pe_claims_free(crew.claims);
    pe_line_free(crew.line);
    (void)pthread_cond_destroy(&crew.bell);
    (void)pthread_mutex_destroy(&crew.mutex);
    return status;
}
