/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* unpack_ahead.c - threads that unpack the members of a packed file before they are asked for.
 *
 * Design:    nothing in a file says where its members begin. So each thread takes the next segment of the file, searches it
 *            for the first bytes of a member, and unpacks from there on all members that begin in the segment. Bytes within
 *            a member may look like the beginning of another: what was unpacked counts only where the reader, which comes
 *            from the file's beginning, ends a member at exactly this byte. The reader unpacks itself what no thread has:
 *            a member that is larger than a slot, or damaged, and a file of one member.
 * Invariant: slot s % slot_count holds segment s. A segment is begun only when the reader is less than slot_count segments
 *            before it, which bounds the memory.
 * Threads:   the lock guards every field of pe_unpack_ahead that changes, and a slot's but its data and size while it is
 *            BUSY: then they are its thread's. is_over is also read without the lock.
 * Not here:  the order of the bytes (stream.c), one member (format/packed/unpack.c).
 */
#define _GNU_SOURCE /* memmem */

#include "source/unpack_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "os/cores.h"

#define SEGMENT_BYTES ((uint64_t)1 << 20)
#define SLOT_LEAST ((size_t)1 << 20)
#define SLOT_MOST ((size_t)8 << 20)
#define THREADS_MOST 4
#define SLOTS_BESIDE 2 /* more slots than threads: those that wait for the reader */
#define READ_BYTES ((size_t)128 << 10)
#define FUTILE_SEGMENTS 32 /* without one member that could be taken: the file has one member or large ones */

typedef enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_DONE } slot_state;

typedef struct slot {
    slot_state state;
    uint64_t segment;
    uint64_t begin, end; /* of the file; the same: there is nothing */
    unsigned char *data;
    size_t size;
} slot;

struct pe_unpack_ahead {
    pe_packing packing;
    int fd;
    uint64_t file_bytes;
    size_t slot_bytes;
    int thread_most, slot_count;
    slot slots[THREADS_MOST + SLOTS_BESIDE];

    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t first; /* the reader's segment */
    uint64_t next;  /* to be begun */
    bool has_taken;
    atomic_bool is_over;
    bool has_begun;
    int thread_count;
    pthread_t threads[THREADS_MOST];
};

/* ---- one segment ---- */

/* Where the first bytes of a member may stand in data, or size. */
static size_t find_member(pe_packing packing, const unsigned char *data, size_t size)
{
    static const unsigned char gzip[] = {0x1F, 0x8B, 8}, zstd[] = {0x28, 0xB5, 0x2F, 0xFD};
    const bool is_gzip = packing == PE_PACKING_GZIP;
    const unsigned char *const found =
        is_gzip ? memmem(data, size, gzip, sizeof gzip) : memmem(data, size, zstd, sizeof zstd);
    return found == NULL ? size : (size_t)(found - data);
}

/* Unpacks the members from byte `begin` on, until one ends after the segment or the slot is full. */
static bool unpack_members(const pe_unpack_ahead *ahead, slot *to, uint64_t begin, unsigned char *room)
{
    pe_unpack *unpack = NULL;
    pe_error ignored = PE_ERROR_INIT; /* the reader gets to the same bytes */
    size_t total = 0, begun = 0, size = 0, used = 0, made = 0;
    uint64_t at = begin;
    to->begin = to->end = begin;
    to->size = 0;
    if (pe_unpack_open(ahead->packing, &unpack, &ignored) != PE_OK)
        return false;
    pe_unpack_bound(unpack);
    while (to->end < (to->segment + 1) * SEGMENT_BYTES &&
           !atomic_load_explicit(&ahead->is_over, memory_order_relaxed)) { /* a hint: close waits for the thread */
        if (begun == size) {
            const ssize_t got = pread(ahead->fd, room, READ_BYTES, (off_t)at);
            begun = 0;
            size = got > 0 ? (size_t)got : 0;
        }
        if (pe_unpack_run(unpack, room + begun, size - begun, &used, to->data + total, ahead->slot_bytes - total, &made,
                          &ignored) != PE_OK)
            break;
        begun += used;
        at += used;
        total += made;
        if (used == 0 && made == 0) /* the file's end, or the slot is full */
            break;
        if (pe_unpack_is_whole(unpack)) {
            to->end = at;
            to->size = total;
        }
    }
    pe_unpack_close(unpack);
    return to->end > begin;
}

