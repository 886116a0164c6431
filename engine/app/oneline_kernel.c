/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* oneline_kernel.c - what -k and the words after -- mean as [kernel].
 *
 * Design:   what is neither a built-in's name, a Python function nor a C function is an expression. Its errors then list the
 *           names that exist.
 * Threads:  no state.
 * Not here: whether there is such a kernel (kernel/form.h).
 */
#include "app/oneline_kernel.h"

#include <string.h>

#include "base/enum_names.h"
#include "job/toml/quote.h"
#include "kernel/registry.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"
#define NAME_SHOWN 60 /* bytes of a kernel in the job's name */

static bool is_built_in(const char *name)
{
    size_t count = 0;
    const pe_kernel *const *const all = pe_registry_all(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i]->name, name) == 0)
            return true;
    return false;
}

/* The size of the identifier that text begins with. */
static size_t identifier(const char *text)
{
    return strspn(text, LETTERS) == 0 ? 0 : strspn(text, LETTERS DIGITS);
}

/* "package.module:f": identifiers with dots between them, a colon, an identifier. */
static bool is_module_function(const char *text)
{
    size_t size = identifier(text);
    while (size > 0 && text[size] == '.') {
        text += size + 1;
        size = identifier(text);
    }
    const char *const name = text + size + 1;
    return size > 0 && text[size] == ':' && identifier(name) > 0 && name[identifier(name)] == '\0';
}

/* Where "f.py" or "f.c" ends in text, in front of a colon or at the end; NULL: it is no such file. */
static const char *file_end(const char *text, const char *suffix)
{
    const size_t size = strlen(suffix);
    for (const char *at = strstr(text, suffix); at != NULL; at = strstr(at + 1, suffix))
        if (at != text && (at[size] == ':' || at[size] == '\0'))
            return at + size;
    return NULL;
}

static pe_status make_origin(const char *option, const char *typed, pe_buffer *out, pe_error *err)
{
    return pe_buffer_printf(out, err, "%s %s", option, typed);
}

static pe_status add_text(pe_overrides *out, const char *origin, const char *key, const char *text, size_t size,
                          pe_error *err)
{
    pe_buffer quoted = {0};
    pe_status status = pe_quote_string(&quoted, text, size, err);
    if (status == PE_OK)
        status = pe_overrides_add(out, origin, key, strlen(key), (const char *)quoted.data, quoted.size, err);
    pe_buffer_fini(&quoted);
    return status;
}

static pe_status add_python(const char *typed, const char *end, const char *origin, pe_overrides *out, pe_error *err)
{
    if (end[0] != ':' || identifier(end + 1) == 0)
        return pe_fail(err, PE_EUSAGE, "%s: expected a Python file and a function in it, such as -k %.*s:f", origin,
                       (int)(end - typed), typed);
    return pe_overrides_add_string(out, origin, "kernel.python", typed, err);
}

static pe_status add_source(const char *typed, const char *end, const char *origin, pe_overrides *out, pe_error *err)
{
    const char *const function = end[0] == ':' ? end + 1 : end;
    const size_t size = identifier(function);
    if (size == 0 || function[size] != ':' || function[size + 1] == '\0')
        return pe_fail(err, PE_EUSAGE,
                       "%s: expected a C file, a function in it and its signature, such as -k '%.*s:%.*s:(float64) -> "
                       "float64'",
                       origin, (int)(end - typed), typed, size == 0 ? 1 : (int)size, size == 0 ? "f" : function);
    pe_status status = add_text(out, origin, "kernel.source", typed, (size_t)(end - typed), err);
    if (status == PE_OK)
        status = add_text(out, origin, "kernel.function", function, size, err);
    return status == PE_OK ? pe_overrides_add_string(out, origin, "kernel.signature", function + size + 1, err)
                           : status;
}

/* The job is called after what it does; of a path, after its last part. */
static pe_status add_name(pe_overrides *out, const char *origin, const char *typed, bool is_path, pe_error *err)
{
    const char *const slash = is_path ? strrchr(typed, '/') : NULL;
    const char *const name = slash == NULL || slash[1] == '\0' ? typed : slash + 1;
    size_t size = strcspn(name, "\r\n");
    for (size = size < NAME_SHOWN ? size : NAME_SHOWN; size > 0 && ((unsigned char)name[size] & 0xC0u) == 0x80u;)
        size--; /* not inside a character */
    return size == 0 ? PE_OK : add_text(out, origin, "name", name, size, err);
}

