/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* failure_log.c - failed items: as records that travel with the results, as a csv, as counts by kind.
 *
 * Design:   a record is a fixed head and two terminated texts, 8-byte aligned, between ranks of one architecture. The
 *           csv is RFC 4180 with the columns index, arguments, reason, attempts, rank, seconds.
 * Threads:  failure_log.h.
 * Not here: what is done with a failed item (worker/worker.c).
 */
#include "report/failure_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define TEXT_MOST ((size_t)64 << 10)
#define ROW_BYTES ((size_t)64 << 10) /* of rows are written at once */

typedef struct head {
    uint64_t item;
    double seconds;
    uint32_t attempts;
    int32_t rank;
    uint32_t argument_bytes, reason_bytes; /* with their terminators */
} head;

static size_t cut(const char *text)
{
    const size_t size = strlen(text);
    return size < TEXT_MOST ? size : TEXT_MOST;
}

pe_status pe_failure_log_append(pe_buffer *log, const pe_failure_record *record, pe_error *err)
{
    static const char zeros[8] = {0};
    const size_t arguments = cut(record->arguments), reason = cut(record->reason);
    const head first = {.item = record->item,
                        .seconds = record->seconds,
                        .attempts = record->attempts,
                        .rank = record->rank,
                        .argument_bytes = (uint32_t)arguments + 1,
                        .reason_bytes = (uint32_t)reason + 1};
    const size_t texts = arguments + reason + 2;
    pe_status status = pe_buffer_append(log, &first, sizeof first, err);
    if (status == PE_OK)
        status = pe_buffer_append(log, record->arguments, arguments, err);
    if (status == PE_OK)
        status = pe_buffer_append(log, zeros, 1, err);
    if (status == PE_OK)
        status = pe_buffer_append(log, record->reason, reason, err);
    return status == PE_OK ? pe_buffer_append(log, zeros, 1 + (8 - texts % 8) % 8, err) : status;
}

/* The record at an offset of a log; returns the next one's offset. */
static size_t read_record(const pe_buffer *log, size_t at, pe_failure_record *out)
{
    head first;
    memcpy(&first, log->data + at, sizeof first);
    const char *texts = (const char *)log->data + at + sizeof first;
    *out = (pe_failure_record){.item = first.item,
                               .arguments = texts,
                               .reason = texts + first.argument_bytes,
                               .attempts = first.attempts,
                               .rank = first.rank,
                               .seconds = first.seconds};
    const size_t bytes = (size_t)first.argument_bytes + first.reason_bytes;
    return at + sizeof first + (bytes + 7) / 8 * 8;
}

/* ---- counts ---- */

static void count_kind(pe_failure_log *failures, const char *reason)
{
    char name[PE_FAILURE_REASON_ROOM];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(reason, ":"), reason);
    for (int k = 0; k < failures->kind_count; k++) {
        if (strcmp(failures->kinds[k].name, name) == 0) {
            failures->kinds[k].count++;
            return;
        }
    }
    const bool is_last = failures->kind_count >= PE_FAILURE_REASONS - 1;
    const int at = is_last ? PE_FAILURE_REASONS - 1 : failures->kind_count;
    memcpy(failures->kinds[at].name, name, sizeof name);
    if (is_last)
        (void)snprintf(failures->kinds[at].name, PE_FAILURE_REASON_ROOM, "other reasons");
    failures->kinds[at].count++;
    failures->kind_count = at + 1;
}

static void count(pe_failure_log *failures, const pe_failure_record *record)
{
    if (failures->count++ == 0 || record->item < failures->first_item) {
        failures->first_item = record->item;
        (void)snprintf(failures->first_text, sizeof failures->first_text, "%.380s: %.120s", record->arguments,
                       record->reason);
    }
    count_kind(failures, record->reason);
}

const char *pe_failure_log_describe(const pe_failure_log *failures, uint64_t items, char out[1008])
{
    int size = snprintf(out, 1008, "%" PRIu64 " of %" PRIu64 " items failed", failures->count, items);
    for (int k = 0; k < failures->kind_count && size < 900; k++)
        size += snprintf(out + size, 1008 - (size_t)size, "%s%" PRIu64 " x %s", k == 0 ? ": " : ", ",
                         failures->kinds[k].count, failures->kinds[k].name);
    return out;
}

/* ---- the csv ---- */

