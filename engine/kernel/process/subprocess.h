/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* subprocess.h - a child process that is spoken to through pipes.
 *
 * Design: every wait returns, whatever the child does: at a deadline, when the run stops, or when the child dies, even
 *         while a grandchild holds the child's pipes open. A child that has ended is always reaped.
 *         All children of kernels (Python, programs, isolated kernels) are started, waited for and killed here; the
 *         kinds differ in the bytes that they exchange.
 * Threads: a child belongs to one thread. Several threads may start children at once: all descriptors are close-on-exec
 *          from the start, so no child inherits the pipes of another.
 */
#ifndef PE_SUBPROCESS_H
#define PE_SUBPROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/buffer.h"

#define PE_SUBPROCESS_STDERR_BYTES 512
#define PE_SUBPROCESS_NO_FD (-1)
#define PE_SUBPROCESS_PARENT_FD 5 /* in the child: a pipe without data, which reaches its end when the parent dies */
#define PE_SUBPROCESS_SHARED_FD 6 /* in the child: spec.shared_fd */

typedef struct pe_subprocess_spec {
    const char *program;     /* a path, or a name to look for in PATH */
    const char *const *argv; /* ended by NULL */
    int in_fd;               /* where the child reads our bytes: 0, 3, or PE_SUBPROCESS_NO_FD; else stdin is empty */
    int out_fd;              /* where the child answers: 1, or 4: then its stdout is its stderr */
    bool captures_stderr;    /* keep the end of its stderr; else its stderr is ours */
    bool drops_stderr;       /* its stderr is /dev/null */
    int pipe_bytes;          /* capacity of the two pipes; 0: the system's default */
    bool has_parent_pipe;    /* the child gets PE_SUBPROCESS_PARENT_FD */
    int shared_fd;           /* a descriptor of ours that the child gets too, or PE_SUBPROCESS_NO_FD */
    const char *const *variables; /* "NAME=value", ended by NULL, in place of ours of that name; NULL: none */
} pe_subprocess_spec;

/* Zero-initialise; pid is 0 when there is no child. */
typedef struct pe_subprocess {
    pid_t pid;
    int in, out, err, parent_pipe; /* our ends of the pipes; PE_SUBPROCESS_NO_FD once closed */
    bool kills_group;              /* what the child started is killed at the child's end */
    /* Gets the bytes of the child's stderr as they come; NULL: only the last ones are kept. Set after start. */
    void (*on_stderr)(void *context, const char *bytes, size_t size);
    void *on_stderr_context;
    size_t stderr_size;
    char stderr_bytes[PE_SUBPROCESS_STDERR_BYTES]; /* the last bytes of its stderr */
} pe_subprocess;

/* pe_subprocess_start - run a program in a process group of its own. The child does not inherit other descriptors,
 * ignored or blocked signals, or the MPI launcher's environment variables.
 *
 * Call:    any thread; never forks (posix_spawn).
 * Returns: PE_OK; PE_EKERNEL with the program and the system's reason; PE_ENOMEM (processes, descriptors)
 */
pe_status pe_subprocess_start(const pe_subprocess_spec *spec, pe_subprocess *process, pe_error *err);

/* The code of a forked child: it reads from in, answers on out, and ends by _exit. */
typedef void pe_subprocess_body(void *argument, int in, int out);

/* pe_subprocess_fork - run body in a copy of this process, in a process group of its own that is killed with the child.
 *
 * Call:    any thread. The child has one thread, and all memory, descriptors and signal handlers of this process: body
 *          lets go of what it must not keep.
 * Returns: 0 or an errno
 */
int pe_subprocess_fork(pe_subprocess_body *body, void *argument, pe_subprocess *process);

typedef enum pe_subprocess_event {
    PE_SUBPROCESS_PROGRESS, /* bytes were written or read */
    PE_SUBPROCESS_ENDED,    /* no more answers: the child closed its pipe, or it died and everything was read */
    PE_SUBPROCESS_TIMEOUT,  /* the deadline passed */
    PE_SUBPROCESS_STOPPED,  /* *stop became true */
    PE_SUBPROCESS_FAILED    /* out of memory */
} pe_subprocess_event;

/* An exchange in progress: size bytes at data are still to be written, answers are appended. */
typedef struct pe_subprocess_io {
    const unsigned char *data;
    size_t size;
    pe_buffer *answer;
    uint64_t deadline_ns;    /* of pe_clock_ns; 0: none */
    const atomic_bool *stop; /* may be NULL; read five times a second */
} pe_subprocess_io;

/* pe_subprocess_exchange - wait until a pipe is ready, then write and read what is possible without waiting.
 *
 * Owns:    advances io->data and io->size. When the child does not read any more (EPIPE) the rest is dropped and
 *          process->in closed. SIGPIPE is never raised.
 */
pe_subprocess_event pe_subprocess_exchange(pe_subprocess *process, pe_subprocess_io *io, pe_error *err);

/* pe_subprocess_forget - free the memory of a long answer once its first *used bytes are of no more use. What follows them
 * stays, and *used is 0 then. A short answer keeps its memory. */
void pe_subprocess_forget(pe_buffer *answer, size_t *used);

/* pe_subprocess_has_output - is there something to read (bytes, or the end) without waiting? */
bool pe_subprocess_has_output(const pe_subprocess *process);

/* pe_subprocess_close_in - close the input of the child, which then reads its end. */
void pe_subprocess_close_in(pe_subprocess *process);

/* How a child ended. */
typedef struct pe_subprocess_end {
    bool by_signal;
    int number; /* of the signal, or the exit code; -1 and not by_signal: another thread reaped it */
} pe_subprocess_end;

/* pe_subprocess_finish - close the child's input and wait until deadline_ns for it to exit (0: until it exits or *stop),
 * then kill its process group; reap it and close all pipes. Without a child: exit 0.
 * was_killed (may be NULL): whether it had to be killed. */
pe_subprocess_end pe_subprocess_finish(pe_subprocess *process, uint64_t deadline_ns, const atomic_bool *stop,
                                       bool *was_killed);

/* pe_subprocess_kill - finish without waiting. A child that was dead already keeps its own exit code or signal. */
pe_subprocess_end pe_subprocess_kill(pe_subprocess *process);

#define PE_SUBPROCESS_TEXT_ROOM 96
/* pe_subprocess_last_line - the last line of captured stderr that is not blank; valid after finish; returns out. */
const char *pe_subprocess_last_line(const pe_subprocess *process, char out[PE_SUBPROCESS_TEXT_ROOM]);
/* pe_subprocess_print_end - "signal 9" or "exit 3"; returns out. */
const char *pe_subprocess_print_end(pe_subprocess_end end, char out[PE_SUBPROCESS_TEXT_ROOM]);

#endif
