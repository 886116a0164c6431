/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fuzz_jsonl.c - any bytes as a line of JSON: values lie in the line, and more readable bytes behind it change nothing.
 *
 * Design: the line is read three times: where its bytes end, with other bytes behind it, and as one of many lines.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "format/json/jsonl.h"
#include "fuzz.h"

enum { PATHS = 4, BEHIND = 100 };

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

/* The line among others, for whose tokens one pass is enough. */
static void check_among_lines(const char *const *paths, const char *line, size_t size, pe_status expected, size_t bad,
                              const pe_json_value *values)
{
    static const char others[] = "{\"a\": 1, \"b\": [2, {}]}\n";
    const size_t other = sizeof others - 1, total = 4 * other + size + 1;
    pe_jsonl *reader = NULL;
    pe_error err = PE_ERROR_INIT;
    pe_json_value got[PATHS];
    size_t wrong = 0;
    char *const lines = malloc(total);
    FUZZ_HOLDS(lines != NULL && pe_jsonl_open(paths, PATHS, &reader, &err) == PE_OK);
    for (size_t i = 0; i < 4; i++)
        memcpy(lines + i * other + (i < 2 ? 0 : size + 1), others, other);
    memcpy(lines + 2 * other, line, size);
    lines[2 * other + size] = '\n';
    pe_jsonl_start(reader, 1000); /* more than there are: the window is all of them */
    for (size_t at = 0; at < total; at += at == 2 * other ? size + 1 : other) {
        const bool is_line = at == 2 * other;
        const pe_status status =
            pe_jsonl_read(reader, lines + at, is_line ? size : other - 1, total - at, got, &wrong, &err);
        FUZZ_HOLDS(status == (is_line ? expected : PE_OK));
        FUZZ_HOLDS(is_line || (got[0].kind == PE_JSON_NUMBER && *got[2].data == '2'));
        FUZZ_HOLDS(!is_line || status == PE_OK || wrong == bad);
        if (is_line && status == PE_OK)
            check_same(values, got);
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
    if (memchr(line, '\n', size) == NULL)
        check_among_lines(paths, line, size, errs[0].status, bad[0], values[0]);
    pe_jsonl_close(readers[0]);
    pe_jsonl_close(readers[1]);
    free(line);
    return 0;
}
