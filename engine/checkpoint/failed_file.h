/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failed_file.h - a list of items in a file beside a checkpoint that only grows: those that failed, or their files' names.
 *
 * Invariant: the checkpoint states how many bytes of the file count; what follows them is from a later moment and is cut.
 * Design: a checkpoint is rewritten at each interval, and there may be 10^7 failed items, so they are not in it. Each entry
 *         has a checksum of its own. The file is made with the first entry. There are two files, list 0 and 1: one belongs to
 *         the checkpoint on disk, and a retry writes the other, which the next checkpoint names.
 * Threads: one at a time; pe_failed_file_sync from any thread.
 */
#ifndef PE_FAILED_FILE_H
#define PE_FAILED_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"

/* Zero-initialise. */
typedef struct pe_failed_file {
    char *path; /* NULL: no entries are kept */
    int fd;     /* valid once has_file */
    bool has_file;
    uint64_t bytes; /* with what waits in pending */
    pe_buffer pending;
} pe_failed_file;

typedef struct pe_failed_entry {
    uint64_t item;
    uint64_t row;     /* of the output: where the item's row is (fill), or would be (skip) */
    const char *line; /* of the log of failed items; no terminator */
    size_t line_bytes;
} pe_failed_entry;

#define PE_NAMES_LIST 2 /* one file per item; an entry's line is the hash of the file's name */

/* pe_failed_file_begin - entries go to CHECKPOINT.failed (list 0), CHECKPOINT.again.failed (1) or CHECKPOINT.names
 * (PE_NAMES_LIST), after the first `bytes` bytes that an earlier run has written; 0: anew. PE_EOUTPUT when the file is
 * not pengine's, or shorter than that. */
pe_status pe_failed_file_begin(pe_failed_file *file, const char *checkpoint, uint64_t list, uint64_t bytes,
                               pe_error *err);

/* pe_failed_file_add - append a failed item; written once enough bytes wait, or by the next flush. PE_EIO, PE_ENOMEM. */
pe_status pe_failed_file_add(pe_failed_file *file, const pe_failed_entry *entry, pe_error *err);

/* pe_failed_file_flush - write what waits; afterwards file->bytes is what a checkpoint may state once the file is synced. */
pe_status pe_failed_file_flush(pe_failed_file *file, pe_error *err);
pe_status pe_failed_file_sync(const pe_failed_file *file, pe_error *err);

/* pe_failed_file_drop - remove a list that no checkpoint names any more; a file that is not pengine's stays. */
void pe_failed_file_drop(const char *checkpoint, uint64_t list);

/* pe_failed_file_end - close; removes: delete the file. NULL path is fine. */
void pe_failed_file_end(pe_failed_file *file, bool removes);

/* Reads the entries of the first `bytes` bytes of CHECKPOINT.failed, one after the other. Zero-initialise. */
typedef struct pe_failed_reader {
    char *path;
    FILE *in;
    uint64_t at, bytes;
    pe_buffer line;
} pe_failed_reader;

/* pe_failed_reader_open - bytes 0: there are no entries, and no file is needed. pe_failed_reader_close: always.
 * Returns: PE_OK; PE_EDATA when the file is missing, cut or damaged; PE_EIO */
pe_status pe_failed_reader_open(pe_failed_reader *reader, const char *checkpoint, uint64_t list, uint64_t bytes,
                                pe_error *err);
void pe_failed_reader_close(pe_failed_reader *reader);

/* pe_failed_reader_next - *has is false at the end. Owns: the line is valid until the next call. PE_EIO, PE_EDATA. */
pe_status pe_failed_reader_next(pe_failed_reader *reader, pe_failed_entry *out, bool *has, pe_error *err);

#endif