static void unpack_segment(const pe_unpack_ahead *ahead, slot *to, unsigned char *room)
{
    const uint64_t first = to->segment * SEGMENT_BYTES;
    unsigned char *const packed = to->data + ahead->slot_bytes; /* the segment's own bytes */
    const ssize_t got = pread(ahead->fd, packed, SEGMENT_BYTES, (off_t)first);
    const size_t size = got > 0 ? (size_t)got : 0;
    to->begin = to->end = first;
    for (size_t at = 0; at < size; at++) {
        at += find_member(ahead->packing, packed + at, size - at);
        if (at < size && unpack_members(ahead, to, first + at, room))
            return;
    }
}

/* ---- the threads ---- */

/* The slot of the next segment to begin, or NULL: none may be begun now. */
static slot *next_slot(pe_unpack_ahead *ahead)
{
    if (ahead->next < ahead->first)
        ahead->next = ahead->first;
    slot *const one = &ahead->slots[ahead->next % (uint64_t)ahead->slot_count];
    const bool may_begin =
        ahead->next * SEGMENT_BYTES < ahead->file_bytes && ahead->next < ahead->first + (uint64_t)ahead->slot_count;
    return may_begin && one->state != SLOT_BUSY ? one : NULL;
}

static void *run_thread(void *context)
{
    pe_unpack_ahead *const ahead = context;
    pe_error ignored = PE_ERROR_INIT;
    unsigned char *room = NULL;
    if (pe_make_array(&room, READ_BYTES, 1, &ignored) != PE_OK)
        return NULL; /* the reader unpacks */
    (void)pthread_mutex_lock(&ahead->lock);
    while (!atomic_load_explicit(&ahead->is_over, memory_order_relaxed)) {
        slot *const one = next_slot(ahead);
        if (one == NULL) {
            (void)pthread_cond_wait(&ahead->changed, &ahead->lock);
            continue;
        }
        one->segment = ahead->next++;
        one->state = SLOT_BUSY;
        (void)pthread_mutex_unlock(&ahead->lock);
        unpack_segment(ahead, one, room);
        (void)pthread_mutex_lock(&ahead->lock);
        one->state = SLOT_DONE;
        (void)pthread_cond_broadcast(&ahead->changed);
    }
    (void)pthread_mutex_unlock(&ahead->lock);
    free(room);
    return NULL;
}

/* Signals are the main thread's: one ends its wait. */
static void begin_threads(pe_unpack_ahead *ahead)
{
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    ahead->has_begun = true;
    while (ahead->thread_count < ahead->thread_most &&
           pthread_create(&ahead->threads[ahead->thread_count], NULL, run_thread, ahead) == 0)
        ahead->thread_count++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void end_threads(pe_unpack_ahead *ahead)
{
    (void)pthread_mutex_lock(&ahead->lock);
    atomic_store_explicit(&ahead->is_over, true, memory_order_relaxed);
    (void)pthread_cond_broadcast(&ahead->changed);
    (void)pthread_mutex_unlock(&ahead->lock);
    for (; ahead->thread_count > 0; ahead->thread_count--)
        (void)pthread_join(ahead->threads[ahead->thread_count - 1], NULL);
}

/* ---- the reader's side ---- */

pe_status pe_unpack_ahead_open(pe_packing packing, int fd, size_t most_bytes, pe_unpack_ahead **out, pe_error *err)
{
    struct stat facts;
    const int cores = pe_cores_bound();
    const int threads = cores < THREADS_MOST ? cores : THREADS_MOST;
    const size_t each = most_bytes / (size_t)(threads + SLOTS_BESIDE);
    const size_t slot_bytes = each < SLOT_MOST ? each : SLOT_MOST;
    *out = NULL;
    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode) || (uint64_t)facts.st_size < 2 * SEGMENT_BYTES ||
        slot_bytes < SLOT_LEAST)
        return PE_OK;
    pe_unpack_ahead *ahead = NULL;
    const pe_status status = pe_make_array(&ahead, 1, sizeof *ahead, err);
    if (status != PE_OK)
        return status;
    ahead->packing = packing;
    ahead->fd = fd;
    ahead->file_bytes = (uint64_t)facts.st_size;
    ahead->slot_bytes = slot_bytes;
    ahead->thread_most = threads;
    ahead->slot_count = threads + SLOTS_BESIDE;
    atomic_init(&ahead->is_over, false);
    (void)pthread_mutex_init(&ahead->lock, NULL); /* cannot fail with these attributes */
    (void)pthread_cond_init(&ahead->changed, NULL);
    *out = ahead;
    return PE_OK;
}

