/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* command_text.c - prints arguments for the program, parses its answers.
 *
 * Threads: no state.
 * Not here: running the program (command_lines.c, command_runs.c).
 */
#include <stdio.h>
#include <string.h>

#include "kernel/call.h"
#include "kernel/command/command_internal.h"
#include "types/number.h"

#define SHOWN 40u /* bytes of an answer that a reason quotes */

size_t pe_command_placeholder(const char *text, int arg_count, int *arg)
{
    size_t digits = 0;
    int number = 0;
    if (text[0] != '{')
        return 0;
    while (digits < 3 && text[1 + digits] >= '0' && text[1 + digits] <= '9')
        number = number * 10 + (text[1 + digits++] - '0');
    *arg = number - 1;
    const bool is_one = digits == 0 || (number >= 1 && number <= arg_count);
    return is_one && text[1 + digits] == '}' ? digits + 2 : 0;
}

bool pe_command_has_text(const pe_command *form)
{
    bool has_text = false;
    for (int a = 0; a < form->signature.arg_count; a++)
        has_text = has_text || form->signature.args[a].dtype == PE_TEXT;
    return has_text;
}

static bool holds(const pe_text *text, char byte)
{
    return text->size > 0 && memchr(text->data, byte, text->size) != NULL;
}

const char *pe_command_check_texts(const pe_command *form, const void *const *args, size_t item)
{
    for (int a = 0; a < form->signature.arg_count; a++) {
        if (form->signature.args[a].dtype != PE_TEXT)
            continue;
        const pe_text *const text = (const pe_text *)args[a] + item;
        if (form->runs_each && holds(text, '\0'))
            return "its text holds a zero byte, which ends an argument of a program";
        if (!form->runs_each && holds(text, '\n'))
            return "its text holds a newline, but an item is one line for the program";
        if (!form->runs_each && form->signature.arg_count > 1 && holds(text, '\t'))
            return "its text holds a tab, which separates the arguments for the program";
    }
    return NULL;
}

static pe_status append_one(pe_type type, const void *column, size_t item, pe_buffer *out, pe_error *err)
{
    if (type.dtype == PE_TEXT) {
        const pe_text *const text = (const pe_text *)column + item;
        return pe_buffer_append(out, text->data, text->size, err);
    }
    const size_t bytes = pe_dtype_bytes(type.dtype);
    const unsigned char *element = (const unsigned char *)column + item * pe_type_bytes(type);
    pe_status status = PE_OK;
    for (uint32_t e = 0; e < pe_type_elements(type) && status == PE_OK; e++, element += bytes) {
        status = pe_buffer_reserve(out, PE_NUMBER_ROOM + 1, err);
        if (status != PE_OK)
            break;
        char *at = (char *)out->data + out->size;
        if (e > 0)
            *at++ = ',';
        out->size = (size_t)(pe_print_element(at, type.dtype, element) - (char *)out->data);
    }
    return status;
}

pe_status pe_command_append_arg(const pe_command *form, const void *const *args, int arg, size_t item, char between,
                                pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    const int first = arg < 0 ? 0 : arg;
    const int end = arg < 0 ? form->signature.arg_count : arg + 1;
    for (int a = first; a < end && status == PE_OK; a++) {
        if (a > first)
            status = pe_buffer_append(out, &between, 1, err);
        if (status == PE_OK)
            status = append_one(form->signature.args[a], args[a], item, out, err);
    }
    return status;
}

/* Quotes an answer for a reason: on one line, cut to SHOWN bytes. */
static void quote(const char *text, size_t size, char out[SHOWN + 8])
{
    const size_t shown = size > SHOWN ? SHOWN - 3 : size;
    size_t used = 0;
    out[used++] = '"';
    for (size_t i = 0; i < shown; i++)
        out[used++] = (unsigned char)text[i] < ' ' || text[i] == 0x7F ? ' ' : text[i];
    (void)snprintf(out + used, SHOWN + 8 - used, "%s\"", shown < size ? "..." : "");
}

static bool fail(pe_batch *batch, size_t item, const char *text, size_t size, const char *wanted)
{
    char reason[PE_REASON_ROOM], shown[SHOWN + 8];
    quote(text, size, shown);
    (void)snprintf(reason, sizeof reason, "answered %s, not %s", shown, wanted);
    batch->fail(batch, item, reason);
    return true;
}

/* The end of the field that begins at text. */
static const char *field_end(const char *text, const char *end, char separator)
{
    const char *const found = text < end ? memchr(text, separator, (size_t)(end - text)) : NULL;
    return found == NULL ? end : found;
}

static bool parse_numbers(pe_type type, const char *text, const char *end, unsigned char *out)
{
    const uint32_t elements = pe_type_elements(type);
    for (uint32_t e = 0; e < elements; e++) {
        const bool is_last = e + 1 == elements;
        const char *const stop = is_last ? end : field_end(text, end, ',');
        if (!pe_parse_element(text, (size_t)(stop - text), type.dtype, out) || (!is_last && stop == end))
            return false;
        out += pe_dtype_bytes(type.dtype);
        text = stop + 1;
    }
    return true;
}

static bool copy_text(pe_batch *batch, int result, size_t item, const char *text, size_t size)
{
    char *const room = size == 0 ? NULL : batch->text(batch, result, item, size);
    if (room != NULL)
        memcpy(room, text, size);
    return size == 0 || room != NULL;
}

bool pe_command_read_answer(const pe_command *form, pe_batch *batch, size_t item, const char *text, size_t size)
{
    const pe_signature *const signature = &form->signature;
    const char *const end = text + size;
    const char *at = text;
    for (int r = 0; r < signature->result_count; r++) {
        const pe_type type = signature->results[r];
        const bool is_last = r + 1 == signature->result_count;
        const char *const stop = signature->result_count == 1 ? end : field_end(at, end, '\t');
        char name[PE_TYPE_NAME_ROOM], wanted[40];
        (void)snprintf(wanted, sizeof wanted, "%d fields", signature->result_count);
        if (is_last != (stop == end))
            return fail(batch, item, text, size, wanted);
        if (type.dtype == PE_TEXT) {
            if (!copy_text(batch, r, item, at, (size_t)(stop - at)))
                return false;
        } else if (!parse_numbers(type, at, stop, (unsigned char *)batch->results[r] + item * pe_type_bytes(type))) {
            return fail(batch, item, at, (size_t)(stop - at), pe_type_print(type, name));
        }
        at = stop + 1;
    }
    return true;
}
