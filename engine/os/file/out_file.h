/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_file.h - an output file that is written under a temporary name and takes its final name by rename.
 *
 * Invariant: the final name leads to the file of an earlier run until the new file replaces it. No file is changed, renamed
 *         or removed that a run of pengine did not make.
 * Design: a result is written to PATH.part. That name is created exclusively, after the marker, a file that is also the
 *         run's checkpoint: a .part beside its marker was left by a killed run and is taken over; a .part without a
 *         marker belongs to another program and is refused. An unfinished file can be suspended: it stays, with its
 *         marker, and a later run reopens it. A log needs its temporary name for a moment only, so that name is random. The new
 *         file is locked (flock) until it has its final name and the marker is gone: of two runs with one output the
 *         second is refused. A file system without locks is written without one.
 * Threads: one at a time.
 */
#ifndef PE_OUT_FILE_H
#define PE_OUT_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* The first bytes of every marker and of every checkpoint. */
#define PE_OUT_MARKER_MAGIC "pengine checkpoint "

typedef enum pe_out_kind {
    PE_OUT_RESULT,
    PE_OUT_RESULT_MARKED, /* the marker stays as it is: a checkpoint that the run goes on from, or locked by the run */
    PE_OUT_LOG
} pe_out_kind;

/* Zero-initialise; fd is valid from begin to commit or abort. A path that is not a regular file (/dev/null, a pipe) is
 * written directly: then part and marker are NULL. */
typedef struct pe_out_file {
    int fd;
    int lock_fd;  /* a description of its own, through which nothing is written; -1: none */
    char *path;   /* the final name, symbolic links resolved */
    char *part;   /* the temporary name; NULL once published */
    char *marker; /* NULL: none */
    bool is_regular;
    bool stays_at_exit; /* the files are no longer removed when the process ends */
    bool leaves_marker; /* commit leaves the marker */
} pe_out_file;

/* What identifies the file of an unfinished run, and how much of it counts. */
typedef struct pe_out_state {
    uint64_t inode, bytes;
    uint64_t ahead_end; /* rows that were written ahead lie after `bytes` and before this offset; they stay */
} pe_out_state;

/* pe_out_begin - create the temporary file. marker: the name of the marker; NULL: PATH.checkpoint. A checkpoint of that
 * name is replaced by an empty marker, so that no record of an earlier run survives.
 * Returns: PE_OK; PE_EOUTPUT (directory missing, no permission, a directory, another run writes this output, a file of
 *          the temporary name or of the marker's name that is not pengine's) */
pe_status pe_out_begin(const char *path, pe_out_kind kind, const char *marker, pe_out_file *out, pe_error *err);

/* pe_out_reopen - open the result of an unfinished run, continue at state.bytes, with the rows ahead of it.
 *
 * Params:  is_whole: the file must not stay under its final name while it is incomplete.
 * Returns: PE_OK; PE_EOUTPUT when neither PATH.part nor PATH is the file with this inode, when it is too short,
 *          or another run writes it */
pe_status pe_out_reopen(const char *path, const char *marker, bool is_whole, pe_out_state state, pe_out_file *out,
                        pe_error *err);

/* pe_out_check_own - whether the temporary file of this output is pengine's, or missing: before a run makes the marker itself.
 * Returns: PE_OK, PE_EOUTPUT as pe_out_begin, PE_ENOMEM */
pe_status pe_out_check_own(const char *path, const char *marker, pe_error *err);

/* pe_out_marker_path - the path of the marker beside an output, symbolic links resolved; free with free(). */
pe_status pe_out_marker_path(const char *path, char **out, pe_error *err);

/* pe_out_stay_at_exit - from here on keep the files when the process ends: a checkpoint describes them. Any thread.
 * Returns: false when the file was removed, as after pe_exit_cleanup_now: no checkpoint may describe it */
bool pe_out_stay_at_exit(pe_out_file *out);

/* pe_out_suspend - close an unfinished file for a later run that goes on: it, its temporary name and the marker stay. */
void pe_out_suspend(pe_out_file *out);

/* pe_out_publish - give the file its final name while it grows. Does nothing when it has it. PE_EIO. */
pe_status pe_out_publish(pe_out_file *out, pe_error *err);

/* pe_out_commit - close and publish the complete file; is_durable: it is on stable storage when this returns. PE_EIO, and
 * the result is that of abort, or of suspend where a checkpoint describes the file. */
pe_status pe_out_commit(pe_out_file *out, bool is_durable, pe_error *err);

/* pe_out_abort - remove the temporary file; a published file stays as it is. Allowed on a file that was not begun. */
void pe_out_abort(pe_out_file *out);

#endif
