/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* crew_parts.h - what crew.c, root.c and member.c share of one run.
 */
#ifndef PE_CREW_PARTS_H
#define PE_CREW_PARTS_H

#include <pthread.h>

#include "threads/rank_pool.h"
#include "threads/work_queue.h"

/* Notes are the only messages with a form; data follow them as bytes. Same-architecture ranks: sent as they are. */
typedef enum pe_note_kind {
    PE_NOTE_GRANT,  /* to member: compute this slice; payload bytes follow under PE_TAG_PAYLOAD when bytes > 0 */
    PE_NOTE_PULL,   /* to member: send the slice's result under PE_TAG_RESULT; only where it has bytes */
    PE_NOTE_END,    /* to member: all is delivered, or the run stops: finish what is under way and say BYE */
    PE_NOTE_RESULT, /* to root: this slice is computed and has so many bytes */
    PE_NOTE_FAILED, /* to root: the run ends; block.first is the failed item or PE_NO_ITEM; pe_comm_agree tells why */
    PE_NOTE_BYE     /* to root: the last note of this member */
} pe_note_kind;

typedef struct pe_note {
    uint32_t kind;
    uint32_t unused;
    uint64_t slice;
    pe_block block;
    uint64_t bytes;     /* of what follows: payload, or rows and then the log */
    uint64_t log_bytes; /* RESULT: how many of them are the log */
    uint64_t rows;      /* RESULT */
    uint64_t placed;    /* RESULT: bytes that are in their places already */
    uint64_t work_ns;
} pe_note;

/* A note on its way, with the data behind it. */
typedef struct pe_letter {
    pe_note note;
    pe_comm_op *note_op, *data_op;
    pe_task *task; /* whose payload or result the data are; NULL for none */
    struct pe_letter *next;
} pe_letter;

typedef struct pe_crew {
    const pe_crew_spec *spec;
    pe_pace pace; /* of this rank's chunks */
    pe_claims *claims;
    pe_line *line;     /* this rank's chunks in the order of their items */
    atomic_bool *stop; /* the spec's: any thread sets it once; all read it */
    atomic_uint_fast64_t
        failing_ns;         /* since when the run is failing here, or 0: any thread sets it, the deliverer anew */
    atomic_bool is_writing; /* the deliverer sets it, the main thread reads it */
    atomic_int workers;     /* still running */
    atomic_uint_fast64_t busy_ns;
    atomic_uint_fast64_t items; /* delivered to the sink */
    pthread_mutex_t mutex;      /* guards the fields below */
    pthread_cond_t bell;
    bool has_rung;
    pe_error error;    /* the one to tell of this rank's */
    pe_task *finished; /* slices computed and assembled, oldest first (ranks > 1) */
    pe_task *finished_last;
} pe_crew;

/* pe_crew_fail - keep an error and stop this rank; any thread. An error of an item lets the chunks under way finish for
 * a moment: the items before it are delivered, and the first failed one is told whichever rank or thread was faster. */
void pe_crew_fail(pe_crew *crew, const pe_error *err);
/* pe_crew_stop - no more of anything, now; the error is kept or comes from another rank. */
void pe_crew_stop(pe_crew *crew);
/* pe_crew_begin_grace - an item ended the run, here or on another rank. */
void pe_crew_begin_grace(pe_crew *crew);
/* pe_crew_failing_item - the lowest item known here that ended the run, or PE_NO_ITEM. */
uint64_t pe_crew_failing_item(pe_crew *crew);
/* pe_crew_end_grace - stop for good once the moment has passed; true then, and when stopped already. Main thread. */
bool pe_crew_end_grace(pe_crew *crew);
/* pe_crew_ring - wake the main thread; pe_crew_wait - sleep until rung or for nap_ns. */
void pe_crew_ring(pe_crew *crew);
void pe_crew_wait(pe_crew *crew, uint64_t nap_ns);
bool pe_crew_is_stopped(pe_crew *crew);
/* pe_crew_finished - the oldest slice that was computed and not yet taken here, or NULL; main thread. */
pe_task *pe_crew_finished(pe_crew *crew);
/* pe_crew_done_with - a slice's bytes were sent or written: its buffer and task are free again. */
void pe_crew_done_with(pe_crew *crew, pe_task *task);
/* pe_crew_write - hand on what came out unless the run stops; one thread at a time. */
void pe_crew_write(pe_crew *crew, const pe_outcome *out);
/* pe_crew_linger - close the claims and wait for the workers to end; main thread. */
void pe_crew_linger(pe_crew *crew);
/* pe_crew_tick - the caller's tick; its refusal stops the run. */
void pe_crew_tick(pe_crew *crew);
/* pe_crew_nap - the next, longer nap: from 20 us to 1 ms, so that an idle rank leaves the core to others; to 50 us where
 * results are under way, which the network could carry while both sides sleep. */
uint64_t pe_crew_nap(uint64_t nap_ns, bool is_awaited);

/* pe_letter_post - send a note, then `bytes` of data when there are any, and put it on the list. */
pe_status pe_letter_post(pe_crew *crew, pe_letter **list, int to, const pe_note *note, pe_tag tag, const void *data,
                         size_t bytes, pe_task *task, pe_error *err);
/* pe_letter_sweep - forget the letters that have left; their tasks go to `left` (may be NULL). Returns how many. */
int pe_letter_sweep(pe_crew *crew, pe_letter **list, void (*left)(pe_crew *crew, pe_task *task), pe_error *err);

/* The main thread's loops. */
void pe_solo_lead(pe_crew *crew);   /* one rank */
void pe_root_lead(pe_crew *crew);   /* rank 0 of several */
void pe_member_lead(pe_crew *crew); /* the others */

#endif
