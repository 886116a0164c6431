/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* isolate_internal.h - what isolate.c, isolate_memory.c, isolate_child.c and isolate_worker.c share.
 *
 * Design: a worker and its child process share one mapping, made before the fork, so at the same address in both: a header
 *         with request and answer, a column for each argument and result, bytes of texts. They take turns, one byte
 *         through a pipe hands the turn over, and the process that has the turn owns the mapping.
 *         After a crash the mapping may hold anything. So the parent reads nothing there but answers, which it checks,
 *         and keeps the layout in memory of its own.
 *         Columns are shared memory and not bytes in a pipe, as Python and programs get them, because a native kernel
 *         is often as fast as memory: two copies through a pipe would cost more than the kernel.
 */
#ifndef PE_ISOLATE_INTERNAL_H
#define PE_ISOLATE_INTERNAL_H

#include "kernel/call.h"
#include "kernel/form.h"
#include "kernel/process/subprocess.h"

/* Constant after pe_isolate_wrap. */
typedef struct pe_isolate {
    pe_kernel inner; /* what runs in the child */
    pe_signature signature;
    uint64_t timeout_ns;
    const pe_form_ops *ops; /* the form as it was */
    void *state;
} pe_isolate;

/* ---- shared memory ---- */

/* Consecutive items of the batch whose columns are in the shared memory. */
typedef struct pe_isolate_items {
    size_t begin, count;
} pe_isolate_items;

typedef struct pe_isolate_header {
    /* the request: the parent writes, the child reads */
    uint64_t first; /* index of the first item in the whole input */
    pe_isolate_items items;
    /* the answer: the child writes, the parent reads */
    int stopped;                   /* what open or map returned */
    char refusal[PE_REFUSAL_ROOM]; /* why open did; "": it gave no reason */
    size_t failed;                 /* number of failures */
    bool has_invalid_item, has_invalid_text;
    size_t invalid_item; /* failed by the kernel, but not in the batch */
    int invalid_result;  /* a text was asked for a result or an item that does not exist */
    size_t invalid_text;
    size_t text_bytes; /* of all result texts; more than the capacity: ask again with more */
} pe_isolate_header;

typedef struct pe_isolate_failure {
    size_t item; /* relative to items.begin */
    char reason[PE_REASON_ROOM];
} pe_isolate_failure;

typedef struct pe_isolate_capacity {
    size_t items, text_in, text_out; /* texts in bytes */
} pe_isolate_capacity;

typedef struct pe_isolate_memory {
    unsigned char *base;
    size_t size;
    pe_isolate_capacity capacity;
    pe_isolate_header *header;
    pe_isolate_failure *failures; /* capacity.items of them */
    unsigned char *has_failed;    /* one per item; only the child uses it */
    unsigned char *args[PE_MAX_COLUMNS];
    unsigned char *results[PE_MAX_COLUMNS];
    char *text_in, *text_out;
} pe_isolate_memory;

/* pe_isolate_first_capacity - the capacity of a worker's first mapping; a batch that needs more gets a larger one. */
pe_isolate_capacity pe_isolate_first_capacity(const pe_signature *signature);
/* pe_isolate_memory_map - returns 0 or an errno; pages that are never touched cost no memory. */
int pe_isolate_memory_map(const pe_signature *signature, pe_isolate_capacity capacity, pe_isolate_memory *out);
void pe_isolate_memory_unmap(pe_isolate_memory *memory);

/* pe_isolate_need - the capacity that a batch's arguments take. */
pe_isolate_capacity pe_isolate_need(const pe_signature *signature, const pe_batch *batch);
/* pe_isolate_write_args - copy the arguments of a batch into the memory, which has the capacity. */
void pe_isolate_write_args(const pe_isolate_memory *memory, const pe_signature *signature, const pe_batch *batch);
/* pe_isolate_read_answer - copy results, failures and texts of some items into the batch. Returns 0, or what map shall
 * return. */
int pe_isolate_read_answer(const pe_isolate_memory *memory, const pe_signature *signature, pe_batch *batch,
                           pe_isolate_items items);

/* ---- the child ---- */

/* What the child is started with. */
typedef struct pe_isolate_task {
    const pe_isolate *self;
    const pe_isolate_memory *memory;
    const pe_setup *setup;
    pid_t parent;
} pe_isolate_task;

/* pe_isolate_child_main - the child's code, a pe_subprocess_body; argument is a pe_isolate_task. Never returns. */
void pe_isolate_child_main(void *argument, int in, int out);

/* ---- the parent's side ---- */

typedef enum pe_isolate_outcome {
    PE_ISOLATE_ANSWERED,
    PE_ISOLATE_DIED, /* worker->end says how */
    PE_ISOLATE_LATE, /* the timeout passed; the child was killed */
    PE_ISOLATE_LONG, /* the texts of several items are long: each is asked for by itself */
    PE_ISOLATE_NONE  /* there is no child and none can be started: worker->refused */
} pe_isolate_outcome;

/* One worker of the pool and its child. */
typedef struct pe_isolate_worker {
    const pe_isolate *self;
    const pe_setup *setup;
    pe_isolate_memory memory;
    pe_subprocess process;
    pe_buffer turn;        /* the bytes that the child wrote: one an answer */
    pe_subprocess_end end; /* of the last child */
    int refused;           /* what open returned, or the errno of the failed start */
    uint64_t item_ns;      /* average time of an item; 0: not known */
    size_t item_bytes;     /* result texts of an item: of the last ones, or less where those before had more */
} pe_isolate_worker;

/* pe_isolate_free_texts - free the pages of the result texts, which were read. */
void pe_isolate_free_texts(const pe_isolate_memory *memory);

/* pe_isolate_start - fork a child, which opens the kernel; worker->memory is mapped. Returns 0 or worker->refused. */
int pe_isolate_start(pe_isolate_worker *worker);
/* pe_isolate_restart - do the same amid a batch: the time is no cost of its items. */
int pe_isolate_restart(pe_isolate_worker *worker);
/* pe_isolate_stop - make the child close its kernel and exit; kill it if it does not. */
void pe_isolate_stop(pe_isolate_worker *worker);
/* pe_isolate_ask - send the request in the header to the child (a new one where there is none); timeout_ns 0: none. */
pe_isolate_outcome pe_isolate_ask(pe_isolate_worker *worker, uint64_t timeout_ns);

#endif
