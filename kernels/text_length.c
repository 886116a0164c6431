/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_length.c - kernel: the number of code points of a text, as Python's len(str).
 *
 * Design: runs of ASCII are skipped eight bytes at a time. The rest is checked as the Unicode standard's table 3-7 has
 *         it: no overlong forms, no surrogates, nothing above U+10FFFF, nothing cut short.
 * Threads: no state.
 */
#include <stdio.h>
#include <string.h>

#include "builtin.h"

#define HIGH_BITS UINT64_C(0x8080808080808080)

static inline int is_within(unsigned char byte, unsigned char least, unsigned char most)
{
    return byte >= least && byte <= most;
}

/* The bytes of the sequence that begins at s[0] >= 0x80, or 0 when it is none. */
static size_t sequence_size(const unsigned char *s, size_t left)
{
    size_t size = 2;
    unsigned char least = 0x80;
    unsigned char most = 0xBF;
    if (is_within(s[0], 0xE0, 0xEF)) {
        size = 3;
        least = s[0] == 0xE0 ? 0xA0 : 0x80;
        most = s[0] == 0xED ? 0x9F : 0xBF;
    } else if (is_within(s[0], 0xF0, 0xF4)) {
        size = 4;
        least = s[0] == 0xF0 ? 0x90 : 0x80;
        most = s[0] == 0xF4 ? 0x8F : 0xBF;
    } else if (!is_within(s[0], 0xC2, 0xDF)) {
        return 0;
    }
    if (left < size || !is_within(s[1], least, most))
        return 0;
    for (size_t i = 2; i < size; i++)
        if (!is_within(s[i], 0x80, 0xBF))
            return 0;
    return size;
}

static size_t ascii_run(const unsigned char *s, size_t left)
{
    size_t run = 0;
    for (uint64_t word; left - run >= sizeof word; run += sizeof word) {
        memcpy(&word, s + run, sizeof word);
        if ((word & HIGH_BITS) != 0)
            break;
    }
    while (run < left && s[run] < 0x80)
        run++;
    return run;
}

/* The code points of a text, or -1 with *bad the place of the first byte that is not UTF-8. */
static int64_t count_points(pe_text text, size_t *bad)
{
    const unsigned char *s = (const unsigned char *)text.data;
    int64_t points = 0;
    size_t at = 0;
    while (at < text.size) {
        const size_t run = ascii_run(s + at, text.size - at);
        points += (int64_t)run;
        at += run;
        while (at < text.size && s[at] >= 0x80) {
            const size_t size = sequence_size(s + at, text.size - at);
            if (size == 0) {
                *bad = at;
                return -1;
            }
            points++;
            at += size;
        }
    }
    return points;
}

static int map_text(pe_batch *batch)
{
    const pe_text *text = batch->args[0];
    int64_t *length = batch->results[0];
    for (size_t i = 0; i < batch->count; i++) {
        size_t bad = 0;
        length[i] = count_points(text[i], &bad);
        if (length[i] < 0) {
            char reason[64];
            (void)snprintf(reason, sizeof reason, "not UTF-8 at byte %zu", bad);
            batch->fail(batch, i, reason);
        }
    }
    return 0;
}

const pe_kernel pe_kernel_text_length_text = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "text_length",
    .signature = "(text) -> int64",
    .summary = "number of Unicode code points, as len(str); bytes that are not UTF-8 fail the item",
    .map = map_text,
};
