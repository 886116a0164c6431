/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* reduction_internal.h - what reduction.c and reduction_saved.c share.
 */
#ifndef PE_REDUCTION_INTERNAL_H
#define PE_REDUCTION_INTERNAL_H

#include "base/lock.h"
#include "reduce/reduction.h"

struct pe_reduction {
    pe_fold_spec spec;
    pthread_mutex_t mutex;
    pe_fold *fold;
    void *other;             /* a buffer for the state of another rank, or a piece of its counts */
    pe_item_set items;       /* that are in fold, where a checkpoint is to list them */
    uint64_t merge_after_ns; /* 0: at the end */
    pe_error failure;        /* of a worker that closed */
};

#endif
