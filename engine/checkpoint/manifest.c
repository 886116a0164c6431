/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* manifest.c - the manifest of a checkpoint: the keys and values that determine the bytes of the output, as readable
 * text.
 *
 * Threads: one at a time.
 */
#include "checkpoint/manifest.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define LEAST_ROOM 32u
#define SHOWN_BYTES 80 /* of a value in a message, which is cut there */

void pe_manifest_fini(pe_manifest *manifest)
{
    for (size_t e = 0; e < manifest->count; e++) {
        free(manifest->entries[e].key);
        free(manifest->entries[e].value);
    }
    free(manifest->entries);
    *manifest = (pe_manifest){0};
}

pe_status pe_manifest_add(pe_manifest *manifest, const char *key, const char *value, pe_error *err)
{
    assert(pe_manifest_find(manifest, key) == NULL);
    pe_manifest_entry entry = {NULL, NULL};
    pe_status status =
        pe_grow_array(&manifest->entries, manifest->count, &manifest->room, sizeof entry, LEAST_ROOM, err);
    if (status == PE_OK)
        status = pe_copy_string(&entry.key, key, err);
    if (status == PE_OK)
        status = pe_copy_string(&entry.value, value, err);
    if (status != PE_OK) {
        free(entry.key);
        return status;
    }
    manifest->entries[manifest->count++] = entry;
    return PE_OK;
}

const char *pe_manifest_find(const pe_manifest *manifest, const char *key)
{
    for (size_t e = 0; e < manifest->count; e++)
        if (strcmp(manifest->entries[e].key, key) == 0)
            return manifest->entries[e].value;
    return NULL;
}

/* ---- print ---- */

static pe_status print_value(const char *value, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    while (*value != '\0' && status == PE_OK) {
        const size_t plain = strcspn(value, "\\\n\r");
        status = pe_buffer_append(out, value, plain, err);
        value += plain;
        if (*value == '\0' || status != PE_OK)
            break;
        const char *const escape = *value == '\n' ? "\\n" : *value == '\r' ? "\\r" : "\\\\";
        status = pe_buffer_append(out, escape, 2, err);
        value++;
    }
    return status;
}

pe_status pe_manifest_print(const pe_manifest *manifest, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t e = 0; e < manifest->count && status == PE_OK; e++) {
        status = pe_buffer_printf(out, err, "%s = ", manifest->entries[e].key);
        if (status == PE_OK)
            status = print_value(manifest->entries[e].value, out, err);
        if (status == PE_OK)
            status = pe_buffer_append(out, "\n", 1, err);
    }
    return status;
}

/* ---- parse ---- */

static pe_status refuse(const char *line, size_t size, pe_error *err)
{
    const int shown = size < SHOWN_BYTES ? (int)size : SHOWN_BYTES;
    return pe_fail(err, PE_EDATA, "expected a line \"key = value\", got \"%.*s\"", shown, line);
}

/* Replaces the escape sequences in place; false when one is invalid. */
static bool unescape(char *value)
{
    char *to = value;
    for (const char *from = value; *from != '\0'; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        from++;
        if (*from != 'n' && *from != 'r' && *from != '\\')
            return false;
        *to++ = *from == 'n' ? '\n' : *from == 'r' ? '\r' : '\\';
    }
    *to = '\0';
    return true;
}

static pe_status parse_line(pe_manifest *manifest, const char *line, size_t size, pe_error *err)
{
    char *text = NULL;
    if (memchr(line, '\0', size) != NULL)
        return refuse(line, size, err);
    pe_status status = pe_make_array(&text, size + 1, 1, err);
    if (status != PE_OK)
        return status;
    memcpy(text, line, size);
    char *const equals = strstr(text, " = ");
    if (equals == NULL || equals == text || !unescape(equals + 3)) {
        status = refuse(line, size, err);
    } else {
        *equals = '\0';
        status = pe_manifest_find(manifest, text) != NULL ? refuse(line, size, err)
                                                          : pe_manifest_add(manifest, text, equals + 3, err);
    }
    free(text);
    return status;
}

pe_status pe_manifest_parse(pe_manifest *manifest, const char *text, size_t size, pe_error *err)
{
    pe_status status = PE_OK;
    for (size_t at = 0; at < size && status == PE_OK;) {
        const char *const end = memchr(text + at, '\n', size - at);
        const size_t line = end == NULL ? size - at : (size_t)(end - text) - at;
        status = end == NULL ? refuse(text + at, line, err) : parse_line(manifest, text + at, line, err);
        at += line + 1;
    }
    return status;
}

/* ---- compare ---- */

static pe_status append_difference(const char *key, const char *was, const char *is, pe_buffer *out, size_t *count,
                                   pe_error *err)
{
    return pe_buffer_printf(out, err, "%s%s: was %.*s%s, is %.*s%s", (*count)++ > 0 ? "; " : "", key, SHOWN_BYTES,
                            was == NULL ? "nothing" : was, was != NULL && strlen(was) > SHOWN_BYTES ? "..." : "",
                            SHOWN_BYTES, is == NULL ? "nothing" : is,
                            is != NULL && strlen(is) > SHOWN_BYTES ? "..." : "");
}

pe_status pe_manifest_differences(const pe_manifest *was, const pe_manifest *is, pe_buffer *out, size_t *count,
                                  pe_error *err)
{
    pe_status status = PE_OK;
    *count = 0;
    for (size_t e = 0; e < is->count && status == PE_OK; e++) {
        const char *const old = pe_manifest_find(was, is->entries[e].key);
        if (old == NULL || strcmp(old, is->entries[e].value) != 0)
            status = append_difference(is->entries[e].key, old, is->entries[e].value, out, count, err);
    }
    for (size_t e = 0; e < was->count && status == PE_OK; e++)
        if (pe_manifest_find(is, was->entries[e].key) == NULL)
            status = append_difference(was->entries[e].key, was->entries[e].value, NULL, out, count, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, "", 1, err);
    out->size -= status == PE_OK ? 1 : 0;
    return status;
}
