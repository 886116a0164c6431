/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* csv_batch.c - finds where the fields of many records end, in one pass over bit masks.
 *
 * Design:   the method of simdjson's first stage. A byte is inside quotes where the number of quotes before it is odd.
 *           This holds while each opening quote begins a field or follows a closing one, and a closing one ends a
 *           field; a mask of the bytes that break this, or that follow a lone CR, is made beside, and the pass stops at
 *           its first bit.
 * Invariant: fuzz_csv.c holds these records and fields equal to those of pe_csv_next.
 * Threads:  the state is the caller's.
 * Not here: dialects with comments or blanks (csv_commented.c); the vector instructions (masks/).
 */
#include "format/csv_batch.h"

#include <string.h>

#include "format/bytes8.h"
#include "format/masks/byte_masks.h"

enum { PIECE = 32, SHORT_PIECE = 4, FEW = 16 }; /* blocks whose masks are made at once: fewer for few records */
enum { DELIMITER, NEWLINE, QUOTE, CR, KINDS };

#define MOST_ROOM ((size_t)4096)
#define LEAST_RECORDS 8 /* of a full batch; where fewer fit, a record is long enough for pe_csv_next */
#define MOST_BYTES (UINT32_MAX - PIECE * PE_MASK_BLOCK)

/* What goes from one block to the next. */
typedef struct carry {
    uint64_t inside;       /* all ones: within quotes */
    uint64_t after_field;  /* 1: a quote may open here */
    uint64_t after_closed; /* 1: after a closing quote */
    uint64_t after_cr;     /* 1: after a CR outside of quotes */
} carry;

/* What a block holds outside of quotes. */
typedef struct block_masks {
    uint64_t ends; /* delimiters and newlines */
    uint64_t newlines;
    uint64_t wrong; /* where pe_csv_next has to judge */
} block_masks;

size_t pe_csv_batch_room(const pe_dialect *dialect, uint64_t fields)
{
    const bool is_plain = !pe_dialect_skips_lines(dialect) && dialect->delimiter != 0;
    const bool is_clear = dialect->delimiter != '\r' && dialect->delimiter != '\n' && dialect->quote != '\r' &&
                          dialect->quote != '\n' && dialect->quote != dialect->delimiter;
    return is_plain && is_clear && fields <= MOST_ROOM / LEAST_RECORDS ? MOST_ROOM + PE_MASK_BLOCK : 0;
}

/* A block with quotes or CRs, or after one that ended within something. */
static block_masks judge(const uint64_t *masks, uint64_t quotes, carry *c)
{
    const uint64_t inside = bytes8_parity(quotes) ^ c->inside; /* an opening quote is inside, a closing one is not */
    const uint64_t opening = quotes & inside, closing = quotes & ~inside;
    const uint64_t newlines = masks[NEWLINE] & ~inside, ends = (masks[DELIMITER] & ~inside) | newlines;
    const uint64_t crs = masks[CR] & ~inside;
    const uint64_t may_open = (ends | closing) << 1 | c->after_field;
    const uint64_t after_closed = closing << 1 | c->after_closed, after_cr = crs << 1 | c->after_cr;
    const uint64_t wrong = (opening & ~may_open) | (after_closed & ~(ends | opening | crs)) | (after_cr & ~newlines);
    *c = (carry){.inside = (inside >> 63) != 0 ? ~UINT64_C(0) : 0,
                 .after_field = (ends | closing) >> 63,
                 .after_closed = closing >> 63,
                 .after_cr = crs >> 63};
    return (block_masks){ends, newlines, wrong};
}

static block_masks look_at(const uint64_t *masks, bool has_quote, carry *c)
{
    const uint64_t quotes = has_quote ? masks[QUOTE] : 0;
    if ((quotes | masks[CR] | c->inside | c->after_closed | c->after_cr) != 0)
        return judge(masks, quotes, c);
    const uint64_t ends = masks[DELIMITER] | masks[NEWLINE];
    c->after_field = ends >> 63;
    return (block_masks){ends, masks[NEWLINE], 0};
}

/* Writes the offsets of the set bits after ends[count]; returns their new count. */
static size_t write_ends(uint32_t *ends, size_t count, uint64_t bits, uint32_t offset)
{
    for (; bits != 0; bits &= bits - 1)
        ends[count++] = offset + (uint32_t)__builtin_ctzll(bits);
    return count;
}

