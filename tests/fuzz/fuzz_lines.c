/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_lines.c - any bytes as lines: the walk, the count and the index agree; any bytes as an index: refused or sound.
 */
#include <stdlib.h>
#include <string.h>

#include "format/line_index.h"
#include "format/lines.h"
#include "fuzz.h"

enum { PLACES = 4 };

static void check_lines(const unsigned char *data, size_t size, const pe_line_index *index)
{
    pe_text line;
    size_t at = 0;
    uint64_t lines = 0;
    for (size_t begin = 0; pe_lines_next(data, size, &at, &line); begin = at, lines++) {
        FUZZ_HOLDS((const unsigned char *)line.data == data + begin && begin + line.size <= at && at <= size);
        FUZZ_HOLDS(line.size == 0 || memchr(line.data, '\n', line.size) == NULL);
        FUZZ_HOLDS(at - begin <= line.size + 2);
        uint64_t first;
        const pe_line_position place = pe_line_index_find(index, lines, &first);
        FUZZ_HOLDS(first <= lines && lines - first < index->stride && place.line == first + 1);
        FUZZ_HOLDS(first != lines || place.offset == begin);
    }
    FUZZ_HOLDS(at == size && index->records == lines);
    FUZZ_HOLDS(lines - pe_lines_count(data, size) == (size > 0 && data[size - 1] != '\n'));
}

/* What came as an index is refused, or can be asked anything. */
static void check_index(const unsigned char *data, size_t size)
{
    pe_line_index index = {0};
    pe_error err = PE_ERROR_INIT;
    if (pe_line_index_read(data, size, &index, &err) != PE_OK)
        return;
    static const uint64_t records[] = {0, 1, 63, UINT64_MAX / 2, UINT64_MAX};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        uint64_t first;
        FUZZ_HOLDS(pe_line_index_find(&index, records[i], &first).offset <= index.end && first <= records[i]);
        FUZZ_HOLDS(pe_line_index_after(&index, records[i]) <= index.end);
        FUZZ_HOLDS(pe_line_index_most_bytes(&index, records[i]) <= index.end);
    }
    pe_line_index_fini(&index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *const bytes = malloc(size + (size == 0));
    FUZZ_HOLDS(bytes != NULL);
    if (size > 0)
        memcpy(bytes, data, size);
    pe_line_index index = {0};
    pe_error err = PE_ERROR_INIT;
    FUZZ_HOLDS(pe_line_index_begin(&index, pe_dialect_of('\0'), (pe_line_position){0, 1}, PLACES, &err) == PE_OK);
    const size_t half = size / 2;
    pe_line_index_add(&index, bytes, half);
    pe_line_index_add(&index, bytes + half, size - half);
    FUZZ_HOLDS(pe_line_index_end(&index));
    check_lines(bytes, size, &index);
    check_index(bytes, size);
    FUZZ_HOLDS(pe_bom_bytes(bytes, size) <= size);
    pe_line_index_fini(&index);
    free(bytes);
    return 0;
}
