/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* steal.h - work stealing: an idle worker takes half of what is left of another worker's chunk.
 *
 * Invariant: each item stays in exactly one chunk, and the stolen part follows its victim's chunk in the reorder buffer.
 *          So stealing changes neither the set of items nor their order.
 * Threads: the caller holds the lock of the work queue, under which chunks are taken and released. So a chunk in
 *          running[] is not released during a call; its owner may go on computing it.
 */
#ifndef PE_STEAL_H
#define PE_STEAL_H

#include <stdbool.h>

#include "threads/work_queue.h"

/* pe_steal_is_possible - whether some running chunk has grains that can be stolen. The thief needs a buffer as well. */
bool pe_steal_is_possible(pe_chunk *const *running, int workers);

/* pe_steal - fill the empty chunk `thief` with half of what is left of the chunk with most items left (the victim), and
 * insert it into the reorder buffer right after the victim. running[w] is the chunk that worker w took last, or NULL.
 * Returns: whether something was stolen; if not, thief is unchanged */
bool pe_steal(pe_chunk *const *running, int workers, pe_reorder *reorder, pe_chunk *thief);

#endif
