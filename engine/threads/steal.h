/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* steal.h - a worker without work of its own takes a part of another worker's chunk.
 *
 * The caller holds the lock under which chunks are taken and released, so none of them changes its identity meanwhile.
 */
#ifndef PE_STEAL_H
#define PE_STEAL_H

#include <stdbool.h>

#include "threads/work_queue.h"

/* pe_steal_is_possible - whether a chunk under way has something left that could be taken, by somebody with a buffer. */
bool pe_steal_is_possible(pe_chunk *const *running, int workers);

/* pe_steal - fill an empty chunk with half of what is left of the chunk that has most, and put it into reorder behind that
 * one. running[w] is the chunk that worker w took last, or NULL.
 * Returns: whether something was taken; if not, the chunk is as it was */
bool pe_steal(pe_chunk *const *running, int workers, pe_reorder *reorder, pe_chunk *thief);

#endif
