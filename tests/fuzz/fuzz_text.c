/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_text.c - any bytes as a csv, tsv or txt input: file and pipe give the same texts, or the same complaint.
 *
 * Design: the first byte chooses format, header and how many items are asked for at once. The bytes go through a
 *         temporary file and through a pipe, so they are kept below what a pipe holds.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "source/source.h"

enum { MOST_BYTES = 60000 };

/* What came of an input: the texts with their sizes, one after the other, or the message that ended it. */
typedef struct outcome {
    pe_buffer texts;
    uint64_t items;
    bool is_open;
    pe_error err;
} outcome;

static void keep(outcome *o, const pe_text *text)
{
    FUZZ_HOLDS(pe_buffer_append(&o->texts, &text->size, sizeof text->size, &o->err) == PE_OK);
    FUZZ_HOLDS(pe_buffer_append(&o->texts, text->data, text->size, &o->err) == PE_OK);
}

/* Reads a block item by item, so that a complaint is about one item. */
static void read_block(pe_reader *reader, int columns, pe_block block, const pe_byte_range *byte_range,
                       const unsigned char *bytes, outcome *o)
{
    for (uint64_t i = 0; i < block.count && o->err.status == PE_OK; i++) {
        pe_text texts[PE_MAX_COLUMNS];
        void *room[PE_MAX_COLUMNS];
        for (int c = 0; c < columns; c++)
            room[c] = &texts[c];
        if (pe_reader_read(reader, (pe_block){block.first + i, 1}, byte_range, bytes, room, &o->err) != PE_OK)
            break;
        for (int c = 0; c < columns; c++)
            keep(o, &texts[c]);
        o->items++;
    }
    pe_reader_rewind(reader);
}

static void read_file(const pe_source *source, pe_reader *reader, uint64_t most_items, outcome *o)
{
    const pe_source_info *const info = pe_source_get_info(source);
    for (uint64_t first = 0; first < info->count && o->err.status == PE_OK; first += most_items) {
        const uint64_t left = info->count - first;
        const pe_block block = {first, left < most_items ? left : most_items};
        const pe_byte_range byte_range = pe_source_byte_range(source, block);
        FUZZ_HOLDS(byte_range.bytes <= pe_source_chunk_bytes(source, most_items));
        read_block(reader, info->columns, block, &byte_range, pe_source_bytes(source, &byte_range), o);
    }
}

static void read_stream(pe_source *source, pe_reader *reader, uint64_t most_items, outcome *o)
{
    pe_buffer bytes = {0};
    const pe_source_limits limits = {.items = most_items, .bytes = 1000};
    pe_source_taken taken = {0};
    for (uint64_t seen = 0; !taken.ended && o->err.status == PE_OK;) {
        bytes.size = 0;
        if (pe_source_next(source, &limits, &bytes, &taken, &o->err) != PE_OK)
            break;
        FUZZ_HOLDS(taken.count <= most_items && (taken.ended || taken.count > 0));
        if (taken.count > 0)
            FUZZ_HOLDS(taken.byte_range.first == seen && taken.byte_range.bytes == bytes.size);
        read_block(reader, pe_source_get_info(source)->columns, (pe_block){seen, taken.count}, &taken.byte_range,
                   bytes.data, o);
        seen += taken.count;
    }
    pe_buffer_fini(&bytes);
}

static void run(const pe_source_spec *spec, uint64_t most_items, outcome *o)
{
    pe_source *source = NULL;
    pe_reader *reader = NULL;
    pe_type want[PE_MAX_COLUMNS];
    for (int c = 0; c < PE_MAX_COLUMNS; c++)
        want[c] = (pe_type){PE_TEXT, 0};
    if (pe_source_open(spec, &source, &o->err) != PE_OK)
        return;
    o->is_open = true;
    FUZZ_HOLDS(pe_source_bind(source, want, pe_source_get_info(source)->columns, &o->err) == PE_OK);
    FUZZ_HOLDS(pe_reader_open(source, &reader, &o->err) == PE_OK);
    if (pe_source_get_info(source)->is_stream)
        read_stream(source, reader, most_items, o);
    else
        read_file(source, reader, most_items, o);
    pe_reader_close(reader);
    pe_source_close(source);
}

/* Both name their file at the beginning; what follows must be the same. */
static void compare(const outcome *file, const outcome *stream)
{
    /* A file is scanned to its end before the first item: an open quote is told before what comes first in a pipe. */
    if (!file->is_open) {
        FUZZ_HOLDS(stream->err.status == file->err.status);
        return;
    }
    FUZZ_HOLDS(file->items == stream->items && file->texts.size == stream->texts.size);
    FUZZ_HOLDS(file->texts.size == 0 || memcmp(file->texts.data, stream->texts.data, file->texts.size) == 0);
    FUZZ_HOLDS(file->err.status == stream->err.status);
    const char *const one = strstr(file->err.text, ":"), *const other = strstr(stream->err.text, ":");
    if (file->err.status == PE_EDATA)
        FUZZ_HOLDS(one != NULL && other != NULL && strcmp(one, other) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const pe_format formats[] = {PE_FORMAT_CSV, PE_FORMAT_TSV, PE_FORMAT_TXT, PE_FORMAT_CSV};
    if (size == 0 || size > MOST_BYTES)
        return 0;
    char name[2][32];
    int ends[2];
    FILE *const file = tmpfile();
    FUZZ_HOLDS(file != NULL && pipe(ends) == 0);
    FUZZ_HOLDS(fwrite(data + 1, 1, size - 1, file) == size - 1 && fflush(file) == 0);
    FUZZ_HOLDS(write(ends[1], data + 1, size - 1) == (ssize_t)(size - 1) && close(ends[1]) == 0);
    snprintf(name[0], sizeof name[0], "/dev/fd/%d", fileno(file));
    snprintf(name[1], sizeof name[1], "/dev/fd/%d", ends[0]);
    outcome outcomes[2] = {{.err = PE_ERROR_INIT}, {.err = PE_ERROR_INIT}};
    for (int i = 0; i < 2; i++) {
        const pe_source_spec spec = {.kind = PE_SOURCE_FILE,
                                     .where = name[i],
                                     .path = name[i],
                                     .format = formats[data[0] & 3],
                                     .header = (data[0] & 4) != 0};
        run(&spec, 1 + (data[0] >> 3), &outcomes[i]);
    }
    compare(&outcomes[0], &outcomes[1]);
    for (int i = 0; i < 2; i++)
        pe_buffer_fini(&outcomes[i].texts);
    close(ends[0]);
    fclose(file);
    return 0;
}
