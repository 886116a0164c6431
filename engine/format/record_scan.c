/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* record_scan.c - finds the ends of records with bit masks, 64 bytes at a time.
 *
 * Design:   a byte is inside quotes when the number of quotes before it is odd; a doubled quote closes and opens again,
 *           so it needs no special case. This is right only while each opening quote is the first byte of a field or
 *           follows a closing quote. A block with another quote (5" pipe) is scanned byte by byte, as are the last
 *           bytes.
 * Threads:  the state is the caller's.
 * Not here: dialects with comments or blanks (csv_commented.c); splitting into fields (csv.c).
 */
#include "format/record_scan.h"

#include "format/bytes8.h"
#include "format/masks/byte_masks.h"

enum { BLOCK = 64 };
enum { PIECE = 32, SHORT_PIECE = 4, FEW = 16 }; /* blocks whose masks are made at once: fewer for few records */

static pe_scan_state step(pe_scan_state state, unsigned char byte, const pe_dialect *dialect)
{
    if (byte == dialect->quote) {
        if (state == PE_SCAN_QUOTED)
            return PE_SCAN_CLOSED;
        return state == PE_SCAN_PLAIN ? PE_SCAN_PLAIN : PE_SCAN_QUOTED;
    }
    if (state == PE_SCAN_QUOTED)
        return PE_SCAN_QUOTED;
    return byte == dialect->delimiter || byte == '\n' ? PE_SCAN_FIELD : PE_SCAN_PLAIN;
}

static size_t walk(pe_record_scan *scan, const unsigned char *data, size_t size, uint64_t most)
{
    size_t at = 0;
    while (at < size && scan->records < most) {
        const unsigned char byte = data[at++];
        const bool is_line_end = byte == '\n';
        scan->lines += is_line_end;
        if (scan->dialect.quote == PE_CHAR_NONE) {
            scan->records += is_line_end;
            continue;
        }
        scan->state = step(scan->state, byte, &scan->dialect);
        scan->records += is_line_end && scan->state != PE_SCAN_QUOTED;
    }
    return at;
}

/* Stops after the first `wanted` record ends of a block that has more than that; `newlines` are all newlines of the
 * block.
 */
static size_t stop_within(pe_record_scan *scan, uint64_t ends, uint64_t newlines, uint64_t wanted)
{
    for (uint64_t i = 1; i < wanted; i++)
        ends &= ends - 1;
    const uint64_t last = ends & (~ends + 1);
    const uint64_t passed = last | (last - 1);
    scan->records += wanted;
    scan->lines += bytes8_bits(newlines & passed);
    scan->state = PE_SCAN_FIELD;
    return bytes8_bits(passed);
}

/* The newlines and quotes of a block of data. */
typedef struct block {
    const unsigned char *data;
    uint64_t newlines, quotes;
} block;

/* Scans a block without quotes. */
static size_t pass_plain(pe_record_scan *scan, const block *in, uint64_t most)
{
    const unsigned newlines = bytes8_bits(in->newlines);
    if (scan->state == PE_SCAN_QUOTED) {
        scan->lines += newlines;
        return BLOCK;
    }
    if (newlines >= most - scan->records)
        return stop_within(scan, in->newlines, in->newlines, most - scan->records);
    scan->records += newlines;
    scan->lines += newlines;
    const unsigned char last = in->data[BLOCK - 1];
    scan->state = last == '\n' || last == (unsigned char)scan->dialect.delimiter ? PE_SCAN_FIELD : PE_SCAN_PLAIN;
    return BLOCK;
}

static size_t pass_quoted(pe_record_scan *scan, const block *in, uint64_t most)
{
    const uint64_t quotes = in->quotes, newlines = in->newlines;
    const uint64_t delimiters = bytes8_mask64(in->data, (unsigned char)scan->dialect.delimiter);
    const uint64_t was_inside = scan->state == PE_SCAN_QUOTED ? ~UINT64_C(0) : 0;
    const uint64_t inside = bytes8_parity(quotes) ^ was_inside; /* an opening quote is inside, a closing one is not */
    const uint64_t may_open = ((quotes | newlines | delimiters) << 1) | (scan->state != PE_SCAN_PLAIN);
    if ((quotes & inside & ~may_open) != 0)
        return walk(scan, in->data, BLOCK, most);
    const uint64_t ends = newlines & ~inside;
    if (bytes8_bits(ends) >= most - scan->records)
        return stop_within(scan, ends, newlines, most - scan->records);
    scan->records += bytes8_bits(ends);
    scan->lines += bytes8_bits(newlines);
    const uint64_t top = UINT64_C(1) << (BLOCK - 1);
    if ((inside & top) != 0)
        scan->state = PE_SCAN_QUOTED;
    else if ((quotes & top) != 0)
        scan->state = PE_SCAN_CLOSED;
    else
        scan->state = ((newlines | delimiters) & top) != 0 ? PE_SCAN_FIELD : PE_SCAN_PLAIN;
    return BLOCK;
}

/* Scans whole blocks, up to the record end number `most`. */
static size_t run_blocks(pe_record_scan *scan, const unsigned char *data, size_t blocks, uint64_t most)
{
    const bool has_quote = scan->dialect.quote != PE_CHAR_NONE;
    const unsigned char wanted[] = {'\n', (unsigned char)scan->dialect.quote};
    const unsigned kinds = has_quote ? 2 : 1;
    uint64_t masks[PIECE * 2];
    size_t at = 0;
    pe_byte_masks(data, blocks, wanted, kinds, masks);
    for (size_t b = 0; b < blocks && scan->records < most; b++) {
        const block in = {data + at, masks[b * kinds], has_quote ? masks[b * kinds + 1] : 0};
        at += in.quotes == 0 ? pass_plain(scan, &in, most) : pass_quoted(scan, &in, most);
    }
    return at;
}

size_t pe_record_scan_run(pe_record_scan *scan, const unsigned char *data, size_t size, uint64_t most)
{
    if (pe_dialect_skips_lines(&scan->dialect))
        return pe_record_scan_commented(scan, data, size, most);
    size_t at = 0;
    while (size - at >= BLOCK && scan->records < most) {
        const size_t left = (size - at) / BLOCK, piece = most - scan->records < FEW ? SHORT_PIECE : PIECE;
        at += run_blocks(scan, data + at, left < piece ? left : piece, most);
    }
    return at + walk(scan, data + at, size - at, most);
}
