/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_stream.c - csv, tsv and txt from a pipe: cut into whole records.
 *
 * Design:   the scan goes on where it stopped when more bytes come, so a long record is scanned once. It counts the
 *           ends in the current bytes; a second scan of the bytes to be returned finds the begin of the last one. Empty
 *           lines at the end of the bytes stay in the buffer until more bytes come or the stream ends: at the stream's
 *           end they may be no records (pe_text_blank_end).
 * Threads:  the main thread of rank 0.
 * Not here: waiting (stream.c), fields (text_reader.c).
 */
#include <inttypes.h>

#include "format/lines.h"
#include "source/text/text_source.h"

/* What of the buffer may go out: whole records. */
typedef struct piece {
    size_t bytes;
    uint64_t records;
    uint64_t lines;
} piece;

static void restart_scan(pe_text_source *text)
{
    text->scan = (pe_record_scan){.dialect = text->dialect};
    text->scanned = 0;
}

static bool is_full(const pe_text_source *text, const pe_source_limits *limits)
{
    return text->scan.records >= limits->items || (text->scan.records > 0 && text->scanned >= limits->bytes);
}

/* Scans what is there, up to limits->bytes when that gives a record, else up to the first record's end. */
static void scan_on(pe_text_source *text, const pe_source_limits *limits)
{
    const unsigned char *const data = pe_stream_data(&text->stream);
    const size_t size = pe_stream_size(&text->stream);
    const size_t most = size < limits->bytes ? size : limits->bytes;
    if (text->scanned < most)
        text->scanned += pe_record_scan_run(&text->scan, data + text->scanned, most - text->scanned, limits->items);
    if (text->scan.records == 0 && text->scanned < size)
        text->scanned += pe_record_scan_run(&text->scan, data + text->scanned, size - text->scanned, 1);
}

static pe_status check_length(const pe_text_source *text, pe_error *err)
{
    const size_t given = text->base.spec->record_max_bytes;
    const size_t most = given != 0 && given < PE_STREAM_RECORD_MAX ? given : PE_STREAM_RECORD_MAX;
    const char *const hint = text->scan.state == PE_SCAN_QUOTED ? ": is a quote never closed?" : "";
    if (text->scan.records > 0 || pe_stream_size(&text->stream) <= most)
        return PE_OK;
    if (most < PE_STREAM_RECORD_MAX)
        return pe_fail(err, PE_ECONFIG,
                       "%s:%" PRIu64 ": the record that begins here is longer than %zu bytes, half of pool.memory%s: "
                       "raise pool.memory",
                       text->base.info.name, text->line, most, hint);
    return pe_fail(err, PE_EDATA, "%s:%" PRIu64 ": the record that begins here is longer than 1 GiB%s",
                   text->base.info.name, text->line, hint);
}

static size_t blank_end(const pe_text_source *text)
{
    uint64_t lines;
    return pe_text_blank_end(text, pe_stream_data(&text->stream), pe_stream_size(&text->stream), &lines);
}

/* The records whose ends were seen, without empty lines that may be the stream's last. */
static piece whole_records(const pe_text_source *text)
{
    const unsigned char *const data = pe_stream_data(&text->stream);
    const size_t most = pe_stream_size(&text->stream) - blank_end(text);
    pe_record_scan again = {.dialect = text->dialect};
    piece p = {.bytes = pe_record_scan_run(&again, data, text->scanned, text->scan.records)};
    if (p.bytes > most) {
        again = (pe_record_scan){.dialect = text->dialect};
        p.bytes = pe_record_scan_run(&again, data, most, UINT64_MAX);
    }
    p.records = again.records;
    p.lines = again.lines;
    return p;
}

/* The stream is over and all of it scanned: a last record may have no newline. */
static pe_status last_records(pe_text_source *text, uint64_t most_items, piece *p, bool *ended, pe_error *err)
{
    const unsigned char *const data = pe_stream_data(&text->stream);
    const size_t size = pe_stream_size(&text->stream);
    const size_t left = size - p->bytes;
    *ended = left == blank_end(text);
    if (*ended || p->records == most_items)
        return PE_OK;
    const bool has_tail = pe_record_scan_has_tail(&text->scan, pe_stream_data(&text->stream)[size - 1]);
    if (text->scan.state != PE_SCAN_QUOTED && !has_tail) {
        *ended = true; /* nothing but comments is left */
        return PE_OK;
    }
    if (text->scan.state != PE_SCAN_QUOTED) {
        *p = (piece){size, p->records + 1, p->lines};
        *ended = true;
        return PE_OK;
    }
    if (p->records > 0)
        return PE_OK; /* those first */
    size_t at = 0, count, bad = 0;
    const pe_csv_verdict verdict = pe_csv_next(data, size, &text->dialect, &at, NULL, 0, &count, &bad);
    const pe_text_place place = {text, data, {text->stream.offset, text->line}, PE_NO_ITEM};
    return pe_text_fail_csv(place, verdict, bad, err);
}

static pe_status hand_out(pe_text_source *text, piece p, pe_buffer *bytes, pe_source_taken *taken, pe_error *err)
{
    taken->count = p.records;
    taken->byte_range = (pe_byte_range){text->stream.offset, p.bytes, text->consumed, text->line};
    const pe_status status = pe_buffer_append(bytes, pe_stream_data(&text->stream), p.bytes, err);
    if (status != PE_OK || p.bytes == 0)
        return status;
    pe_stream_take(&text->stream, p.bytes);
    text->consumed += p.records;
    text->line += p.lines;
    restart_scan(text);
    return PE_OK;
}

