/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* child.h - a program that runs beside this process, spoken to through pipes.
 *
 * Design: whatever a child does, the caller comes back: every wait has an end (a deadline, the run's stop, the death of
 *         the child even while a grandchild holds its pipes), and an ended child is always reaped.
 * Threads: a child belongs to one thread. Children may be started by several threads at once: all descriptors are
 *          close-on-exec from birth, so none holds another's pipes.
 */
#ifndef PE_CHILD_H
#define PE_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"

#define PE_CHILD_TAIL 512
#define PE_CHILD_NO_FD (-1)
#define PE_CHILD_LIFE_FD 5 /* in the child: hangs up when this process ends */
#define PE_CHILD_GIFT_FD 6 /* in the child: spec.gift */

typedef struct pe_child_spec {
    const char *program;     /* a path, or a name to look for in PATH */
    const char *const *argv; /* ended by NULL */
    int in_fd;               /* what the child reads our bytes from: 0, 3, or PE_CHILD_NO_FD; else its stdin is empty */
    int out_fd;              /* what it answers on: 1, or 4: then its stdout is its stderr */
    bool keeps_errors;       /* its stderr goes to the tail; else it is ours */
    int pipe_bytes;          /* room of in and out: that much goes without a wait; 0: as the system has it */
    bool has_life;           /* it gets PE_CHILD_LIFE_FD */
    int gift;                /* a descriptor of ours that it gets too, or PE_CHILD_NO_FD */
} pe_child_spec;

/* Zero-initialise; pid is 0 when there is no process. */
typedef struct pe_child {
    pid_t pid;
    int in, out, errors, life; /* our ends; PE_CHILD_NO_FD once closed */
    size_t tail_size;
    char tail[PE_CHILD_TAIL]; /* the last bytes of its stderr */
} pe_child;

/* pe_child_start - start a process in a process group of its own, without what only concerns this one: other
 * descriptors, ignored or blocked signals, the marks of an MPI launcher in the environment.
 *
 * Call:    any thread; never forks (posix_spawn).
 * Returns: PE_OK; PE_EKERNEL with the program and the system's reason; PE_ENOMEM (processes, descriptors)
 */
pe_status pe_child_start(const pe_child_spec *spec, pe_child *child, pe_error *err);

typedef enum pe_child_event {
    PE_CHILD_MOVED,   /* bytes went or came */
    PE_CHILD_ENDED,   /* it answers no more: its end is closed, or it is dead and all it said was read */
    PE_CHILD_LATE,    /* the deadline passed */
    PE_CHILD_STOPPED, /* *stop became true */
    PE_CHILD_FAILED   /* out of memory */
} pe_child_event;

/* What is under way: size bytes at data to be written, and where answers are appended. */
typedef struct pe_child_talk {
    const unsigned char *data;
    size_t size;
    pe_buffer *answer;
    uint64_t deadline_ns;    /* of pe_clock_ns; 0: none */
    const atomic_bool *stop; /* may be NULL; looked at 5 times a second */
} pe_child_talk;

/* pe_child_talk_on - wait until something moves, write and read what can be without waiting.
 *
 * Owns:    advances talk->data and talk->size; what the child will not read any more (EPIPE) is dropped. SIGPIPE is
 *          never raised.
 */
pe_child_event pe_child_talk_on(pe_child *child, pe_child_talk *talk, pe_error *err);

/* pe_child_has_said - would a talk at this moment hear something, be it the end? */
bool pe_child_has_said(const pe_child *child);

/* pe_child_close_in - tell it that nothing more comes. */
void pe_child_close_in(pe_child *child);

/* How a process ended. */
typedef struct pe_child_end {
    bool by_signal;
    int number; /* of the signal, or the exit code */
} pe_child_end;

/* pe_child_finish - close its input, give it until deadline_ns to end by itself (0: all the time it takes, while *stop is
 * not true), then kill its process group; reap it and close everything. Without a process: exit 0.
 * was_killed (may be NULL) tells whether it had to be killed. */
pe_child_end pe_child_finish(pe_child *child, uint64_t deadline_ns, const atomic_bool *stop, bool *was_killed);

/* pe_child_kill - the same at once. A child that was dead already keeps its own end. */
pe_child_end pe_child_kill(pe_child *child);

#define PE_CHILD_WORDS 96
/* pe_child_last_line - the last line of the tail that is not blank, on one line; valid after the end; returns out. */
const char *pe_child_last_line(const pe_child *child, char out[PE_CHILD_WORDS]);
/* pe_child_print_end - "signal 9" or "exit 3"; returns out. */
const char *pe_child_print_end(pe_child_end end, char out[PE_CHILD_WORDS]);

#endif
