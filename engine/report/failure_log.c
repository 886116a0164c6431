/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* faults.c - failed items: as records that travel with the results, as a csv, as counts by kind.
 *
 * Design:   a record is a fixed head and two terminated texts, 8-byte aligned, between ranks of one architecture. The
 *           csv is RFC 4180 with the columns index, arguments, reason, attempts, rank, seconds.
 * Threads:  faults.h.
 * Not here: what is done with a failed item (run/step.c).
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

pe_status pe_fault_append(pe_buffer *log, const pe_fault_record *record, pe_error *err)
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
static size_t read_record(const pe_buffer *log, size_t at, pe_fault_record *out)
{
    head first;
    memcpy(&first, log->data + at, sizeof first);
    const char *texts = (const char *)log->data + at + sizeof first;
    *out = (pe_fault_record){.item = first.item,
                             .arguments = texts,
                             .reason = texts + first.argument_bytes,
                             .attempts = first.attempts,
                             .rank = first.rank,
                             .seconds = first.seconds};
    const size_t bytes = (size_t)first.argument_bytes + first.reason_bytes;
    return at + sizeof first + (bytes + 7) / 8 * 8;
}

/* ---- counts ---- */

static void count_kind(pe_faults *faults, const char *reason)
{
    char name[PE_FAULT_KIND_ROOM];
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(reason, ":"), reason);
    for (int k = 0; k < faults->kind_count; k++) {
        if (strcmp(faults->kinds[k].name, name) == 0) {
            faults->kinds[k].count++;
            return;
        }
    }
    const bool is_last = faults->kind_count >= PE_FAULT_KINDS - 1;
    const int at = is_last ? PE_FAULT_KINDS - 1 : faults->kind_count;
    memcpy(faults->kinds[at].name, name, sizeof name);
    if (is_last)
        (void)snprintf(faults->kinds[at].name, PE_FAULT_KIND_ROOM, "other reasons");
    faults->kinds[at].count++;
    faults->kind_count = at + 1;
}

static void count(pe_faults *faults, const pe_fault_record *record)
{
    if (faults->count++ == 0 || record->item < faults->first_item) {
        faults->first_item = record->item;
        (void)snprintf(faults->first_text, sizeof faults->first_text, "%.380s: %.120s", record->arguments,
                       record->reason);
    }
    count_kind(faults, record->reason);
}

const char *pe_faults_describe(const pe_faults *faults, uint64_t items, char out[1008])
{
    int size = snprintf(out, 1008, "%" PRIu64 " of %" PRIu64 " items failed", faults->count, items);
    for (int k = 0; k < faults->kind_count && size < 900; k++)
        size += snprintf(out + size, 1008 - (size_t)size, "%s%" PRIu64 " x %s", k == 0 ? ": " : ", ",
                         faults->kinds[k].count, faults->kinds[k].name);
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

static pe_status append_row(pe_buffer *rows, const pe_fault_record *record, pe_error *err)
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

static pe_status flush(pe_faults *faults, pe_buffer *rows, size_t most, pe_error *err)
{
    if (rows->size <= most)
        return PE_OK;
    const pe_status status = pe_write_full(faults->file.fd, rows->data, rows->size, faults->file.path, err);
    rows->size = 0;
    return status;
}

pe_status pe_faults_begin(pe_faults *faults, const char *path, bool is_ordered, pe_error *err)
{
    static const char header[] = "index,arguments,reason,attempts,rank,seconds\n";
    if (path == NULL)
        return PE_OK;
    faults->is_sorted_late = !is_ordered;
    const pe_status status = pe_out_begin(path, false, &faults->file, err);
    if (status != PE_OK)
        return status;
    faults->has_file = true;
    return pe_write_full(faults->file.fd, header, sizeof header - 1, path, err);
}

pe_status pe_faults_take(pe_faults *faults, const pe_buffer *log, pe_error *err)
{
    pe_buffer rows = {0};
    pe_fault_record record;
    pe_status status = PE_OK;
    for (size_t at = 0; at < log->size && status == PE_OK;) {
        at = read_record(log, at, &record);
        count(faults, &record);
        if (!faults->has_file || faults->is_sorted_late)
            continue;
        status = append_row(&rows, &record, err);
        if (status == PE_OK)
            status = flush(faults, &rows, ROW_BYTES, err);
    }
    if (status == PE_OK)
        status = flush(faults, &rows, 0, err);
    if (status == PE_OK && faults->has_file && faults->is_sorted_late)
        status = pe_buffer_append(&faults->late, log->data, log->size, err);
    pe_buffer_fini(&rows);
    return status;
}

static int by_item(const void *a, const void *b)
{
    const pe_fault_record *left = a, *right = b;
    return (left->item > right->item) - (left->item < right->item);
}

static pe_status write_late(pe_faults *faults, pe_error *err)
{
    pe_buffer rows = {0};
    pe_fault_record *records = NULL;
    size_t known = 0;
    pe_status status = pe_make_array(&records, faults->count, sizeof *records, err);
    for (size_t at = 0; at < faults->late.size && status == PE_OK;)
        at = read_record(&faults->late, at, &records[known++]);
    if (status == PE_OK)
        qsort(records, known, sizeof *records, by_item);
    for (size_t i = 0; i < known && status == PE_OK; i++) {
        status = append_row(&rows, &records[i], err);
        if (status == PE_OK)
            status = flush(faults, &rows, ROW_BYTES, err);
    }
    if (status == PE_OK)
        status = flush(faults, &rows, 0, err);
    pe_buffer_fini(&rows);
    free(records);
    return status;
}

pe_status pe_faults_end(pe_faults *faults, pe_error *err)
{
    pe_status status = PE_OK;
    if (faults->has_file) {
        if (faults->late.size > 0)
            status = write_late(faults, err);
        const pe_status closed = pe_out_commit(&faults->file, err);
        status = status == PE_OK ? closed : status;
        faults->has_file = false;
    }
    pe_buffer_fini(&faults->late);
    return status;
}
