/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* column_worker.h - the worker of the library: columns in, columns out, failed items reported one by one.
 *
 * Design:  arguments are read where they lie, in the caller's columns or in the slice's payload (one column_block). Results
 *          are written where they belong, in the caller's columns, or into column_blocks of the chunk, one per batch.
 *          The chunk's log has sections: [bytes of notes][bytes of records][notes][records]. A note is a failed item with
 *          its reason; records are those of report/failure_record.h.
 */
#ifndef PE_COLUMN_WORKER_H
#define PE_COLUMN_WORKER_H

#include "library/columns/column_block.h"
#include "library/columns/idle_calls.h"
#include <pengine/pool.h>

/* The same for all workers of a run; constant during the run. */
typedef struct pe_column_work {
    const pe_work_kernel *kernel;
    const pe_work_errors *errors;
    const pe_plan *plan;
    uint64_t first;          /* the item that the pool counts as 0 */
    uint64_t origin;         /* the first item of args, results and outcomes */
    bool is_shared;          /* slices with a payload are other ranks' items: their results go into blocks */
    pe_column_types columns; /* what args or payloads hold; where they differ from the signature they are converted */
    const void *const *args; /* NULL: in the payload */
    void *const *results;    /* NULL: into blocks */
    unsigned char *outcomes; /* with results: a pe_outcome an item, or NULL */
    pe_idle_calls *idle_calls;
    const void *inside; /* the pool, for pe_column_worker_inside */
} pe_column_work;

/* A failed item of a log. */
typedef struct pe_failed_note {
    uint64_t item;
    uint32_t outcome;
    uint32_t reason_bytes;
    const char *reason; /* borrowed from the log; no terminator */
} pe_failed_note;

/* pe_column_worker - its work_spec is a pe_column_work. */
extern const pe_worker_vtable pe_column_worker;

/* pe_column_log_next - the next section of a log from *at on: its notes, and its records as a buffer that borrows. false:
 * there is none. */
bool pe_column_log_next(const pe_buffer *log, size_t *at, pe_buffer *notes, pe_buffer *records);
/* pe_failed_note_read - read the note at an offset of a section's notes; returns the offset of the next. */
size_t pe_failed_note_read(const pe_buffer *notes, size_t at, pe_failed_note *out);

/* pe_column_worker_enter - note that this thread calls functions of the user for a pool, from now on; NULL: no more.
 * pe_column_worker_inside - the pool that this thread calls functions of the user for, or NULL. */
void pe_column_worker_enter(const void *pool);
const void *pe_column_worker_inside(void);

#endif