pe_status pe_oneline_add_kernel(const pe_oneline *self, pe_overrides *out, pe_error *err)
{
    const char *const typed = self->kernel;
    const char *const python = file_end(typed, ".py"), *const source = file_end(typed, ".c");
    pe_buffer text = {0};
    pe_status status = make_origin("-k", typed, &text, err);
    const char *const origin = (const char *)text.data;
    if (status == PE_OK && *typed == '\0')
        status =
            pe_fail(err, PE_EUSAGE, "--kernel: expected an expression such as 'x*x', got \"\"; see pengine --help");
    if (status == PE_OK && is_built_in(typed))
        status = pe_overrides_add_string(out, origin, "kernel.name", typed, err);
    else if (status == PE_OK && python != NULL)
        status = add_python(typed, python, origin, out, err);
    else if (status == PE_OK && source != NULL)
        status = add_source(typed, source, origin, out, err);
    else if (status == PE_OK && is_module_function(typed))
        status = pe_overrides_add_string(out, origin, "kernel.python", typed, err);
    else if (status == PE_OK)
        status = pe_overrides_add_string(out, origin, "kernel.expr", typed, err);
    if (status == PE_OK)
        status = add_name(out, origin, typed, python != NULL || source != NULL, err);
    pe_buffer_fini(&text);
    return status;
}

/* ---- programs ---- */

static pe_status put_words(const pe_oneline *self, pe_buffer *origin, pe_buffer *value, pe_error *err)
{
    pe_status status = pe_buffer_append(origin, "--", 2, err);
    for (int w = 0; w < self->word_count && status == PE_OK; w++) {
        status = pe_buffer_printf(origin, err, " %s", self->words[w]);
        if (status == PE_OK)
            status = pe_buffer_append(value, w == 0 ? "[" : ", ", w == 0 ? 1 : 2, err);
        if (status == PE_OK)
            status = pe_quote_string(value, self->words[w], strlen(self->words[w]), err);
    }
    return status == PE_OK ? pe_buffer_append(value, "]", 1, err) : status;
}

/* Numbers, columns and other formats are asked for by their keys or by the output's suffix; else stdout passes as it is. */
static bool passes_bytes(const pe_overrides *given)
{
    static const char *const keys[] = {"kernel.signature", "output.format", "output.index", "output.keep", "reduce"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (pe_overrides_has(given, keys[i]))
            return false;
    for (size_t i = 0; i < given->count; i++) {
        char path[512] = "";
        const char *const value = given->list[i].value;
        if (strcmp(given->list[i].key, "output.path") != 0 || strlen(value) >= sizeof path)
            continue;
        memcpy(path, value, strlen(value) + 1);
        path[strcspn(path + 1, "\"'") + 1] = '\0'; /* it is a quoted string */
        const pe_format format = pe_format_by_suffix(path);
        return format == PE_FORMAT_AUTO || format == PE_FORMAT_TXT;
    }
    return true;
}

pe_status pe_oneline_add_program(const pe_oneline *self, const pe_overrides *given, pe_overrides *out, pe_error *err)
{
    pe_buffer origin = {0}, value = {0};
    pe_status status = put_words(self, &origin, &value, err);
    const char *const typed = (const char *)origin.data;
    const char *const key = "kernel.command";
    if (status == PE_OK)
        status = pe_overrides_add(out, typed, key, strlen(key), (const char *)value.data, value.size, err);
    if (status == PE_OK)
        status = pe_overrides_add_string(out, typed, "errors.on_error", "skip", err);
    if (status == PE_OK && passes_bytes(given))
        status = pe_overrides_add_string(out, typed, "output.format", "bytes", err);
    if (status == PE_OK)
        status = add_name(out, typed, self->words[0], true, err);
    pe_buffer_fini(&value);
    pe_buffer_fini(&origin);
    return status;
}
