/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failure_record.c - what is known of failed items, on its way from a worker to rank 0 beside the results.
 *
 * Design:   a fixed head, the message with its terminator, the line: read and written by memcpy, between ranks of one
 *           architecture.
 * Threads:  failure_record.h.
 * Not here: what the line looks like (worker/failed_items.c), what rank 0 does with it (failure_log.c).
 */
#include "report/failure_record.h"

#include <string.h>

#define KINDS_MAX 64 /* counted apart in one chunk; further kinds are counted with the last one */

typedef struct head {
    uint64_t item, count, row;
    uint32_t message_bytes; /* with the terminator */
    uint32_t reason_at;
    uint64_t line_bytes;
    uint64_t is_list, is_job;
} head;

size_t pe_failure_kind_bytes(const char *reason)
{
    return strcspn(reason, ":");
}

/* Moves past the number at *at, which may have a sign and a fraction, or be an address such as 0x7f85a1fa4750. */
static bool skip_number(const char **at, const char *begin)
{
    const bool is_in_word =
        *at > begin && ((((*at)[-1] | 0x20) >= 'a' && ((*at)[-1] | 0x20) <= 'z') || (*at)[-1] == '_');
    const char *digits = *at + (**at == '-' ? 1 : 0);
    const size_t size = strspn(digits, "0123456789");
    if (size == 0 || is_in_word) /* the 64 of int64 is no number of the item's */
        return false;
    *at = digits + size;
    if (size == 1 && digits[0] == '0' && digits[1] == 'x')
        *at += 1 + strspn(digits + 2, "0123456789abcdef");
    else if (**at == '.')
        *at += 1 + strspn(*at + 1, "0123456789");
    return true;
}

bool pe_failure_is_same_kind(const char *a, const char *b)
{
    const char *const first = a, *const second = b;
    const char *const end_a = a + pe_failure_kind_bytes(a), *const end_b = b + pe_failure_kind_bytes(b);
    while (a < end_a && b < end_b) {
        const char *after_a = a, *after_b = b;
        if (skip_number(&after_a, first) && skip_number(&after_b, second)) {
            a = after_a;
            b = after_b;
        } else if (*a++ != *b++) {
            return false;
        }
    }
    return a >= end_a && b >= end_b;
}

pe_status pe_failure_record_append(pe_buffer *log, const pe_failure_record *record, pe_error *err)
{
    const size_t message_bytes = strnlen(record->message, PE_FAILURE_MESSAGE_ROOM - 1);
    const size_t reason_at = record->reason_at < message_bytes ? record->reason_at : message_bytes;
    const head first = {.item = record->item,
                        .count = record->count,
                        .row = record->row,
                        .is_list = record->is_list ? 1 : 0,
                        .is_job = record->is_job ? 1 : 0,
                        .message_bytes = (uint32_t)message_bytes + 1,
                        .reason_at = (uint32_t)reason_at,
                        .line_bytes = record->line_bytes};
    pe_status status = pe_buffer_append(log, &first, sizeof first, err);
    if (status == PE_OK)
        status = pe_buffer_append(log, record->message, message_bytes, err);
    if (status == PE_OK)
        status = pe_buffer_append(log, "", 1, err);
    return status == PE_OK ? pe_buffer_append(log, record->line, record->line_bytes, err) : status;
}

size_t pe_failure_record_read(const pe_buffer *log, size_t at, pe_failure_record *out)
{
    head first;
    memcpy(&first, log->data + at, sizeof first);
    const char *const message = (const char *)log->data + at + sizeof first;
    *out = (pe_failure_record){.item = first.item,
                               .count = first.count,
                               .row = first.row,
                               .is_list = first.is_list != 0,
                               .is_job = first.is_job != 0,
                               .message = message,
                               .reason_at = first.reason_at,
                               .line = message + first.message_bytes,
                               .line_bytes = (size_t)first.line_bytes};
    return at + sizeof first + first.message_bytes + (size_t)first.line_bytes;
}

bool pe_failure_record_count(pe_buffer *counts, const char *reason)
{
    size_t kinds = 0;
    for (size_t at = 0, next = 0; at < counts->size; at = next) {
        pe_failure_record seen;
        head first;
        next = pe_failure_record_read(counts, at, &seen);
        const char *const other = seen.message + seen.reason_at;
        const bool is_same = pe_failure_is_same_kind(other, reason);
        if (!is_same && ++kinds < KINDS_MAX)
            continue;
        memcpy(&first, counts->data + at, sizeof first);
        first.count++;
        memcpy(counts->data + at, &first, sizeof first);
        return true;
    }
    return false;
}

/* Adds rows to the places of a list. */
static void shift_list(unsigned char *places, size_t bytes, uint64_t rows)
{
    for (size_t at = 0; at + sizeof(pe_failure_place) <= bytes; at += sizeof(pe_failure_place)) {
        pe_failure_place place;
        memcpy(&place, places + at, sizeof place);
        place.row += rows;
        memcpy(places + at, &place, sizeof place);
    }
}

pe_status pe_failure_record_join(pe_buffer *log, uint64_t rows, const pe_buffer *following, pe_error *err)
{
    size_t at = log->size;
    const pe_status status = pe_buffer_append(log, following->data, following->size, err);
    while (status == PE_OK && rows > 0 && at < log->size) {
        pe_failure_record record;
        head first;
        const size_t next = pe_failure_record_read(log, at, &record);
        memcpy(&first, log->data + at, sizeof first);
        first.row += rows;
        memcpy(log->data + at, &first, sizeof first);
        if (record.is_list)
            shift_list(log->data + (next - record.line_bytes), record.line_bytes, rows);
        at = next;
    }
    return status;
}
