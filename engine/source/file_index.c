/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* file_index.c - the index of the records of a mapped file, made by several threads.
 *
 * Design:   the file is cut after newlines, one piece per thread. Only the bytes before a piece say whether its first newline
 *           stands inside quotes: each thread assumes that it does not; where it does, the piece is scanned again when
 *           the index before it has come that far. A dialect that skips lines is scanned by one thread.
 * Threads:  a piece is one thread's until it is joined.
 * Not here: one piece (format/line_index.c).
 */
#include "source/file_index.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "os/cores.h"

#define PIECE_LEAST ((size_t)8 << 20)    /* a thread takes 0.1 ms to begin */
#define STEP_BYTES ((size_t)1 << 20)     /* are scanned before their pages are given back */
#define NEWLINE_WITHIN ((size_t)1 << 20) /* of a cut: in longer lines none is searched */
enum { THREADS_MOST = 16 };

typedef struct piece {
    const pe_map *map;
    size_t from, to; /* of the map */
    pe_line_index index;
    bool has_thread;
    pthread_t thread;
} piece;

static void scan(const piece *self, pe_line_index *index)
{
    for (size_t at = self->from; at < self->to; at += STEP_BYTES) {
        const size_t bytes = self->to - at < STEP_BYTES ? self->to - at : STEP_BYTES;
        pe_line_index_add(index, self->map->data + at, bytes);
        pe_map_release(self->map, at, bytes);
    }
}

static void *run_thread(void *context)
{
    piece *const self = context;
    scan(self, &self->index);
    return NULL;
}

/* After the first newline from `at` on, or `at` where none is near. */
static size_t after_newline(const pe_map *map, size_t at, size_t end)
{
    const size_t most = end - at < NEWLINE_WITHIN ? end - at : NEWLINE_WITHIN;
    const unsigned char *const newline = memchr(map->data + at, '\n', most);
    return newline == NULL ? at : (size_t)(newline - map->data) + 1;
}

/* Cuts the file into at most `most` pieces; returns how many. */
static int cut(const pe_map *map, size_t from, size_t size, int most, piece *pieces)
{
    const size_t end = from + size;
    int count = 0;
    size_t begin = from;
    for (int t = 1; t <= most; t++) {
        const size_t near = from + size / (size_t)most * (size_t)t;
        const size_t to = t == most ? end : after_newline(map, near, end);
        if (t < most && (to == near || to <= begin))
            continue;
        pieces[count++] = (piece){.map = map, .from = begin, .to = to};
        begin = to;
    }
    return count;
}

/* Signals are the main thread's: one ends its wait. */
static void begin_threads(piece *pieces, int count)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    for (int t = 1; t < count; t++)
        pieces[t].has_thread = pthread_create(&pieces[t].thread, NULL, run_thread, &pieces[t]) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Waits for the piece, and appends its index. */
static pe_status join(pe_line_index *index, piece *next, pe_status status, pe_error *err)
{
    bool is_joined = false;
    if (next->has_thread)
        (void)pthread_join(next->thread, NULL);
    else if (status == PE_OK)
        scan(next, &next->index);
    if (status == PE_OK)
        status = pe_line_index_join(index, &next->index, &is_joined, err);
    if (status == PE_OK && !is_joined)
        scan(next, index);
    pe_line_index_fini(&next->index);
    return status;
}

static int thread_count(size_t size, const pe_dialect *dialect, int threads)
{
    const int cores = threads > 0 ? threads : pe_cores_bound();
    const int most = cores < THREADS_MOST ? cores : THREADS_MOST;
    const size_t pieces = size / PIECE_LEAST;
    if (pe_dialect_skips_lines(dialect) || pieces < 1)
        return 1;
    return pieces < (size_t)most ? (int)pieces : most;
}

pe_status pe_file_index_make(const pe_map *map, pe_line_position start, size_t size, pe_dialect dialect, int threads,
                             pe_line_index *out, pe_error *err)
{
    piece pieces[THREADS_MOST];
    const int count = cut(map, (size_t)start.offset, size, thread_count(size, &dialect, threads), pieces);
    const size_t entries = PE_LINE_INDEX_ENTRIES / (size_t)count / 2 * 2;
    pe_status status = PE_OK;
    for (int t = 0; t < count && status == PE_OK; t++) {
        const pe_line_position from = {pieces[t].from, t == 0 ? start.line : 1};
        status = pe_line_index_begin(&pieces[t].index, dialect, from, entries, err);
    }
    if (status == PE_OK) {
        begin_threads(pieces, count);
        scan(&pieces[0], &pieces[0].index);
    }
    for (int t = 1; t < count; t++)
        status = join(&pieces[0].index, &pieces[t], status, err);
    *out = pieces[0].index;
    return status;
}
