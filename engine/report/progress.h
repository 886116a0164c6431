/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* progress.h - the line of progress, for people and for programs; numbers as people read them.
 *
 * Threads: the main thread of rank 0; the line is drawn at most ten times a second, so never on the critical path.
 */
#ifndef PE_PROGRESS_H
#define PE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "report/eta.h"

typedef enum pe_progress_mode {
    PE_PROGRESS_AUTO,
    PE_PROGRESS_ALWAYS,
    PE_PROGRESS_NEVER,
    PE_PROGRESS_JSON
} pe_progress_mode;

typedef struct pe_progress {
    const char *name; /* of the job; borrowed */
    uint64_t items;   /* of this run; UINT64_MAX: unknown */
    uint64_t before;  /* items that earlier runs of the job have done */
    bool is_shown, is_terminal, is_json;
    uint64_t every_ns; /* between two draws */
    uint64_t began_ns, shown_ns, shown_items;
    double rate; /* items per second, smoothed */
    pe_eta eta;
} pe_progress;

/* What is done, by this run. */
typedef struct pe_progress_counts {
    uint64_t items;   /* delivered */
    uint64_t failed;  /* of these */
    uint64_t skipped; /* of these, left out on request */
} pe_progress_counts;

/* pe_progress_begin - auto: redrawn on a terminal, else a line every 30 s; always: both without asking (a log gets a
 * line a second); json: a JSON object a second, on a line. Nothing but that is shown when is_quiet. */
void pe_progress_begin(pe_progress *progress, const char *name, uint64_t items, uint64_t before, pe_progress_mode mode,
                       bool is_quiet);
void pe_progress_tick(pe_progress *progress, const pe_progress_counts *counts);
void pe_progress_end(pe_progress *progress);

/* pe_print_count - 1234567 as "1,234,567" into out (at least 32 bytes); returns out. */
const char *pe_print_count(char out[32], uint64_t count);
/* pe_print_rate - items per second in three digits: "5.61 G", "312 k". */
const char *pe_print_rate(char out[32], double rate);
/* pe_print_bytes - "16.0 MiB". */
const char *pe_print_bytes(char out[32], uint64_t bytes);
/* pe_print_seconds - "0.004 s", "12.3 s", "3 min 05 s", "2 h 14 min". */
const char *pe_print_seconds(char out[32], double seconds);

#endif
