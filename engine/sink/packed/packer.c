/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* packer.c - packs rows in threads of its own and writes them in their order.
 *
 * Design:   a member is cut into pieces of PE_PIECE_BYTES, counted from its first byte, so that the calls of the encoder are
 *           the same whatever the chunks were. The pieces wait in a ring. Thread t packs the members whose number is t
 *           modulo the number of threads, piece after piece; so members are packed side by side, and memory is bounded by
 *           the ring, however large a member is. The caller writes what is packed at the head of the ring, and waits for
 *           it when the ring is full.
 * Threads:  a piece belongs to the caller while it is FREE or PACKED, to its thread while it is QUEUED; `state` changes under
 *           the mutex.
 * Not here: the encoders (format/packed/pack.c), files (output_stream.c).
 */
#include "sink/packed/packer.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "format/packed/pack.h"
#include "format/record_scan.h"
#include "os/cores.h"

#define MOST_PIECES ((size_t)48)
#define MOST_THREADS ((size_t)4)

typedef enum piece_state { PIECE_FREE, PIECE_QUEUED, PIECE_PACKED } piece_state;

typedef struct piece {
    piece_state state;
    uint64_t turn; /* pieces before it */
    uint64_t member;
    bool is_last; /* of its member */
    pe_buffer raw, packed;
    pe_error err; /* of packing it */
} piece;

typedef struct packing_thread {
    pe_packer *packer;
    uint64_t number;
    pthread_t thread;
    bool has_thread;
    pe_pack *pack;
} packing_thread;

struct pe_packer {
    pe_output_stream *stream;
    pe_record_scan scan; /* of the current member; the caller's alone, as all down to `threads` */
    uint64_t member;
    uint64_t member_begin; /* offset of the first member that is not all written */
    uint64_t head, tail;   /* pieces written; the piece that takes rows. Both only grow */
    bool has_bytes;        /* the current member has some */
    uint64_t written_end;  /* up to this offset the file has the bytes of an earlier run */
    packing_thread threads[MOST_THREADS];
    uint64_t thread_count;
    pthread_mutex_t mutex;
    pthread_cond_t work, done;
    bool is_stopped; /* under the mutex */
    piece pieces[MOST_PIECES];
};

/* ---- the threads ---- */

/* The oldest piece that this thread has to pack, or NULL. Under the mutex. */
static piece *find_work(packing_thread *self)
{
    pe_packer *const packer = self->packer;
    piece *found = NULL;
    for (size_t i = 0; i < MOST_PIECES; i++) {
        piece *const p = &packer->pieces[i];
        const bool is_mine = p->state == PIECE_QUEUED && p->member % packer->thread_count == self->number;
        if (is_mine && (found == NULL || p->turn < found->turn))
            found = p;
    }
    return found;
}

/* NULL: the packer is closed. */
static piece *wait_for_work(packing_thread *self)
{
    pe_packer *const packer = self->packer;
    piece *found = NULL;
    (void)pthread_mutex_lock(&packer->mutex);
    while (!packer->is_stopped && (found = find_work(self)) == NULL)
        (void)pthread_cond_wait(&packer->work, &packer->mutex);
    found = packer->is_stopped ? NULL : found;
    (void)pthread_mutex_unlock(&packer->mutex);
    return found;
}

static void *run_thread(void *context)
{
    packing_thread *const self = context;
    pe_packer *const packer = self->packer;
    for (piece *p; (p = wait_for_work(self)) != NULL;) {
        p->packed.size = 0;
        (void)pe_pack_piece(self->pack, p->raw.data, p->raw.size, p->is_last, &p->packed, &p->err);
        (void)pthread_mutex_lock(&packer->mutex);
        p->state = PIECE_PACKED;
        (void)pthread_cond_signal(&packer->done);
        (void)pthread_mutex_unlock(&packer->mutex);
    }
    return NULL;
}

