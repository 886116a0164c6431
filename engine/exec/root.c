/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* root.c - the main thread of rank 0 of several: grants slices, pulls their results, puts them into order.
 *
 * Design: a grant goes to a rank that holds fewer slices than the plan's depth, and not further ahead of the oldest
 *         undelivered slice than the plan's window: this bounds every rank's memory, however slow one item is. A member
 *         announces a finished slice by a note of fixed size and keeps the bytes; rank 0 pulls them when their turn is
 *         near, into one of a few buffers, so its memory does not grow with the number of ranks.
 *         Progress: the oldest undelivered slice is always granted; its owner has a buffer for it, since chunks are
 *         claimed in order; its result is the next to be pulled. So it is delivered some day, and the window moves.
 * Ending: END to every member once all is delivered or the run stops; members answer what was pulled, then BYE. Every
 *         message has its receiver, so nothing is under way when this returns.
 * Threads: the main thread, but for deliver(), which any putter may run; a piece is free again by its atomic flag.
 * Not here: messages (comm.h), what workers do (crew.c).
 */
#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "exec/crew_parts.h"

#define AHEAD_NS 2000000u /* cheap slices: keep this much work in front of each rank */

/* A slice of the window: who computes it, and whether its result can be pulled. */
typedef struct entry {
    uint64_t slice;
    pe_block block;
    uint64_t bytes;
    int owner;
    bool is_ready;
} entry;

/* Bytes on their way through the window: pulled from a member, or a slice of rank 0's own. */
typedef struct piece {
    atomic_bool is_free; /* set by the deliverer, cleared by the main thread */
    entry from;
    pe_task *own;     /* rank 0's own slice, or NULL */
    pe_buffer pulled; /* a member's bytes */
    pe_comm_op *op;   /* their receive */
    struct piece *next;
} piece;

typedef struct rank_state {
    int held;       /* granted, not yet pulled or delivered */
    int unfinished; /* granted, not yet announced */
} rank_state;

typedef struct root {
    pe_crew *crew;
    const pe_plan *plan;
    pe_comm *comm;
    int ranks;
    rank_state *states;
    int turn; /* the rank that is asked first for the next grant */
    pe_window *window;
    entry *entries;     /* ring: ordered by slice, unordered by arrival */
    uint64_t announced; /* unordered: results announced so far */
    uint64_t pulled;    /* entries before this one were pulled (or are rank 0's own) */
    uint64_t granted;   /* slices */
    bool is_granted_all;
    pe_task *read; /* a stream's next slice, read but not granted */
    piece *pieces;
    int piece_count;
    piece *arriving;          /* pulls under way */
    atomic_int own_delivered; /* deliverer adds, main thread takes */
    uint64_t slice_ns;        /* running mean of the work in a slice */
    pe_note note;
    pe_comm_op *note_op;
    pe_letter *letters;
    int byes;
    pe_error err;
} root;

static bool is_ordered(const root *self)
{
    return self->plan->order != PE_ORDER_UNORDERED;
}

/* The window's callback: a slice's turn has come. */
static void deliver(void *context, uint64_t number, void *token)
{
    (void)number;
    root *self = context;
    piece *bytes = token;
    const pe_buffer *out = bytes->own != NULL ? &bytes->own->whole->out : &bytes->pulled;
    pe_crew_write(self->crew, out->data, out->size, bytes->from.block.count);
    const bool is_own = bytes->own != NULL;
    if (is_own)
        pe_crew_done_with(self->crew, bytes->own);
    atomic_store_explicit(&bytes->is_free, true, memory_order_release); /* its buffer was read before */
    if (is_own) /* after the piece is free: the grant that follows may need it */
        atomic_fetch_add_explicit(&self->own_delivered, 1, memory_order_release);
}

/* Pieces for pulls and those for own slices are apart, so that neither can starve the other. */
static piece *free_piece(piece *pieces, int count)
{
    for (int i = 0; i < count; i++) {
        if (atomic_load_explicit(&pieces[i].is_free, memory_order_acquire)) {
            atomic_store_explicit(&pieces[i].is_free, false, memory_order_relaxed);
            return &pieces[i];
        }
    }
    return NULL;
}

static entry *entry_at(root *self, uint64_t number)
{
    return &self->entries[number % self->plan->window_slices];
}

