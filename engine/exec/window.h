/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* window.h - an ordered ring: tokens are put in any order and delivered one at a time in order.
 *
 * On rank 0 of several, for the slices of all ranks. One thread calls all of it.
 */
#ifndef PE_WINDOW_H
#define PE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

typedef struct pe_window pe_window;

/* Called for one token at a time, in order. */
typedef void (*pe_window_deliver)(void *context, uint64_t number, void *token);

/* pe_window_make - capacity is how far ahead of the next number a put may be. is_ordered = false delivers in the order
 * of arrival instead: numbers are ignored then, and at most `capacity` tokens may wait. */
pe_status pe_window_make(size_t capacity, bool is_ordered, pe_window_deliver deliver, void *context, pe_window **out,
                         pe_error *err);
void pe_window_free(pe_window *window); /* NULL is fine; tokens that wait are not touched */

/* pe_window_put - hand over token number `number`, and deliver all that is ready then.
 *
 * Needs: number < next + capacity, each number once; token not NULL.
 */
void pe_window_put(pe_window *window, uint64_t number, void *token);

/* pe_window_next - the number that is waited for: all before it were delivered. */
uint64_t pe_window_next(const pe_window *window);

#endif
