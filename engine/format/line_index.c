/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* line_index.c - an index of record offsets: the position of every n-th record of a text.
 *
 * Design:   the scan runs from one position to the next, so the common case is one call for thousands of records. A
 *           position is set only when bytes follow it.
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
    const uint64_t record = index->scan.records;
    if (index->count == index->most) {
        index->count /= 2;
        for (size_t i = 1; i < index->count; i++)
            index->entries[i] = index->entries[2 * i];
        index->stride *= 2;
    }
    index->entries[index->count++] = (pe_line_entry){position, record};
    index->next = record + index->stride;
}

void pe_line_index_add(pe_line_index *index, const unsigned char *data, size_t size)
{
    if (size == 0)
        return;
    index->last = data[size - 1];
    size_t at = 0;
    while (at < size) {
        if (index->scan.records == index->next)
            add_entry(index, (pe_line_position){index->end + at, index->start.line + index->scan.lines});
        at += pe_record_scan_run(&index->scan, data + at, size - at, index->next);
    }
    index->end += size;
}

pe_status pe_line_index_join(pe_line_index *index, const pe_line_index *next, bool *is_joined, pe_error *err)
{
    assert(index->last == '\n' && index->end == next->start.offset);
    const size_t most = index->most + next->most;
    pe_line_entry *const grown = realloc(index->entries, most * sizeof *grown);
    if (grown == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: an index of %zu records", most);
    index->entries = grown;
    index->most = most;
    *is_joined = index->scan.state != PE_SCAN_QUOTED;
    if (!*is_joined || next->end == index->end)
        return PE_OK;
    for (size_t i = 0; i < next->count; i++) {
        const pe_line_entry *const from = &next->entries[i];
        index->entries[index->count++] = (pe_line_entry){
            {from->at.offset, from->at.line - 1 + index->start.line + index->scan.lines},
            from->record + index->scan.records,
        };
    }
    if (next->stride > index->stride)
        index->stride = next->stride;
    index->next = index->scan.records + next->next;
    index->scan.records += next->scan.records;
    index->scan.lines += next->scan.lines;
    index->scan.state = next->scan.state;
    index->end = next->end;
    index->last = next->last;
    return PE_OK;
}

bool pe_line_index_end(pe_line_index *index)
{
    const bool is_open = index->scan.state == PE_SCAN_QUOTED;
    const bool has_tail = index->end > index->start.offset && pe_record_scan_has_tail(&index->scan, index->last);
    index->records = index->scan.records + (has_tail && !is_open);
    return !is_open;
}

/* The number of the first entry whose record is at least this one, or count. */
static size_t entry_from(const pe_line_index *index, uint64_t record)
{
    size_t from = 0, to = index->count;
    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (index->entries[middle].record < record)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

pe_line_position pe_line_index_find(const pe_line_index *index, uint64_t record, uint64_t *first)
{
    *first = 0;
    if (index->count == 0)
        return index->start;
    size_t i = entry_from(index, record);
    if (i == index->count || index->entries[i].record > record)
        i--;
    *first = index->entries[i].record;
    return index->entries[i].at;
}

/* The offset of entry i; for an entry after the last one, the end of the text. */
static uint64_t offset_of(const pe_line_index *index, size_t i)
{
    return i < index->count ? index->entries[i].at.offset : index->end;
}

uint64_t pe_line_index_after(const pe_line_index *index, uint64_t record)
{
    return offset_of(index, entry_from(index, record));
}

uint64_t pe_line_index_most_bytes(const pe_line_index *index, uint64_t records)
{
    if (records == 0)
        return 0;
    uint64_t most = 0;
    size_t end = 0;
    for (size_t i = 0; i < index->count; i++) {
        /* the run that begins just before the next entry is the longest from this one on */
        const uint64_t last = i + 1 < index->count ? index->entries[i + 1].record - 1 : index->entries[i].record;
        while (end < index->count && (index->entries[end].record < last || index->entries[end].record - last < records))
            end++;
        const uint64_t bytes = offset_of(index, end) - index->entries[i].at.offset;
        most = bytes > most ? bytes : most;
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
    uint64_t offset = index->start.offset;
    for (size_t i = 0; i < index->count; i++) {
        const pe_line_entry *const entry = &index->entries[i];
        if (entry->at.offset < offset || (i == 0 ? entry->record != 0 : entry->record <= entry[-1].record))
            return false;
        offset = entry->at.offset;
    }
    return offset <= index->end && (index->count == 0 || index->entries[index->count - 1].record <= index->records);
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