/* All signals are blocked in the new thread, so that they wake the main thread. */
static pe_status start_thread(pe_packer *packer, uint64_t number, pe_packing packing, pe_error *err)
{
    packing_thread *const self = &packer->threads[number];
    sigset_t all, before;
    *self = (packing_thread){.packer = packer, .number = number};
    const pe_status status = pe_pack_open(packing, &self->pack, err);
    if (status != PE_OK)
        return status;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    self->has_thread = pthread_create(&self->thread, NULL, run_thread, self) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return self->has_thread ? PE_OK : pe_fail(err, PE_ENOMEM, "the system gave no thread to pack the output");
}

static void stop_threads(pe_packer *packer)
{
    (void)pthread_mutex_lock(&packer->mutex);
    packer->is_stopped = true;
    (void)pthread_cond_broadcast(&packer->work);
    (void)pthread_mutex_unlock(&packer->mutex);
    for (uint64_t t = 0; t < MOST_THREADS; t++) {
        if (packer->threads[t].has_thread)
            (void)pthread_join(packer->threads[t].thread, NULL);
        packer->threads[t].has_thread = false;
    }
}

pe_status pe_packer_open(pe_packing packing, pe_dialect dialect, pe_output_stream *stream, pe_packer **out,
                         pe_error *err)
{
    pe_packer *packer = NULL;
    pe_status status = pe_make_array(&packer, 1, sizeof *packer, err);
    if (status != PE_OK)
        return status;
    const int cores = pe_cores_bound();
    packer->stream = stream;
    packer->scan.dialect = dialect;
    packer->thread_count = (size_t)cores < MOST_THREADS ? (size_t)cores : MOST_THREADS;
    (void)pthread_mutex_init(&packer->mutex, NULL);
    (void)pthread_cond_init(&packer->work, NULL);
    (void)pthread_cond_init(&packer->done, NULL);
    *out = packer;
    for (uint64_t t = 0; t < packer->thread_count && status == PE_OK; t++)
        status = start_thread(packer, t, packing, err);
    return status;
}

void pe_packer_close(pe_packer *packer)
{
    if (packer == NULL)
        return;
    stop_threads(packer);
    for (uint64_t t = 0; t < MOST_THREADS; t++)
        pe_pack_close(packer->threads[t].pack);
    for (size_t i = 0; i < MOST_PIECES; i++) {
        pe_buffer_fini(&packer->pieces[i].raw);
        pe_buffer_fini(&packer->pieces[i].packed);
    }
    (void)pthread_cond_destroy(&packer->done);
    (void)pthread_cond_destroy(&packer->work);
    (void)pthread_mutex_destroy(&packer->mutex);
    free(packer);
}

/* ---- the caller ---- */

static piece *piece_at(pe_packer *packer, uint64_t turn)
{
    return &packer->pieces[turn % MOST_PIECES];
}

static bool is_packed(pe_packer *packer, piece *p, bool waits)
{
    (void)pthread_mutex_lock(&packer->mutex);
    while (waits && p->state == PIECE_QUEUED)
        (void)pthread_cond_wait(&packer->done, &packer->mutex);
    const bool is_done = p->state == PIECE_PACKED;
    (void)pthread_mutex_unlock(&packer->mutex);
    return is_done;
}

/* Writes what is packed at the head; waits until at most `left` pieces are not written. */
static pe_status write_packed(pe_packer *packer, uint64_t left, pe_error *err)
{
    while (packer->head < packer->tail) {
        piece *const p = piece_at(packer, packer->head);
        if (!is_packed(packer, p, packer->tail - packer->head > left))
            return PE_OK;
        if (p->err.status != PE_OK) {
            *err = p->err;
            return err->status;
        }
        const bool is_written = packer->stream->bytes < packer->written_end;
        const pe_status status = is_written
                                     ? pe_output_stream_advance(packer->stream, p->packed.size, err)
                                     : pe_output_stream_write(packer->stream, p->packed.data, p->packed.size, err);
        if (status != PE_OK)
            return status;
        if (p->is_last)
            packer->member_begin = packer->stream->bytes;
        p->raw.size = 0;
        (void)pthread_mutex_lock(&packer->mutex);
        p->state = PIECE_FREE;
        (void)pthread_mutex_unlock(&packer->mutex);
        packer->head++;
    }
    return PE_OK;
}