/* ---- grants ---- */

static int ahead(const root *self)
{
    const int least = self->plan->ahead;
    if (self->slice_ns == 0)
        return least;
    const uint64_t many = AHEAD_NS * (uint64_t)self->plan->threads / self->slice_ns;
    return many < (uint64_t)least ? least : many < (uint64_t)self->plan->depth ? (int)many : self->plan->depth;
}

static bool has_room(const root *self, int rank)
{
    return self->states[rank].held < self->plan->depth && self->states[rank].unfinished < ahead(self);
}

/* The rank for the next slice, or -1 when nobody may take it now. */
static int choose_rank(root *self)
{
    if (is_ordered(self) && self->granted >= pe_window_next(self->window) + self->plan->window_slices)
        return -1;
    if (self->plan->schedule == PE_SCHEDULE_STATIC) {
        const int owner = pe_plan_owner(self->plan, self->granted);
        return has_room(self, owner) ? owner : -1;
    }
    for (int i = 0; i < self->ranks; i++) {
        const int rank = (self->turn + i) % self->ranks;
        if (has_room(self, rank)) {
            self->turn = (rank + 1) % self->ranks;
            return rank;
        }
    }
    return -1;
}

/* The next slice with its payload, in self->read; none: the input ended, or a stream has nothing whole yet. */
static pe_status read_slice(root *self)
{
    const pe_crew_spec *spec = self->crew->spec;
    pe_task *task = NULL;
    pe_status status = PE_OK;
    if (self->read != NULL || self->is_granted_all)
        return PE_OK;
    if (!spec->is_stream && self->granted == self->plan->slices) {
        self->is_granted_all = true;
        return PE_OK;
    }
    status = pe_claims_task(self->crew->claims, &task, &self->err);
    if (status != PE_OK)
        return status;
    task->slice = self->granted;
    if (spec->is_stream) {
        status = spec->next(spec->context, 0, &task->payload, &task->block, &self->is_granted_all, &self->err);
    } else {
        task->block = pe_plan_slice(self->plan, task->slice);
        if (spec->has_payload)
            status = spec->pack(spec->context, task->block, &task->payload, &self->err);
    }
    if (status == PE_OK && task->block.count > 0)
        self->read = task;
    else
        pe_claims_recycle(self->crew->claims, task);
    return status;
}

static pe_status grant_to(root *self, int rank, pe_task *task)
{
    if (is_ordered(self))
        *entry_at(self, task->slice) = (entry){.slice = task->slice, .block = task->block, .owner = rank};
    self->states[rank].held++;
    self->states[rank].unfinished++;
    self->granted++;
    if (rank == 0) {
        pe_claims_push(self->crew->claims, task);
        return PE_OK;
    }
    const pe_note note = {
        .kind = PE_NOTE_GRANT, .slice = task->slice, .block = task->block, .bytes = task->payload.size};
    return pe_letter_post(self->crew, &self->letters, rank, &note, PE_TAG_PAYLOAD, task->payload.data,
                          task->payload.size, task, &self->err);
}

static pe_status grant(root *self, bool *active)
{
    pe_status status = PE_OK;
    while (status == PE_OK) {
        const int rank = choose_rank(self);
        if (rank < 0)
            break;
        status = read_slice(self);
        if (status != PE_OK || self->read == NULL)
            break;
        pe_task *task = self->read;
        self->read = NULL;
        *active = true;
        status = grant_to(self, rank, task);
    }
    return status;
}

/* ---- results ---- */

static void learn(root *self, uint64_t work_ns)
{
    self->slice_ns = self->slice_ns == 0 ? work_ns + 1 : (self->slice_ns * 7 + work_ns) / 8 + 1;
}

static void note_result(root *self, int rank, const pe_note *note)
{
    self->states[rank].unfinished--;
    learn(self, note->work_ns);
    const uint64_t number = is_ordered(self) ? note->slice : self->announced++;
    *entry_at(self, number) =
        (entry){.slice = note->slice, .block = note->block, .bytes = note->bytes, .owner = rank, .is_ready = true};
}

static pe_status listen(root *self, pe_error *err)
{
    return pe_comm_recv(self->comm, PE_ANY_RANK, PE_TAG_TO_ROOT, &self->note, sizeof self->note, &self->note_op, err);
}

