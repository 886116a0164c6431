/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* line_index.c - an index of record offsets: the position of every n-th record of a text.
 *
 * Design:   the scan runs from one position to the next, so the common case is one call for thousands of records. A
 *           position is set only when bytes follow it, so that count is records / stride, rounded up.
 * Threads:  see the header.
 * Not here: splitting a record into fields (csv.c).
 */
#include "format/line_index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

/* The header of an exported index, before the entries. */
typedef struct exported_head {
    uint64_t count, stride, records, end;
    pe_line_position start;
} exported_head;

pe_status pe_line_index_begin(pe_line_index *index, pe_dialect dialect, pe_line_position start, size_t most_entries,
                              pe_error *err)
{
    assert(most_entries >= 2 && most_entries % 2 == 0);
    *index = (pe_line_index){.most = most_entries, .stride = 1, .end = start.offset, .start = start};
    index->scan = (pe_record_scan){.dialect = dialect};
    return pe_make_array(&index->entries, most_entries, sizeof *index->entries, err);
}

static void add_entry(pe_line_index *index, pe_line_position position)
{
    if (index->count == index->most) {
        index->count /= 2;
        for (size_t i = 1; i < index->count; i++)
            index->entries[i] = index->entries[2 * i];
        index->stride *= 2; /* the current position is record count * stride as before, since most is even */
    }
    index->entries[index->count++] = position;
}

void pe_line_index_add(pe_line_index *index, const unsigned char *data, size_t size)
{
    if (size == 0)
        return;
    index->last = data[size - 1];
    size_t at = 0;
    while (at < size) {
        const uint64_t next = index->count * index->stride;
        if (index->scan.records == next)
            add_entry(index, (pe_line_position){index->end + at, index->start.line + index->scan.lines});
        at += pe_record_scan_run(&index->scan, data + at, size - at, index->count * index->stride);
    }
    index->end += size;
}

bool pe_line_index_end(pe_line_index *index)
{
    const bool is_open = index->scan.state == PE_SCAN_QUOTED;
    const bool has_tail = index->end > index->start.offset && pe_record_scan_has_tail(&index->scan, index->last);
    index->records = index->scan.records + (has_tail && !is_open);
    assert(index->count == 0 || (index->count - 1) * index->stride <= index->records);
    return !is_open;
}

pe_line_position pe_line_index_find(const pe_line_index *index, uint64_t record, uint64_t *first)
{
    if (index->count == 0) {
        *first = 0;
        return index->start;
    }
    const uint64_t wanted = record / index->stride;
    const uint64_t position = wanted < index->count ? wanted : index->count - 1;
    *first = position * index->stride;
    return index->entries[position];
}

/* The offset of entry i; for an entry after the last one, the end of the text. */
static uint64_t offset_of(const pe_line_index *index, uint64_t i)
{
    return i < index->count ? index->entries[i].offset : index->end;
}

uint64_t pe_line_index_after(const pe_line_index *index, uint64_t record)
{
    return offset_of(index, record / index->stride + (record % index->stride != 0));
}

uint64_t pe_line_index_most_bytes(const pe_line_index *index, uint64_t records)
{
    if (records == 0)
        return 0;
    /* A run of records that begins just before a position overlaps one stride more. */
    const uint64_t more = (records - 1) / index->stride + ((records - 1) % index->stride != 0);
    const uint64_t span = more < index->count ? more + 1 : index->count;
    uint64_t most = 0;
    for (size_t i = 0; i < index->count; i++) {
        const uint64_t bytes = offset_of(index, i + span) - index->entries[i].offset;
        if (bytes > most)
            most = bytes;
    }
    return most;
}

pe_status pe_line_index_write(const pe_line_index *index, pe_buffer *out, pe_error *err)
{
    const exported_head head = {index->count, index->stride, index->records, index->end, index->start};
    const pe_status status = pe_buffer_append(out, &head, sizeof head, err);
    if (status != PE_OK)
        return status;
    return pe_buffer_append(out, index->entries, index->count * sizeof *index->entries, err);
}

static bool is_sound(const pe_line_index *index)
{
    uint64_t before = index->start.offset;
    for (size_t i = 0; i < index->count; i++) {
        if (index->entries[i].offset < before)
            return false;
        before = index->entries[i].offset;
    }
    return index->stride > 0 && before <= index->end &&
           (index->count == 0 || (index->count - 1) <= index->records / index->stride);
}

pe_status pe_line_index_read(const unsigned char *data, size_t size, pe_line_index *index, pe_error *err)
{
    exported_head head;
    const size_t entry = sizeof *index->entries;
    if (size >= sizeof head)
        memcpy(&head, data, sizeof head);
    if (size < sizeof head || head.count > (size - sizeof head) / entry)
        return pe_fail(err, PE_EBUG, "an index of lines came with %zu bytes", size);
    *index = (pe_line_index){.count = head.count,
                             .most = head.count,
                             .stride = head.stride,
                             .records = head.records,
                             .end = head.end,
                             .start = head.start};
    const pe_status status = pe_make_array(&index->entries, index->count, entry, err);
    if (status != PE_OK)
        return status;
    if (index->count > 0)
        memcpy(index->entries, data + sizeof head, index->count * entry);
    if (is_sound(index))
        return PE_OK;
    pe_line_index_fini(index);
    return pe_fail(err, PE_EBUG, "an index of lines came with entries out of order");
}

void pe_line_index_fini(pe_line_index *index)
{
    free(index->entries);
    *index = (pe_line_index){0};
}