/* Hands the piece at the tail to its thread; the next one is free afterwards. */
static pe_status queue_piece(pe_packer *packer, bool is_last, pe_error *err)
{
    piece *const p = piece_at(packer, packer->tail);
    p->turn = packer->tail;
    p->member = packer->member;
    p->is_last = is_last;
    p->err = (pe_error)PE_ERROR_INIT;
    (void)pthread_mutex_lock(&packer->mutex);
    p->state = PIECE_QUEUED;
    (void)pthread_cond_broadcast(&packer->work);
    (void)pthread_mutex_unlock(&packer->mutex);
    packer->tail++;
    return write_packed(packer, MOST_PIECES - 1, err);
}

static pe_status append(pe_packer *packer, const unsigned char *data, size_t size, pe_error *err)
{
    pe_status status = PE_OK;
    while (size > 0 && status == PE_OK) {
        piece *p = piece_at(packer, packer->tail);
        if (p->raw.size == PE_PIECE_BYTES && (status = queue_piece(packer, false, err)) == PE_OK)
            p = piece_at(packer, packer->tail);
        if (status != PE_OK)
            break;
        const size_t room = PE_PIECE_BYTES - p->raw.size;
        const size_t part = size < room ? size : room;
        status = pe_buffer_append(&p->raw, data, part, err);
        data += part;
        size -= part;
        packer->has_bytes = true;
    }
    return status;
}

static pe_status end_member(pe_packer *packer, pe_error *err)
{
    const pe_status status = queue_piece(packer, true, err);
    packer->member++;
    packer->has_bytes = false;
    packer->scan = (pe_record_scan){.dialect = packer->scan.dialect};
    return status;
}

pe_status pe_packer_start(pe_packer *packer, const void *data, size_t size, pe_error *err)
{
    return append(packer, data, size, err);
}

pe_status pe_packer_write(pe_packer *packer, const void *data, size_t size, pe_error *err)
{
    const unsigned char *at = data;
    pe_status status = PE_OK;
    while (size > 0 && status == PE_OK) {
        const size_t part = pe_record_scan_run(&packer->scan, at, size, PE_MEMBER_RECORDS);
        status = append(packer, at, part, err);
        at += part;
        size -= part;
        if (status == PE_OK && packer->scan.records == PE_MEMBER_RECORDS)
            status = end_member(packer, err);
    }
    return status;
}

pe_status pe_packer_end(pe_packer *packer, pe_error *err)
{
    pe_status status = PE_OK;
    if (packer->has_bytes || packer->member == 0)
        status = end_member(packer, err);
    return status == PE_OK ? write_packed(packer, 0, err) : status;
}

uint64_t pe_packer_tell(const pe_packer *packer)
{
    return packer->member_begin;
}

void pe_packer_cut(pe_packer *packer)
{
    stop_threads(packer);
    if (packer->stream->bytes > packer->member_begin)
        packer->stream->is_torn = true;
    packer->stream->bytes = packer->member_begin;
}

pe_status pe_packer_flush(pe_packer *packer, pe_error *err)
{
    return write_packed(packer, 0, err);
}

const pe_buffer *pe_packer_tail(pe_packer *packer)
{
    return &piece_at(packer, packer->tail)->raw;
}

void pe_packer_begin_at(pe_packer *packer, uint64_t begin, uint64_t written_end)
{
    packer->member = begin > 0 ? 1 : 0;
    packer->member_begin = begin;
    packer->written_end = written_end;
    packer->stream->bytes = begin;
}

size_t pe_packer_memory(pe_packing packing)
{
    if (packing == PE_PACKING_NONE)
        return 0;
    /* a buffer grows in steps; what a piece is packed to is not larger than it by more than a few bytes */
    return sizeof(pe_packer) + (MOST_PIECES + 1) * 4 * PE_PIECE_BYTES + MOST_THREADS * pe_pack_memory(packing);
}
