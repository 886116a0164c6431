/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_internal.h - what isolate.c, isolate_area.c, isolate_process.c and isolate_helper.c share.
 *
 * Design: a worker and its process share one area, mapped before the fork, so at the same address in both: a sheet with
 *         the question and the answer, a column for each argument and result, bytes of texts. They speak in turns
 *         through a socket, a byte each way: what is in the area belongs to whose turn it is.
 *         After a crash anything may be in the area. So the parent reads nothing there but answers, which it checks, and
 *         keeps the layout in memory of its own.
 */
#ifndef PE_ISOLATE_INTERNAL_H
#define PE_ISOLATE_INTERNAL_H

#include <sys/types.h>

#include "kernel/call.h"
#include "kernel/form.h"

/* Constant after pe_isolate_wrap. */
typedef struct pe_isolate {
    pe_kernel inner; /* what runs in the process */
    pe_signature signature;
    uint64_t timeout_ns;
    const pe_form_ops *ops; /* the form as it was */
    void *state;
} pe_isolate;

/* ---- the area ---- */

/* Some items of the batch whose columns are in the area. */
typedef struct pe_isolate_span {
    size_t begin, count;
} pe_isolate_span;

typedef struct pe_isolate_sheet {
    /* the question: the parent writes, the process reads */
    uint64_t first; /* index of the span's first item in the whole input */
    pe_isolate_span span;
    /* the answer: the process writes, the parent reads */
    int stopped;   /* what open or map returned */
    size_t failed; /* records of failures */
    bool has_stray_item, has_stray_text;
    size_t stray_item; /* failed, but not of this batch */
    int stray_result;  /* a text was asked for that there is not */
    size_t stray_text;
    size_t text_bytes; /* of all result texts; more than the room means: ask again with more */
} pe_isolate_sheet;

typedef struct pe_isolate_failure {
    size_t item; /* in the span */
    char reason[PE_REASON_ROOM];
} pe_isolate_failure;

/* How much fits. */
typedef struct pe_isolate_room {
    size_t items, text_in, text_out;
} pe_isolate_room;

typedef struct pe_isolate_area {
    unsigned char *base;
    size_t size;
    pe_isolate_room room;
    pe_isolate_sheet *sheet;
    pe_isolate_failure *failures; /* room.items of them */
    unsigned char *has_failed;    /* one an item; the process's own */
    unsigned char *args[PE_MAX_COLUMNS];
    unsigned char *results[PE_MAX_COLUMNS];
    char *text_in, *text_out;
} pe_isolate_area;

pe_isolate_room pe_isolate_first_room(const pe_signature *signature);
/* pe_isolate_map_area - returns 0 or an errno; nothing is touched, so room costs no memory until it is used. */
int pe_isolate_map_area(const pe_signature *signature, pe_isolate_room room, pe_isolate_area *out);
void pe_isolate_unmap_area(pe_isolate_area *area);

/* pe_isolate_need - the room that a batch's arguments take. */
pe_isolate_room pe_isolate_need(const pe_signature *signature, const pe_batch *batch);
/* pe_isolate_put - the arguments of a batch into the area, which has room for them. */
void pe_isolate_put(const pe_isolate_area *area, const pe_signature *signature, const pe_batch *batch);
/* pe_isolate_take - the answer about a span into the batch's results, failures and texts. Returns 0, or what map shall
 * return. */
int pe_isolate_take(const pe_isolate_area *area, const pe_signature *signature, pe_batch *batch, pe_isolate_span span);

/* ---- the process ---- */

/* pe_isolate_serve - all that the process does; it never returns. fd is its end of the socket. */
_Noreturn void pe_isolate_serve(const pe_isolate *self, const pe_isolate_area *area, const pe_setup *setup, int fd,
                                pid_t parent);

/* ---- the parent's side of one process ---- */

typedef enum pe_isolate_end {
    PE_ISOLATE_ANSWERED,
    PE_ISOLATE_DIED, /* helper->death says how */
    PE_ISOLATE_LATE, /* the deadline passed; it was killed */
    PE_ISOLATE_NONE  /* there is no process and no way to make one: helper->refused */
} pe_isolate_end;

typedef struct pe_isolate_death {
    bool by_signal, is_known;
    int number; /* of the signal, or the exit code */
} pe_isolate_death;

/* One worker's. */
typedef struct pe_isolate_helper {
    const pe_isolate *self;
    const pe_setup *setup;
    pe_isolate_area area;
    pid_t pid; /* 0: no process */
    int fd;
    pe_isolate_death death;
    int refused;      /* what open returned, or why there is no process */
    uint64_t item_ns; /* about what an item takes; 0: not known */
} pe_isolate_helper;

/* pe_isolate_start - a process, its kernel opened; helper->area is mapped. Returns 0 or helper->refused. */
int pe_isolate_start(pe_isolate_helper *helper);
/* pe_isolate_stop - lets the process close its kernel and end, or kills it. */
void pe_isolate_stop(pe_isolate_helper *helper);
/* pe_isolate_ask - the question on the sheet to the process (a new one when there is none) until timeout_ns (0: never). */
pe_isolate_end pe_isolate_ask(pe_isolate_helper *helper, uint64_t timeout_ns);

#endif
