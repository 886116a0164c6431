/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* phase.c - the names of what a thread of a run can be doing.
 *
 * Threads: no state.
 */
#include "profile/phase.h"

const char *pe_phase_name(pe_phase phase)
{
    static const char *const names[] = {
#define X(phase, name, title) name,
        PE_PHASE_TABLE(X)
#undef X
    };
    return names[phase];
}

const char *pe_phase_title(pe_phase phase)
{
    static const char *const titles[] = {
#define X(phase, name, title) title,
        PE_PHASE_TABLE(X)
#undef X
    };
    return titles[phase];
}
