/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* line.h - tokens in a line: each takes its place before it is done, and they are delivered in the order of their places.
 *
 * The chunks of one rank stand in it in the order of their items.
 */
#ifndef PE_LINE_H
#define PE_LINE_H

#include <stdbool.h>

#include "base/error.h"

/* A place, inside the token. From the join to the delivery it is the line's. */
typedef struct pe_place_in_line {
    struct pe_place_in_line *next;
    bool is_done, is_last;
} pe_place_in_line;

typedef struct pe_line pe_line;

/* Called for one token at a time, by whichever thread was done with the token that was missing. The place is out of the
 * line by then, and may join again.
 * Returns: whether the token is to be released too */
typedef bool (*pe_line_deliver)(void *context, pe_place_in_line *place);
/* Called after that, beside deliveries of other threads: what would only keep the next token waiting. */
typedef void (*pe_line_release)(void *context, pe_place_in_line *place);

/* pe_line_make - is_ordered = false delivers in the order in which tokens are done; joining does nothing then. */
pe_status pe_line_make(bool is_ordered, pe_line_deliver deliver, pe_line_release release, void *context, pe_line **out,
                       pe_error *err);
void pe_line_free(pe_line *line); /* NULL is fine; tokens that wait are not touched */

/* pe_line_join - take the place at the end. Any thread. */
void pe_line_join(pe_line *line, pe_place_in_line *place);
/* pe_line_join_behind - take the place right behind another token's, if that one is not done yet and `agrees` says so;
 * until it has returned the other one cannot become done. Any thread.
 * Returns: whether the place was taken */
bool pe_line_join_behind(pe_line *line, pe_place_in_line *place, pe_place_in_line *before,
                         bool (*agrees)(void *context), void *context);

/* pe_line_done - the token may be delivered when its turn comes. is_last: nothing that stands behind it is delivered any
 * more (in order; else it means nothing).
 *
 * Call:  any thread; returns at once when another thread is delivering (that one delivers this token too), else after
 *        having delivered all that is ready.
 */
void pe_line_done(pe_line *line, pe_place_in_line *place, bool is_last);

#endif
