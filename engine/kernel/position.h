/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* position.h - the kernel and the batch that this thread is computing, for the handler of a crash.
 *
 * Threads: thread-local; written by pe_call_*, read by a signal handler on the same thread.
 */
#ifndef PE_POSITION_H
#define PE_POSITION_H

#include "kernel/signature.h"
#include <pengine/kernel.h>

typedef struct pe_position {
    const pe_kernel *kernel; /* NULL: no kernel is running */
    const pe_signature *signature;
    const pe_batch *batch; /* NULL: in open or close */
    size_t done;           /* this many items of a batch that has grown are computed */
    bool is_closing;
} pe_position;

extern _Thread_local volatile pe_position pe_position_here;

#endif
