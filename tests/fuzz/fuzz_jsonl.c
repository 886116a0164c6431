/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_jsonl.c - any bytes as a line of JSON: values lie in the line, and more readable bytes after it change nothing.
 *
 * Design: the line is read three times: where its bytes end, with other bytes after it, and as one of many lines.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format/json/jsonl.h"
#include "fuzz.h"

enum { PATHS = 4, NUMBERS = 2, BEHIND = 100 };

static void check_values(const pe_json_value *values, const char *data, size_t size)
{
    for (int p = 0; p < PATHS; p++) {
        const pe_json_value *const v = &values[p];
        FUZZ_HOLDS(v->kind != PE_JSON_MISSING || v->size == 0);
        if (v->kind == PE_JSON_MISSING || v->is_copy != 0)
            continue;
        FUZZ_HOLDS(v->data >= data && v->data + v->size <= data + size);
        FUZZ_HOLDS(v->kind == PE_JSON_STRING || v->size > 0);
    }
}

static void check_same(const pe_json_value *one, const pe_json_value *other)
{
    for (int p = 0; p < PATHS; p++) {
        FUZZ_HOLDS(one[p].kind == other[p].kind && one[p].size == other[p].size);
        FUZZ_HOLDS(one[p].size == 0 || memcmp(one[p].data, other[p].data, one[p].size) == 0);
        FUZZ_HOLDS((one[p].own == NULL) == (other[p].own == NULL) && one[p].own_size == other[p].own_size);
        FUZZ_HOLDS(one[p].own == NULL || memcmp(one[p].own, other[p].own, one[p].own_size) == 0);
    }
}

static pe_status count_key(void *context, const char *key, size_t size, pe_error *err)
{
    (void)key;
    (void)err;
    *(size_t *)context += size + 1;
    return PE_OK;
}

/* Lines for whose tokens one pass is enough: the line twice between others, which mostly have another shape. */
enum { OTHERS = 4, TIMES = 2, LINES = OTHERS + TIMES };

typedef struct piece {
    const char *data;
    size_t size;
    bool is_line;
} piece;

static char *make_lines(const char *line, size_t size, piece pieces[LINES])
{
    static const char others[] = "{\"a\": 1, \"b\": [2, {}]}";
    const size_t other = sizeof others - 1;
    char *const lines = malloc(OTHERS * (other + 1) + TIMES * (size + 1));
    FUZZ_HOLDS(lines != NULL);
    char *at = lines;
    for (int i = 0; i < LINES; i++) {
        const bool is_line = i >= OTHERS / 2 && i < OTHERS / 2 + TIMES;
        pieces[i] = (piece){at, is_line ? size : other, is_line};
        if (pieces[i].size > 0)
            memcpy(at, is_line ? line : others, pieces[i].size);
        at += pieces[i].size;
        *at++ = '\n';
    }
    return lines;
}

/* What pe_jsonl_find says of a line are its numbers; a missing one is empty. */
static void check_found(const uint32_t *ends, const char *data, const pe_json_value *values, size_t paths)
{
    for (size_t p = 0; p < paths; p++) {
        const char *const begin = data + (uint32_t)(ends[1 + 2 * p] + 1);
        FUZZ_HOLDS(values[p].kind == PE_JSON_MISSING || (values[p].kind == PE_JSON_NUMBER && begin == values[p].data));
        FUZZ_HOLDS(data + ends[2 + 2 * p] == begin + values[p].size);
    }
}

static void check_among_lines(const char *const *paths, size_t count, const char *line, size_t size, pe_status expected,
                              size_t bad, const pe_json_value *values)
{
    pe_jsonl *reader = NULL;
    pe_error err = PE_ERROR_INIT;
    pe_json_value got[PATHS];
    piece pieces[LINES];
    size_t wrong = 0;
    char *const lines = make_lines(line, size, pieces);
    const char *const end = pieces[LINES - 1].data + pieces[LINES - 1].size + 1;
    FUZZ_HOLDS(pe_jsonl_open(paths, count, &reader, &err) == PE_OK);
    pe_jsonl_start(reader, 1000); /* more than there are: the window is all of them */
    for (int i = 0; i < LINES; i++) {
        const piece *const one = &pieces[i];
        const size_t rest = (size_t)(end - one->data);
        uint32_t ends[2 * PATHS + 2];
        const bool is_found = i % 2 == 1 && pe_jsonl_find(reader, one->data, rest, 1, ends) == 1;
        const pe_status status = pe_jsonl_read(reader, one->data, one->size, rest, got, &wrong, &err);
        FUZZ_HOLDS(status == (one->is_line ? expected : PE_OK));
        FUZZ_HOLDS(one->is_line || (got[0].kind == PE_JSON_NUMBER && *got[count / 2].data == '2'));
        FUZZ_HOLDS(!one->is_line || status == PE_OK || wrong == bad);
        FUZZ_HOLDS(!is_found || status == PE_OK);
        if (is_found)
            check_found(ends, one->data, got, count);
        if (one->is_line && status == PE_OK && count == PATHS)
            check_same(values, got);
        if (one->is_line && status == PE_OK && count == NUMBERS)
            check_same((const pe_json_value[PATHS]){values[0], values[2]}, (pe_json_value[PATHS]){got[0], got[1]});
    }
    pe_jsonl_close(reader);
    free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[PATHS] = {"a", "a.b", "b.0", "c\\.d"};
    pe_jsonl *readers[2] = {NULL, NULL};
    pe_json_value values[2][PATHS];
    pe_error err = PE_ERROR_INIT, errs[2] = {PE_ERROR_INIT, PE_ERROR_INIT};
    size_t bad[2] = {0, 0}, keys = 0;
    char *const line = malloc(size + BEHIND);
    FUZZ_HOLDS(line != NULL);
    if (size > 0)
        memcpy(line, data, size);
    memset(line + size, '\n', 1);
    memset(line + size + 1, '7', BEHIND - 1);
    for (int i = 0; i < 2; i++) {
        FUZZ_HOLDS(pe_jsonl_open(paths, PATHS, &readers[i], &err) == PE_OK);
        const pe_status status =
            pe_jsonl_read(readers[i], line, size, i == 0 ? size : size + BEHIND, values[i], &bad[i], &errs[i]);
        FUZZ_HOLDS(status == PE_OK || (status == PE_EDATA && bad[i] <= size));
        if (status == PE_OK)
            check_values(values[i], line, size);
    }
    FUZZ_HOLDS(errs[0].status == errs[1].status && bad[0] == bad[1]);
    if (errs[0].status == PE_OK) {
        check_same(values[0], values[1]);
        FUZZ_HOLDS(pe_jsonl_keys(readers[0], line, size, count_key, &keys, &bad[0], &err) == PE_OK && keys <= size);
    }
    if (memchr(line, '\n', size) == NULL) {
        static const char *const numbers[NUMBERS] = {"a", "b.0"};
        check_among_lines(paths, PATHS, line, size, errs[0].status, bad[0], values[0]);
        check_among_lines(numbers, NUMBERS, line, size, errs[0].status, bad[0], values[0]);
    }
    pe_jsonl_close(readers[0]);
    pe_jsonl_close(readers[1]);
    free(line);
    return 0;
}
