/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* position.h - where in a kernel this thread is, for who has to tell of a crash there.
 *
 * Threads: each has its own; written by pe_call_*, read on the same thread by the handler of a signal.
 */
#ifndef PE_POSITION_H
#define PE_POSITION_H

#include "kernel/signature.h"
#include <pengine/kernel.h>

typedef struct pe_position {
    const pe_kernel *kernel; /* NULL: in none */
    const pe_signature *signature;
    const pe_batch *batch; /* NULL: in open or close */
} pe_position;

extern _Thread_local volatile pe_position pe_position_here;

#endif