pe_status pe_text_next(pe_source *source, const pe_source_limits *limits, pe_buffer *bytes, pe_source_taken *taken,
                       pe_error *err)
{
    pe_text_source *const text = (pe_text_source *)source;
    const pe_deadline deadline = pe_deadline_in(limits->timeout_ms);
    piece p = {0};
    for (bool arrived = true;;) {
        scan_on(text, limits);
        pe_status status = check_length(text, err);
        if (status != PE_OK)
            return status;
        const bool is_done = text->stream.has_ended || !arrived;
        if (is_done || is_full(text, limits))
            p = whole_records(text);
        if (is_done || p.records > 0)
            break;
        status = pe_stream_fill(&text->stream, source->fd, source->info.name, deadline, &arrived, err);
        if (status != PE_OK)
            return status;
    }
    const size_t size = pe_stream_size(&text->stream);
    if (text->stream.has_ended && (text->scanned == size || p.bytes + blank_end(text) == size)) {
        const pe_status status = last_records(text, limits->items, &p, &taken->ended, err);
        if (status != PE_OK)
            return status;
    }
    return hand_out(text, p, bytes, taken, err);
}

/* More bytes, however long it takes, until the stream ends. */
static pe_status fill(pe_text_source *text, pe_error *err)
{
    bool arrived = false;
    pe_status status = PE_OK;
    while (status == PE_OK && !arrived) /* a signal that ends the program does so itself (os/interrupt.h) */
        status = pe_stream_fill(&text->stream, text->base.fd, text->base.info.name, pe_deadline_in(PE_STREAM_FOREVER),
                                &arrived, err);
    return status;
}

/* Could these be the first bytes of a byte order mark or of UTF-16, with the rest to come? */
static bool may_be_mark(const pe_text_source *text)
{
    const size_t size = pe_stream_size(&text->stream);
    const unsigned char *const data = pe_stream_data(&text->stream);
    if (text->stream.has_ended)
        return false;
    if (size == 0 || data[0] == 0xEF)
        return size < 3;
    return size < 4 && (data[0] > 0xEF || data[0] == 0 || (size > 1 && data[1] == 0));
}

/* Scans to the end of the first record, of jsonl of the first line that is not blank; false: more bytes are needed. */
static bool scan_head(pe_text_source *text, size_t preamble)
{
    const unsigned char *const data = pe_stream_data(&text->stream) + preamble;
    const size_t size = pe_stream_size(&text->stream) - preamble;
    for (;;) {
        const uint64_t next = text->scan.records + 1;
        text->scanned += pe_record_scan_run(&text->scan, data + text->scanned, size - text->scanned, next);
        if (text->scan.records < next)
            return false;
        if (text->base.format != PE_FORMAT_JSONL || text->scanned >= PE_INFER_BYTES ||
            !pe_text_is_blank((pe_text){(const char *)data, text->scanned}))
            return true;
    }
}

pe_status pe_text_open_stream(pe_text_source *text, pe_error *err)
{
    pe_stream *const stream = &text->stream;
    pe_status status = PE_OK;
    size_t preamble = 0;
    while (status == PE_OK && !stream->has_ended &&
           (may_be_mark(text) || !pe_text_preamble(text, pe_stream_data(stream), pe_stream_size(stream), &preamble)))
        status = fill(text, err);
    (void)pe_text_preamble(text, pe_stream_data(stream), pe_stream_size(stream), &preamble);
    restart_scan(text);
    text->line = 1;
    const bool has_head = text->dialect.delimiter != 0 || pe_text_needs_keys(text);
    while (status == PE_OK && has_head && !scan_head(text, preamble) && !stream->has_ended) {
        status = check_length(text, err);
        if (status == PE_OK)
            status = fill(text, err);
    }
    if (status == PE_OK)
        status = check_length(text, err);
    size_t taken = 0;
    const size_t known = has_head ? preamble + text->scanned : pe_stream_size(stream);
    if (status == PE_OK)
        status = pe_text_take_header(text, pe_stream_data(stream), known, &taken, err);
    if (status != PE_OK)
        return status;
    text->line += pe_lines_count(pe_stream_data(stream), taken);
    pe_stream_take(stream, taken);
    restart_scan(text);
    return PE_OK;
}

pe_status pe_text_fill_sample(pe_text_source *text, pe_error *err)
{
    const pe_stream *const stream = &text->stream;
    pe_status status = PE_OK;
    for (;;) {
        const size_t size = pe_stream_size(stream);
        text->scanned += pe_record_scan_run(&text->scan, pe_stream_data(stream) + text->scanned, size - text->scanned,
                                            PE_INFER_RECORDS);
        if (status == PE_OK)
            status = check_length(text, err);
        const bool is_enough = text->scan.records >= PE_INFER_RECORDS ||
                               (text->scan.records > 0 && size >= PE_INFER_BYTES) || stream->has_ended;
        if (status != PE_OK || is_enough)
            break;
        status = fill(text, err);
    }
    restart_scan(text);
    return status;
}
