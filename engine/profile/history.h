/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* history.h - what was recorded of the runs of a job so far, as bytes for its checkpoint.
 *
 * Design: sums and a histogram, so that runs of any number and layout are added up in a few KB. Runs without a profile are
 *         not in it: `items` says how many items are.
 */
#ifndef PE_HISTORY_H
#define PE_HISTORY_H

#include <stddef.h>

#include "base/buffer.h"
#include "profile/costs.h"
#include "profile/phase.h"

typedef struct pe_history {
    uint64_t runs, items; /* that were recorded; items that were computed twice count twice */
    uint64_t worker_ns[PE_PHASES];
    pe_costs costs;
} pe_history;

/* pe_history_encode - append its bytes. PE_ENOMEM.
 * pe_history_decode - false for bytes that are none, such as those of a version with other phases. */
pe_status pe_history_encode(const pe_history *history, pe_buffer *out, pe_error *err);
bool pe_history_decode(pe_history *history, const void *data, size_t size);

#endif
