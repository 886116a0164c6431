/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* window.h - an ordered ring: tokens are put in any order and delivered one at a time in order.
 *
 * Used twice: for the chunks of one rank, and on rank 0 for the slices of all ranks.
 */
#ifndef PE_WINDOW_H
#define PE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct pe_window pe_window;

/* Called for one token at a time, in order; by whichever thread put the token that was missing. */
typedef void (*pe_window_deliver)(void *context, uint64_t number, void *token);

/* pe_window_make - capacity is how far ahead of the next number a put may be. is_ordered = false delivers in the order
 * of arrival instead: numbers are ignored then, and at most `capacity` tokens may wait. */
pe_status pe_window_make(size_t capacity, bool is_ordered, pe_window_deliver deliver, void *context, pe_window **out,
                         pe_error *err);
void pe_window_free(pe_window *window); /* NULL is fine; tokens that wait are not touched */

/* pe_window_put - hand over token number `number`.
 *
 * Call:  any thread; returns at once when another thread is delivering (that one delivers this token too), else after
 *        having delivered all that is ready.
 * Needs: number < next + capacity, each number once; token not NULL.
 */
void pe_window_put(pe_window *window, uint64_t number, void *token);

/* pe_window_next - the number that is waited for: all before it were delivered. Any thread. */
uint64_t pe_window_next(pe_window *window);

#endif