/* Counts the records that end in the block: each newline has to be the end of its record's last field. */
static bool count_records(pe_csv_batch *batch, size_t count, uint64_t newlines, uint32_t offset)
{
    for (; newlines != 0; newlines &= newlines - 1) {
        const size_t last = (size_t)((batch->records + 1) * batch->fields);
        if (last >= count || batch->ends[last] != offset + (uint32_t)__builtin_ctzll(newlines))
            return false;
        batch->records++;
    }
    return true;
}

/* One block; false: the pass ends. */
static bool take_block(pe_csv_batch *batch, const uint64_t *masks, uint32_t offset, uint64_t valid, size_t *count,
                       carry *c)
{
    const bool has_quote = batch->quote != PE_CHAR_NONE;
    block_masks found = look_at(masks, has_quote, c);
    batch->may_quote = batch->may_quote || (has_quote && masks[QUOTE] != 0);
    const uint64_t wrong = found.wrong | ~valid;
    const uint64_t before = wrong == 0 ? ~UINT64_C(0) : (wrong & (~wrong + 1)) - 1;
    *count = write_ends(batch->ends, *count, found.ends & before, offset);
    return count_records(batch, *count, found.newlines & before, offset) && wrong == 0;
}

/* The bytes from `at` on, of which there are fewer than a block, in one. */
static uint64_t pad_block(const unsigned char *data, size_t size, unsigned char out[PE_MASK_BLOCK])
{
    memset(out, 0, PE_MASK_BLOCK);
    memcpy(out, data, size);
    return (UINT64_C(1) << size) - 1;
}

void pe_csv_find(pe_csv_batch *batch, const unsigned char *data, size_t size, const pe_dialect *dialect, uint64_t most)
{
    const unsigned char wanted[KINDS] = {(unsigned char)dialect->delimiter, '\n', (unsigned char)dialect->quote, '\r'};
    uint64_t masks[PIECE * KINDS];
    carry c = {.after_field = 1};
    size_t count = 1, at = 0;
    const size_t piece = most < FEW ? SHORT_PIECE : PIECE;
    bool goes_on = true;
    batch->ends[0] = UINT32_MAX;
    batch->records = 0;
    batch->quote = dialect->quote;
    batch->may_quote = false;
    size = size < MOST_BYTES ? size : MOST_BYTES;
    while (goes_on && size - at >= PE_MASK_BLOCK) {
        const size_t left = (size - at) / PE_MASK_BLOCK, blocks = left < piece ? left : piece;
        pe_byte_masks(data + at, blocks, wanted, KINDS, masks);
        for (size_t b = 0; b < blocks && goes_on; b++, at += PE_MASK_BLOCK)
            goes_on = take_block(batch, masks + b * KINDS, (uint32_t)at, ~UINT64_C(0), &count, &c) &&
                      batch->records < most && count + PE_MASK_BLOCK <= batch->room;
    }
    if (goes_on && at < size) {
        unsigned char last[PE_MASK_BLOCK];
        const uint64_t valid = pad_block(data + at, size - at, last);
        pe_byte_masks(last, 1, wanted, KINDS, masks);
        (void)take_block(batch, masks, (uint32_t)at, valid, &count, &c);
    }
    batch->records = batch->records < most ? batch->records : most;
    batch->bytes = batch->records == 0 ? 0 : (size_t)batch->ends[batch->records * batch->fields] + 1;
}

static bool has_quote(const char *data, size_t size, int quote)
{
    return size > 0 && memchr(data, quote, size) != NULL;
}

pe_csv_field pe_csv_batch_field(const pe_csv_batch *batch, const unsigned char *data, uint64_t record, uint64_t field)
{
    const uint32_t *const ends = batch->ends + record * batch->fields + field;
    const size_t begin = (uint32_t)(ends[0] + 1);
    size_t size = ends[1] - begin;
    const char *const at = (const char *)data + begin;
    if (field + 1 == batch->fields && size > 0 && at[size - 1] == '\r')
        size--;
    if (!batch->may_quote || size == 0 || (unsigned char)at[0] != batch->quote)
        return (pe_csv_field){at, size, false, false, PE_FIELD_PLAIN};
    return (pe_csv_field){at + 1, size - 2, has_quote(at + 1, size - 2, batch->quote), true, PE_FIELD_PLAIN};
}
