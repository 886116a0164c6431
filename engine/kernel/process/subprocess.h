/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* subprocess.h - a program that runs beside this process, spoken to through pipes.
 *
 * Design: whatever a process does, the caller comes back: every wait has an end (a deadline, the run's stop, the death of
 *         the process even while a grandchild holds its pipes), and an ended process is always reaped.
 * Threads: a process belongs to one thread. Children may be started by several threads at once: all descriptors are
 *          close-on-exec from birth, so none holds another's pipes.
 */
#ifndef PE_SUBPROCESS_H
#define PE_SUBPROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"

#define PE_SUBPROCESS_TAIL 512
#define PE_SUBPROCESS_NO_FD (-1)
#define PE_SUBPROCESS_LIFE_FD 5 /* in the process: hangs up when this process ends */
#define PE_SUBPROCESS_GIFT_FD 6 /* in the process: spec.gift */

typedef struct pe_subprocess_spec {
    const char *program;     /* a path, or a name to look for in PATH */
    const char *const *argv; /* ended by NULL */
    int in_fd;  /* what the process reads our bytes from: 0, 3, or PE_SUBPROCESS_NO_FD; else its stdin is empty */
    int out_fd; /* what it answers on: 1, or 4: then its stdout is its stderr */
    bool keeps_errors; /* its stderr goes to the tail; else it is ours */
    int pipe_bytes;    /* room of in and out: that much goes without a wait; 0: as the system has it */
    bool has_life;     /* it gets PE_SUBPROCESS_LIFE_FD */
    int gift;          /* a descriptor of ours that it gets too, or PE_SUBPROCESS_NO_FD */
} pe_subprocess_spec;

/* Zero-initialise; pid is 0 when there is no process. */
typedef struct pe_subprocess {
    pid_t pid;
    int in, out, errors, life; /* our ends; PE_SUBPROCESS_NO_FD once closed */
    size_t tail_size;
    char tail[PE_SUBPROCESS_TAIL]; /* the last bytes of its stderr */
} pe_subprocess;

/* pe_subprocess_start - start a process in a process group of its own, without what only concerns this one: other
 * descriptors, ignored or blocked signals, the marks of an MPI launcher in the environment.
 *
 * Call:    any thread; never forks (posix_spawn).
 * Returns: PE_OK; PE_EKERNEL with the program and the system's reason; PE_ENOMEM (processes, descriptors)
 */
pe_status pe_subprocess_start(const pe_subprocess_spec *spec, pe_subprocess *process, pe_error *err);

typedef enum pe_subprocess_event {
    PE_SUBPROCESS_MOVED,   /* bytes went or came */
    PE_SUBPROCESS_ENDED,   /* it answers no more: its end is closed, or it is dead and all it said was read */
    PE_SUBPROCESS_LATE,    /* the deadline passed */
    PE_SUBPROCESS_STOPPED, /* *stop became true */
    PE_SUBPROCESS_FAILED   /* out of memory */
} pe_subprocess_event;

/* What is under way: size bytes at data to be written, and where answers are appended. */
typedef struct pe_subprocess_io {
    const unsigned char *data;
    size_t size;
    pe_buffer *answer;
    uint64_t deadline_ns;    /* of pe_clock_ns; 0: none */
    const atomic_bool *stop; /* may be NULL; looked at 5 times a second */
} pe_subprocess_io;

/* pe_subprocess_exchange - wait until something moves, write and read what can be without waiting.
 *
 * Owns:    advances talk->data and talk->size; what the process will not read any more (EPIPE) is dropped. SIGPIPE is
 *          never raised.
 */
pe_subprocess_event pe_subprocess_exchange(pe_subprocess *process, pe_subprocess_io *talk, pe_error *err);

/* pe_subprocess_has_output - would a talk at this moment hear something, be it the end? */
bool pe_subprocess_has_output(const pe_subprocess *process);

/* pe_subprocess_close_in - tell it that nothing more comes. */
void pe_subprocess_close_in(pe_subprocess *process);

/* How a process ended. */
typedef struct pe_subprocess_end {
    bool by_signal;
    int number; /* of the signal, or the exit code */
} pe_subprocess_end;

/* pe_subprocess_finish - close its input, give it until deadline_ns to end by itself (0: all the time it takes, while *stop is
 * not true), then kill its process group; reap it and close everything. Without a process: exit 0.
 * was_killed (may be NULL) tells whether it had to be killed. */
pe_subprocess_end pe_subprocess_finish(pe_subprocess *process, uint64_t deadline_ns, const atomic_bool *stop,
                                       bool *was_killed);

/* pe_subprocess_kill - the same at once. A process that was dead already keeps its own end. */
pe_subprocess_end pe_subprocess_kill(pe_subprocess *process);

#define PE_SUBPROCESS_WORDS 96
/* pe_subprocess_last_line - the last line of the tail that is not blank, on one line; valid after the end; returns out. */
const char *pe_subprocess_last_line(const pe_subprocess *process, char out[PE_SUBPROCESS_WORDS]);
/* pe_subprocess_print_end - "signal 9" or "exit 3"; returns out. */
const char *pe_subprocess_print_end(pe_subprocess_end end, char out[PE_SUBPROCESS_WORDS]);

#endif