static pe_status append_quoted(pe_buffer *rows, const char *text, pe_error *err)
{
    if (strpbrk(text, ",\"\r\n") == NULL)
        return pe_buffer_append(rows, text, strlen(text), err);
    pe_status status = pe_buffer_append(rows, "\"", 1, err);
    for (const char *at = text; *at != '\0' && status == PE_OK;) {
        const size_t plain = strcspn(at, "\"");
        status = pe_buffer_append(rows, at, plain, err);
        at += plain;
        if (*at == '"' && status == PE_OK) {
            status = pe_buffer_append(rows, "\"\"", 2, err);
            at++;
        }
    }
    return status == PE_OK ? pe_buffer_append(rows, "\"", 1, err) : status;
}

static pe_status append_row(pe_buffer *rows, const pe_failure_record *record, pe_error *err)
{
    pe_status status = pe_buffer_printf(rows, err, "%" PRIu64 ",", record->item);
    if (status == PE_OK)
        status = append_quoted(rows, record->arguments, err);
    if (status == PE_OK)
        status = pe_buffer_append(rows, ",", 1, err);
    if (status == PE_OK)
        status = append_quoted(rows, record->reason, err);
    return status == PE_OK ? pe_buffer_printf(rows, err, ",%u,%d,%.6f\n", (unsigned)record->attempts, (int)record->rank,
                                              record->seconds)
                           : status;
}

static pe_status flush(pe_failure_log *failures, pe_buffer *rows, size_t most, pe_error *err)
{
    if (rows->size <= most)
        return PE_OK;
    const pe_status status = pe_write_full(failures->file.fd, rows->data, rows->size, failures->file.path, err);
    rows->size = 0;
    return status;
}

pe_status pe_failure_log_begin(pe_failure_log *failures, const char *path, bool is_ordered, pe_error *err)
{
    static const char header[] = "index,arguments,reason,attempts,rank,seconds\n";
    if (path == NULL)
        return PE_OK;
    failures->is_sorted_late = !is_ordered;
    const pe_status status = pe_out_begin(path, false, &failures->file, err);
    if (status != PE_OK)
        return status;
    failures->has_file = true;
    return pe_write_full(failures->file.fd, header, sizeof header - 1, path, err);
}

pe_status pe_failure_log_take(pe_failure_log *failures, const pe_buffer *log, pe_error *err)
{
    pe_buffer rows = {0};
    pe_failure_record record;
    pe_status status = PE_OK;
    for (size_t at = 0; at < log->size && status == PE_OK;) {
        at = read_record(log, at, &record);
        count(failures, &record);
        if (!failures->has_file || failures->is_sorted_late)
            continue;
        status = append_row(&rows, &record, err);
        if (status == PE_OK)
            status = flush(failures, &rows, ROW_BYTES, err);
    }
    if (status == PE_OK)
        status = flush(failures, &rows, 0, err);
    if (status == PE_OK && failures->has_file && failures->is_sorted_late)
        status = pe_buffer_append(&failures->late, log->data, log->size, err);
    pe_buffer_fini(&rows);
    return status;
}

static int by_item(const void *a, const void *b)
{
    const pe_failure_record *left = a, *right = b;
    return (left->item > right->item) - (left->item < right->item);
}

static pe_status write_late(pe_failure_log *failures, pe_error *err)
{
    pe_buffer rows = {0};
    pe_failure_record *records = NULL;
    size_t known = 0;
    pe_status status = pe_make_array(&records, failures->count, sizeof *records, err);
    for (size_t at = 0; at < failures->late.size && status == PE_OK;)
        at = read_record(&failures->late, at, &records[known++]);
    if (status == PE_OK)
        qsort(records, known, sizeof *records, by_item);
    for (size_t i = 0; i < known && status == PE_OK; i++) {
        status = append_row(&rows, &records[i], err);
        if (status == PE_OK)
            status = flush(failures, &rows, ROW_BYTES, err);
    }
    if (status == PE_OK)
        status = flush(failures, &rows, 0, err);
    pe_buffer_fini(&rows);
    free(records);
    return status;
}

pe_status pe_failure_log_end(pe_failure_log *failures, pe_error *err)
{
    pe_status status = PE_OK;
    if (failures->has_file) {
        if (failures->late.size > 0)
            status = write_late(failures, err);
        const pe_status closed = pe_out_commit(&failures->file, err);
        status = status == PE_OK ? closed : status;
        failures->has_file = false;
    }
    pe_buffer_fini(&failures->late);
    return status;
}
