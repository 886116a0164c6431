/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_lines_internal.h - what command_lines.c and command_lines_process.c share.
 */
#ifndef PE_COMMAND_LINES_INTERNAL_H
#define PE_COMMAND_LINES_INTERNAL_H

#include "kernel/command/command_internal.h"

#define PE_LINES_MS_NS ((uint64_t)1000000)
#define PE_LINES_GRACE_NS (2000 * PE_LINES_MS_NS) /* that a process has to exit by itself */
#define PE_LINES_STALL_NS (2000 * PE_LINES_MS_NS)

struct pe_command_lines {
    const pe_command *form;
    pe_subprocess process;
    pe_command_environment environment;
    pe_command_stderr stderr_reader;
    uint64_t served;    /* items that this process was sent */
    int batches;        /* that this process answered */
    bool keeps_answers; /* in a buffer, until its input ends */
    uint64_t stall_ns;
    pe_buffer request, answer;
    size_t parsed;    /* bytes of answer that were parsed */
    size_t searched;  /* bytes of answer, with the parsed ones, that were searched for the end of the next line */
    pe_buffer unsent; /* one byte per item of the batch: not 0 when it is not sent, because it failed already */
};

/* How a request ends. FAILED: err says why: no memory, no process, or answers that are all wrong. */
typedef enum pe_lines_outcome {
    PE_LINES_SERVED,
    PE_LINES_ENDED,
    PE_LINES_LATE,
    PE_LINES_TOO_MANY,
    PE_LINES_STOPPED,
    PE_LINES_FAILED
} pe_lines_outcome;

/* pe_command_lines_has_unparsed - did the process write bytes that were not parsed yet? */
bool pe_command_lines_has_unparsed(const pe_command_lines *worker);

/* pe_command_lines_check_end - warn where a process that has answered all its lines ended badly then: its items have succeeded. */
void pe_command_lines_check_end(const pe_command_lines *worker, pe_subprocess_end end);

/* pe_command_lines_ensure_process - have a process that may take further items. SERVED, TOO_MANY or FAILED. */
pe_lines_outcome pe_command_lines_ensure_process(pe_command_lines *worker, pe_error *err);

/* pe_command_lines_check_extra - after the first batches of a process, which are small, wait for an answer too many: later
 * it would be taken for the answer of another item. SERVED, TOO_MANY or FAILED. */
pe_lines_outcome pe_command_lines_check_extra(pe_command_lines *worker, pe_error *err);

#endif