static pe_status read_notes(root *self, bool *active)
{
    for (bool done = true; done && self->byes < self->ranks - 1;) {
        int from = 0;
        pe_status status = pe_comm_test(self->comm, &self->note_op, &done, &from, &self->err);
        if (status != PE_OK || !done)
            return status;
        *active = true;
        if (self->note.kind == PE_NOTE_RESULT)
            note_result(self, from, &self->note);
        else if (self->note.kind == PE_NOTE_BYE)
            self->byes++;
        else
            atomic_store_explicit(&self->crew->stop, true, memory_order_release); /* pe_comm_agree brings the reason */
        if (self->byes < self->ranks - 1)
            status = listen(self, &self->err);
        if (status != PE_OK)
            return status;
    }
    return PE_OK;
}

static void take_own(root *self, bool *active)
{
    self->states[0].held -= atomic_exchange_explicit(&self->own_delivered, 0, memory_order_acquire);
    for (pe_task *task = NULL; (task = pe_crew_finished(self->crew)) != NULL;) {
        piece *bytes = free_piece(self->pieces + self->plan->pulls, self->plan->depth);
        assert(bytes != NULL); /* one for every slice that rank 0 may hold */
        self->states[0].unfinished--;
        learn(self, task->work_ns);
        bytes->from = (entry){.slice = task->slice, .block = task->block};
        bytes->own = task;
        pe_window_put(self->window, task->slice, bytes);
        *active = true;
    }
}

/* The next announced result in the order of delivery, or NULL. */
static entry *next_pull(root *self)
{
    const uint64_t end = is_ordered(self) ? self->granted : self->announced;
    while (self->pulled < end && entry_at(self, self->pulled)->owner == 0)
        self->pulled++;
    if (self->pulled == end || !entry_at(self, self->pulled)->is_ready)
        return NULL;
    return entry_at(self, self->pulled);
}

static int pulls_under_way(const root *self)
{
    int count = 0;
    for (const piece *at = self->arriving; at != NULL; at = at->next)
        count++;
    return count;
}

static pe_status start_pull(root *self, const entry *from, piece *bytes)
{
    const pe_note note = {.kind = PE_NOTE_PULL, .slice = from->slice};
    bytes->from = *from;
    bytes->own = NULL;
    bytes->pulled.size = 0;
    pe_status status = pe_buffer_reserve(&bytes->pulled, from->bytes, &self->err);
    if (status != PE_OK)
        return status;
    bytes->pulled.size = from->bytes;
    status = pe_letter_post(self->crew, &self->letters, from->owner, &note, PE_TAG_PAYLOAD, NULL, 0, NULL, &self->err);
    if (status == PE_OK && from->bytes > 0)
        status = pe_comm_recv(self->comm, from->owner, PE_TAG_RESULT, bytes->pulled.data, bytes->pulled.size,
                              &bytes->op, &self->err);
    piece **at = &self->arriving;
    while (*at != NULL)
        at = &(*at)->next;
    bytes->next = NULL;
    *at = bytes;
    self->pulled++;
    return status;
}

static pe_status pull(root *self, bool *active)
{
    pe_status status = PE_OK;
    while (status == PE_OK && pulls_under_way(self) < self->plan->pulls) {
        const entry *from = next_pull(self);
        piece *bytes = from == NULL ? NULL : free_piece(self->pieces, self->plan->pulls);
        if (bytes == NULL)
            break;
        *active = true;
        status = start_pull(self, from, bytes);
    }
    return status;
}

static pe_status take_pulled(root *self, bool *active)
{
    for (piece **at = &self->arriving; *at != NULL;) {
        piece *bytes = *at;
        bool done = bytes->op == NULL;
        if (!done && pe_comm_test(self->comm, &bytes->op, &done, NULL, &self->err) != PE_OK)
            return self->err.status;
        if (!done) {
            at = &bytes->next;
            continue;
        }
        *at = bytes->next;
        self->states[bytes->from.owner].held--;
        *active = true;
        pe_window_put(self->window, bytes->from.slice, bytes);
    }
    return PE_OK;
}

