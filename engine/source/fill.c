/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fill.c - fills constant, periodic and linear columns as fast as memory can be written.
 *
 * Design:   elements of the usual sizes are stored by loops whose memcpy the compiler turns into vector stores: a
 *           column's memory has no type of its own here. Any other period is copied after itself; each copy is
 *           twice as long as the one before, up to PIECE_BYTES, which fits the first-level cache.
 *           In pe_fill_line, the product and the sum are separate statements, so that compilers do not fuse them: a
 *           fused multiply-add rounds once and gives other bits.
 * Threads:  no state.
 * Not here: which values (value.c, linspace.c, product.c).
 */
#include "source/fill.h"
#include <pengine/clones.h>

#include <assert.h>
#include <string.h>

#define PIECE_BYTES ((size_t)8 << 10)

/* Inlined with a constant size each time. */
static inline void store(unsigned char *out, size_t count, const void *item, size_t size)
{
    unsigned char value[16];
    memcpy(value, item, size);
    for (size_t k = 0; k < count; k++)
        memcpy(out + k * size, value, size);
}

void pe_fill(void *out, size_t count, const void *item, size_t item_bytes)
{
    switch (item_bytes) {
    case 1:
        memset(out, *(const unsigned char *)item, count);
        return;
    case 2:
        store(out, count, item, 2);
        return;
    case 4:
        store(out, count, item, 4);
        return;
    case 8:
        store(out, count, item, 8);
        return;
    case 16:
        store(out, count, item, 16);
        return;
    default:
        if (count == 0)
            return;
        memcpy(out, item, item_bytes);
        pe_repeat(out, item_bytes, count * item_bytes);
        return;
    }
}

void pe_fill_runs(void *out, size_t count, size_t left, size_t stride, const void *items, size_t item_bytes)
{
    unsigned char *to = out;
    const unsigned char *item = items;
    while (count > 0) {
        const size_t run = left < count ? left : count;
        pe_fill(to, run, item, item_bytes);
        to += run * item_bytes;
        item += item_bytes;
        count -= run;
        left = stride;
    }
}

void pe_repeat(void *out, size_t period_bytes, size_t total_bytes)
{
    assert(period_bytes > 0);
    unsigned char *const start = out;
    size_t piece = period_bytes;
    size_t done = period_bytes;
    while (done < total_bytes) {
        const size_t left = total_bytes - done;
        memcpy(start + done, start, piece < left ? piece : left);
        done += piece < left ? piece : left;
        if (piece < PIECE_BYTES && done == 2 * piece)
            piece = done;
    }
}

/* Numbers of items below 2^53 are exact as sums of two doubles, and int32 becomes double in vector registers. */
PE_CLONES static void line_piece(double *out, uint64_t first, int32_t count, double start, double step)
{
    const double base = (double)(int64_t)first;
    for (int32_t k = 0; k < count; k++) {
        const double i = base + (double)k;
        const double shift = i * step;
        out[k] = start + shift;
    }
}

void pe_fill_line(double *out, uint64_t first, size_t count, double start, double step)
{
    const uint64_t exact = (uint64_t)1 << 53;
    size_t done = 0;
    while (done < count && count < exact && first + done <= exact - count) {
        const size_t left = count - done;
        const int32_t piece = left < 4096 ? (int32_t)left : 4096;
        line_piece(out + done, first + done, piece, start, step);
        done += (size_t)piece;
    }
    for (; done < count; done++) {
        const double shift = (double)(first + done) * step;
        out[done] = start + shift;
    }
}
