/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_paths.c - paths of a jsonl input that lead nowhere in its first lines: mistyped, most likely.
 *
 * Design:   a key may come in a later line for the first time, so a path without a value is only pointed out. A kept key is
 *           refused if the first line has one that is spelled nearly the same, unless input.dtype names it.
 * Threads:  the main thread of rank 0.
 * Not here: the values of a line (text_json.c).
 */
#include <stdio.h>
#include <string.h>

#include "base/enum_names.h"
#include "base/suggest.h"
#include "format/lines.h"
#include "os/log.h"
#include "source/text/text_source.h"

#define KEYS_ROOM 300 /* of a list of keys in a message */
enum { KEYS_MOST = 64 };

/* What the first lines have, as sets of paths. */
typedef struct first_lines {
    uint64_t count; /* of those that are JSON */
    uint64_t keys;  /* paths that some line has, with null too */
    uint64_t values;
} first_lines;

static pe_status look_at_lines(const pe_text_source *text, const unsigned char *data, size_t size, first_lines *seen,
                               pe_error *err)
{
    pe_jsonl *json = NULL;
    pe_json_value values[PE_JSONL_PATHS];
    pe_text line;
    size_t at = 0, bad = 0;
    const pe_status status = pe_text_open_json(text, &json, err);
    for (uint64_t n = 0; status == PE_OK && n < PE_INFER_RECORDS && at < PE_INFER_BYTES; n++) {
        pe_error ignored = PE_ERROR_INIT; /* reading the line will fail */
        if (!pe_lines_next(data, size, &at, &line))
            break;
        const size_t readable = size - (size_t)((const unsigned char *)line.data - data);
        if (pe_jsonl_read(json, line.data, line.size, readable, values, &bad, &ignored) != PE_OK)
            continue;
        seen->count++;
        for (uint64_t p = 0; p < pe_text_json_paths(text); p++) {
            seen->keys |= (uint64_t)(values[p].own != NULL) << p;
            seen->values |= (uint64_t)(values[p].kind != PE_JSON_MISSING) << p;
        }
    }
    pe_jsonl_close(json);
    return status;
}

static pe_status add_key(void *context, const char *key, size_t size, pe_error *err)
{
    pe_buffer *const keys = context;
    const pe_status status = pe_buffer_append(keys, key, size, err);
    return status == PE_OK ? pe_buffer_append(keys, "", 1, err) : status;
}

/* The first line's key that the path's first step may have meant, or NULL. The keys are listed in `list`. */
static const char *find_near(const pe_buffer *keys, const char *path, char list[KEYS_ROOM])
{
    const char *names[KEYS_MOST];
    char step[KEYS_ROOM];
    size_t count = 0, used = 0;
    (void)snprintf(step, sizeof step, "%.*s", (int)strcspn(path, "."), path);
    list[0] = '\0';
    for (size_t at = 0; at < keys->size && count < KEYS_MOST; at += strlen(names[count++]) + 1) {
        names[count] = (const char *)keys->data + at;
        if (strcmp(names[count], step) == 0)
            return NULL;
        if (used < KEYS_ROOM - 60)
            used += (size_t)snprintf(list + used, 60, "%s\"%.40s\"", count == 0 ? "" : ", ", names[count]);
    }
    return pe_suggest(step, names, count);
}

static bool has_dtype(const pe_source_spec *spec, const char *name)
{
    for (int d = 0; d < spec->dtype_count; d++)
        if (strcmp(spec->dtypes[d].name, name) == 0)
            return true;
    return false;
}

/* A path that none of the first lines has. A key may come later: only one that looks mistyped is refused. */
static pe_status tell_nothing(const pe_text_source *text, const pe_buffer *keys, uint64_t lines, uint64_t field,
                              bool is_sample, pe_error *err)
{
    const pe_source_spec *const spec = text->base.spec;
    const char *const path = text->all[field].name, *const name = text->base.info.name;
    char list[KEYS_ROOM];
    const char *const near = find_near(keys, path, list);
    const unsigned long long count = lines;
    if (field < text->kept && near != NULL && is_sample && !has_dtype(spec, path))
        return pe_fail(
            err, PE_ECONFIG,
            "%s.keep: there is no key \"%s\" in the first %llu line%s of %s: did you mean \"%s\"? The first has %s. "
            "If a later line has it, say so with input.dtype = { \"%s\" = \"text\" }",
            spec->kept_where, path, count, pe_plural(lines), name, near, list, path);
    pe_log(PE_LOG_WARN, "%s: there is no value at \"%s\" in the first %llu line%s%s%s%s", name, path, count,
           pe_plural(lines), near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
           near == NULL ? "" : "\"?");
    return PE_OK;
}

pe_status pe_text_check_paths(const pe_text_source *text, const unsigned char *data, size_t size, bool is_sample,
                              pe_error *err)
{
    first_lines seen = {.count = 0};
    pe_buffer keys = {0};
    pe_error ignored = PE_ERROR_INIT; /* the line's own: reading it will fail */
    pe_status status = look_at_lines(text, data, size, &seen, err);
    if (status == PE_OK && seen.count > 0)
        (void)pe_text_json_keys(text, data, size, 0, add_key, &keys, &ignored);
    for (uint64_t f = 0; f < text->fields && status == PE_OK && seen.count > 0; f++) {
        const uint64_t there = f < text->kept ? seen.keys : seen.values;
        const uint64_t p = pe_text_json_path(text, f);
        if (p < pe_text_json_paths(text) && (there >> p & 1) == 0)
            status = tell_nothing(text, &keys, seen.count, f, is_sample, err);
    }
    pe_buffer_fini(&keys);
    return status;
}