/* A payload has left: the member has its own copy. */
static void payload_left(pe_crew *crew, pe_task *task)
{
    pe_claims_recycle(crew->claims, task);
}

static pe_status step(root *self, bool *active)
{
    pe_status status = read_notes(self, active);
    take_own(self, active);
    if (status == PE_OK)
        status = pull(self, active);
    if (status == PE_OK)
        status = take_pulled(self, active);
    if (status == PE_OK)
        status = grant(self, active);
    if (status == PE_OK)
        *active |= pe_letter_sweep(self->crew, &self->letters, payload_left, &self->err) > 0;
    return self->err.status;
}

static bool is_complete(root *self)
{
    return self->is_granted_all && self->read == NULL && pe_window_next(self->window) == self->granted;
}

/* ---- the end ---- */

static pe_status end_members(root *self)
{
    const pe_note note = {.kind = PE_NOTE_END};
    pe_status status = PE_OK;
    for (int rank = 1; rank < self->ranks && status == PE_OK; rank++)
        status = pe_letter_post(self->crew, &self->letters, rank, &note, PE_TAG_PAYLOAD, NULL, 0, NULL, &self->err);
    uint64_t nap_ns = 0;
    while (status == PE_OK && (self->byes < self->ranks - 1 || self->letters != NULL || self->arriving != NULL)) {
        bool active = false;
        status = read_notes(self, &active);
        if (status == PE_OK)
            status = take_pulled(self, &active);
        if (status == PE_OK)
            active |= pe_letter_sweep(self->crew, &self->letters, payload_left, &self->err) > 0;
        nap_ns = active ? 0 : pe_crew_nap(nap_ns);
        if (!active)
            pe_crew_wait(self->crew, nap_ns);
        status = self->err.status;
    }
    return status;
}

static pe_status init(root *self, pe_crew *crew)
{
    const pe_plan *plan = crew->spec->plan;
    pe_error *err = &self->err;
    *self = (root){.crew = crew,
                   .plan = plan,
                   .comm = crew->spec->comm,
                   .ranks = pe_comm_size(crew->spec->comm),
                   .piece_count = plan->pulls + plan->depth,
                   .err = PE_ERROR_INIT};
    atomic_init(&self->own_delivered, 0);
    pe_status status = pe_make_array(&self->states, (size_t)self->ranks, sizeof *self->states, err);
    if (status == PE_OK)
        status = pe_make_array(&self->entries, plan->window_slices, sizeof *self->entries, err);
    if (status == PE_OK)
        status = pe_make_array(&self->pieces, (size_t)self->piece_count, sizeof *self->pieces, err);
    if (status == PE_OK)
        status = pe_window_make(plan->window_slices, is_ordered(self), deliver, self, &self->window, err);
    for (int i = 0; i < self->piece_count && self->pieces != NULL; i++)
        atomic_init(&self->pieces[i].is_free, true);
    return status;
}

static void fini(root *self)
{
    for (int i = 0; i < self->piece_count && self->pieces != NULL; i++)
        pe_buffer_fini(&self->pieces[i].pulled);
    pe_window_free(self->window);
    free(self->pieces);
    free(self->entries);
    free(self->states);
}

static pe_status run(root *self)
{
    uint64_t nap_ns = 0;
    pe_status status = PE_OK;
    while (status == PE_OK && !is_complete(self) && !pe_crew_is_stopped(self->crew)) {
        bool active = false;
        status = step(self, &active);
        pe_crew_tick(self->crew);
        nap_ns = active ? 0 : pe_crew_nap(nap_ns);
        if (!active)
            pe_crew_wait(self->crew, nap_ns);
    }
    return status;
}

void pe_root_lead(pe_crew *crew)
{
    root self;
    pe_status status = init(&self, crew);
    pe_error heard = PE_ERROR_INIT;
    const bool can_hear = listen(&self, &heard) == PE_OK; /* even when out of memory: the members must be told */
    if (status == PE_OK && can_hear)
        status = run(&self);
    if (status != PE_OK)
        pe_crew_fail(crew, &self.err);
    pe_claims_stop(crew->claims);
    self.err = heard;
    if (!can_hear || end_members(&self) != PE_OK)
        pe_crew_fail(crew, &self.err);
    pe_crew_linger(crew);
    fini(&self);
}
