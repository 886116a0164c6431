/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* bins_saved.c - bins as bytes, for a checkpoint or another rank.
 *
 * Design:   numbers of 7 bits per byte, the lowest first, with the top bit in all bytes but the last. A count is its number;
 *           a run of empty bins is 0 and its length. All bins in use with 127 values each take 4 MiB.
 * Threads:  bins.h.
 * Not here: counting (bins.c).
 */
#include "reduce/bins/bins.h"

static pe_status put(pe_buffer *out, uint64_t number, pe_error *err)
{
    unsigned char bytes[10];
    size_t size = 0;
    for (; number > 0x7f; number >>= 7)
        bytes[size++] = (unsigned char)(0x80 | (number & 0x7f));
    bytes[size++] = (unsigned char)number;
    return pe_buffer_append(out, bytes, size, err);
}

pe_status pe_bins_save(const uint64_t *bins, size_t count, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t b = 0; b < count && status == PE_OK;) {
        size_t run = 0;
        while (b + run < count && bins[b + run] == 0)
            run++;
        status = put(out, run > 0 ? 0 : bins[b], err);
        if (run > 0 && status == PE_OK)
            status = put(out, run, err);
        b += run > 0 ? run : 1;
    }
    return status;
}

/* Whether there is a number, and *at is after it. */
static bool take(const unsigned char **at, const unsigned char *end, uint64_t *number)
{
    *number = 0;
    for (int shift = 0; *at < end && shift < 64; shift += 7) {
        const unsigned char byte = *(*at)++;
        *number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* Adds to bins, unless they are NULL; whether the bytes are of that many bins. */
static bool load(uint64_t *bins, size_t count, const unsigned char *at, const unsigned char *end)
{
    uint64_t number = 0, run = 1;
    for (size_t b = 0; b < count; b += (size_t)run, run = 1) {
        if (!take(&at, end, &number) || (number == 0 && !take(&at, end, &run)) || run == 0 || run > count - b)
            return false;
        if (number > 0 && bins != NULL)
            bins[b] += number;
    }
    return at == end;
}

pe_status pe_bins_check(size_t count, const unsigned char *data, size_t size, pe_error *err)
{
    return load(NULL, count, data, data + size) ? PE_OK
                                                : pe_fail(err, PE_EDATA, "the counts of the quantiles are damaged");
}

void pe_bins_load(uint64_t *bins, size_t count, const unsigned char *data, size_t size)
{
    (void)load(bins, count, data, data + size);
}

/* A count below 2^21, as the mean is below 2^43 items, and an empty run in front of it take 5 bytes together where most
 * bins are used. Where few are, the counts are small and the runs are longer: 5 bytes from 256 items on. */
size_t pe_bins_saved_most(uint64_t items)
{
    enum { BYTES_A_BIN = 5, FEW = 2048 };
    return FEW + BYTES_A_BIN * (items < PE_BINS ? (size_t)items : PE_BINS);
}
