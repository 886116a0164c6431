/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* phase.h - what a thread of a run can be doing.
 */
#ifndef PE_PHASE_H
#define PE_PHASE_H

/* phase, name in JSON, name for people */
#define PE_PHASE_TABLE(X)                                                                                              \
    X(PE_PHASE_COMPUTE, "compute", "compute")                                                                          \
    X(PE_PHASE_READ, "read", "read input")                                                                             \
    X(PE_PHASE_WAIT_WORK, "wait_work", "wait for work")                                                                \
    X(PE_PHASE_WAIT_WINDOW, "wait_window", "wait for the window")                                                      \
    X(PE_PHASE_GATHER, "gather", "gather")                                                                             \
    X(PE_PHASE_WRITE, "write", "write output")                                                                         \
    X(PE_PHASE_SYNC, "sync", "sync and commit")                                                                        \
    X(PE_PHASE_START, "start", "start and end")

typedef enum pe_phase {
#define X(phase, name, title) phase,
    PE_PHASE_TABLE(X)
#undef X
        PE_PHASES
} pe_phase;

/* pe_phase_name - as in JSON; pe_phase_title - for people. */
const char *pe_phase_name(pe_phase phase);
const char *pe_phase_title(pe_phase phase);

#endif
