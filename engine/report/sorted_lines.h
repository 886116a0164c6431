/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sorted_lines.h - lines that come in any order and are written in the order of their items: an external merge sort.
 *
 * Design:  memory stays below PE_SORTED_LINES_BYTES however many lines there are (one line that is longer comes beside).
 * Threads: one at a time.
 */
#ifndef PE_SORTED_LINES_H
#define PE_SORTED_LINES_H

#include "base/buffer.h"

#define PE_SORTED_LINES_BYTES ((size_t)5 << 20)

/* A sorted part of the scratch file. */
typedef struct pe_sorted_run {
    uint64_t begin, end;
} pe_sorted_run;

/* Made by pe_sorted_lines_init. */
typedef struct pe_sorted_lines {
    const char *beside; /* the scratch file is made in the folder of this one; borrowed */
    pe_buffer pending;  /* lines that are in no run yet */
    size_t pending_count;
    int fd; /* of the scratch file; -1: not needed so far */
    uint64_t size;
    pe_sorted_run *runs;
    size_t run_count, run_room;
} pe_sorted_lines;

void pe_sorted_lines_init(pe_sorted_lines *self, const char *beside);
void pe_sorted_lines_fini(pe_sorted_lines *self);

/* pe_sorted_lines_add - add the line of an item; the bytes are copied. PE_EIO, PE_ENOMEM. */
pe_status pe_sorted_lines_add(pe_sorted_lines *self, uint64_t item, const char *line, size_t bytes, pe_error *err);

/* pe_sorted_lines_write - write all lines, sorted by item, to a descriptor; afterwards there are none. PE_EIO naming `name`,
 * PE_ENOMEM. */
pe_status pe_sorted_lines_write(pe_sorted_lines *self, int fd, const char *name, pe_error *err);

#endif
