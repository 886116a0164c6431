/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* decimal_text.h - one number of a run, as both ways to read its digits take it (private to decimals*.c).
 */
#ifndef PE_DECIMAL_TEXT_H
#define PE_DECIMAL_TEXT_H

#include "types/decimals.h"

#define PE_DECIMAL_BEFORE 24 /* bytes that are read in front of a number's end */
#define PE_DECIMAL_BEHIND 16 /* bytes that are read from its beginning on */

typedef struct pe_decimal_text {
    const char *begin, *end;
    bool is_negative;
    bool has_room; /* the bytes around it can be read */
} pe_decimal_text;

static inline pe_decimal_text pe_decimal_text_at(const pe_number_run *run, size_t i)
{
    const uint32_t *const ends = run->ends + i * run->stride;
    const size_t begin = (uint32_t)(ends[0] + 1);
    pe_decimal_text text = {.begin = run->data + begin, .end = run->data + ends[1]};
    if (run->may_end_in_cr != 0 && text.end != text.begin && text.end[-1] == '\r')
        text.end--;
    text.has_room = begin >= PE_DECIMAL_BEFORE && run->size - begin > PE_DECIMAL_BEHIND && text.end != text.begin;
    text.is_negative = text.has_room && *text.begin == '-';
    text.begin += text.is_negative;
    return text;
}

#endif