/* The slots' memory, when the first member has ended and others follow. */
static bool begin(pe_unpack_ahead *ahead)
{
    pe_error ignored = PE_ERROR_INIT; /* without memory the reader unpacks */
    bool has_memory = true;
    for (int s = 0; s < ahead->slot_count && has_memory; s++)
        has_memory = pe_make_array(&ahead->slots[s].data, ahead->slot_bytes + SEGMENT_BYTES, 1, &ignored) == PE_OK;
    if (has_memory)
        begin_threads(ahead);
    else
        atomic_store_explicit(&ahead->is_over, true, memory_order_relaxed);
    return has_memory;
}

bool pe_unpack_ahead_take(pe_unpack_ahead *ahead, uint64_t at, pe_unpacked *out)
{
    const uint64_t segment = at / SEGMENT_BYTES;
    slot *const one = &ahead->slots[segment % (uint64_t)ahead->slot_count];
    if (at == 0 || at >= ahead->file_bytes || atomic_load_explicit(&ahead->is_over, memory_order_relaxed))
        return false;
    if (!ahead->has_begun && !begin(ahead))
        return false;
    (void)pthread_mutex_lock(&ahead->lock);
    ahead->first = segment;
    if (ahead->next <= segment) /* the caller unpacks it */
        ahead->next = segment + 1;
    (void)pthread_cond_broadcast(&ahead->changed);
    while (one->state == SLOT_BUSY && one->segment == segment)
        (void)pthread_cond_wait(&ahead->changed, &ahead->lock);
    const bool is_there =
        one->state == SLOT_DONE && one->segment == segment && one->begin == at && one->end > one->begin;
    *out = is_there ? (pe_unpacked){one->data, one->size, one->end} : (pe_unpacked){NULL, 0, at};
    ahead->has_taken = ahead->has_taken || is_there;
    const bool is_futile = !ahead->has_taken && segment > FUTILE_SEGMENTS;
    (void)pthread_mutex_unlock(&ahead->lock);
    if (is_futile)
        end_threads(ahead);
    return is_there;
}

size_t pe_unpack_ahead_memory(const pe_unpack_ahead *ahead)
{
    if (ahead == NULL)
        return 0;
    return sizeof *ahead + (size_t)ahead->slot_count * (ahead->slot_bytes + SEGMENT_BYTES) +
           (size_t)ahead->thread_most * (READ_BYTES + PE_UNPACK_BOUND);
}

void pe_unpack_ahead_close(pe_unpack_ahead *ahead)
{
    if (ahead == NULL)
        return;
    end_threads(ahead);
    for (int s = 0; s < ahead->slot_count; s++)
        free(ahead->slots[s].data);
    (void)pthread_cond_destroy(&ahead->changed);
    (void)pthread_mutex_destroy(&ahead->lock);
    free(ahead);
}
