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

#define SHOWN 40u     /* bytes of an answer that a reason quotes */
#define MOST_WRONG 10 /* answers with a wrong number of fields from the start */

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
            return "its text holds a zero byte, which ends an argument of a program (items are lines: find without "
                   "-print0)";
        if (!form->runs_each && holds(text, '\n'))
            return "its text holds a newline, but an item is one line for the program";
        if (!form->runs_each && form->signature.arg_count > 1 && holds(text, '\t'))
            return "its text holds a tab, which separates the arguments for the program";
    }
    return NULL;
}

pe_status pe_command_append_line(const pe_command *form, const void *const *args, size_t item, pe_buffer *out,
                                 pe_error *err)
{
    pe_status status = PE_OK;
    for (int a = 0; a < form->signature.arg_count && status == PE_OK; a++) {
        if (a > 0)
            status = pe_buffer_append(out, "\t", 1, err);
        if (status == PE_OK)
            status = pe_argument_print(form->signature.args[a], args[a], item, out, err);
    }
    return status == PE_OK ? pe_buffer_append(out, "\n", 1, err) : status;
}

bool pe_command_is_ok(const pe_command *form, pe_subprocess_end end)
{
    if (end.by_signal)
        return false;
    for (int i = 0; i < form->ok_count; i++)
        if (form->ok[i] == end.number)
            return true;
    return form->ok_count == 0 && end.number == 0;
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

/* ---- fields ---- */

typedef struct field {
    const char *begin, *end;
} field;

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static bool is_number(pe_type type)
{
    return type.dtype != PE_TEXT;
}

static field trim(field all)
{
    while (all.begin < all.end && is_blank(*all.begin))
        all.begin++;
    while (all.begin < all.end && is_blank(all.end[-1]))
        all.end--;
    return all;
}

/* The first field of *rest, which becomes what is after it; false: there is none. */
static bool next_field(field *rest, bool by_blanks, field *out)
{
    if (by_blanks)
        *rest = trim(*rest);
    if (rest->begin == NULL || (by_blanks && rest->begin == rest->end))
        return false;
    *out = (field){rest->begin, rest->begin};
    while (out->end < rest->end && !(by_blanks ? is_blank(*out->end) : *out->end == '\t'))
        out->end++;
    *rest = out->end < rest->end ? (field){out->end + 1, rest->end} : (field){NULL, NULL};
    return true;
}

/* Is the answer as a whole one result: a text, or a vector, whose commas may have blanks after them? */
static bool is_one_piece(const pe_signature *signature)
{
    return signature->result_count == 1 &&
           (!is_number(signature->results[0]) || pe_type_elements(signature->results[0]) > 1);
}

/* Splits the answer into fields, as many as there is room for; returns how many it has. An empty answer is one field where one
 * number is wanted. */
static size_t split(const pe_signature *signature, field answer, field *out)
{
    bool by_blanks = true;
    size_t count = 0;
    for (int r = 0; r < signature->result_count; r++)
        by_blanks = by_blanks && is_number(signature->results[r]);
    out[0] = by_blanks ? trim(answer) : answer;
    if (is_one_piece(signature) || (signature->result_count == 1 && out[0].begin == out[0].end))
        return 1;
    for (field one; next_field(&answer, by_blanks, &one); count++)
        if (count < (size_t)signature->result_count)
            out[count] = one;
    return count;
}

static bool parse_numbers(pe_type type, field text, unsigned char *out)
{
    const uint32_t elements = pe_type_elements(type);
    for (uint32_t e = 0; e < elements; e++) {
        const bool is_last = e + 1 == elements;
        const char *const comma =
            is_last || text.begin == text.end ? NULL : memchr(text.begin, ',', (size_t)(text.end - text.begin));
        const char *const stop = comma == NULL ? text.end : comma;
        if (!pe_parse_element(text.begin, (size_t)(stop - text.begin), type.dtype, out) || (!is_last && comma == NULL))
            return false;
        out += pe_dtype_bytes(type.dtype);
        text.begin = stop + 1;
    }
    return true;
}

static bool copy_text(pe_batch *batch, int result, size_t item, field text, bool has_newline)
{
    const size_t size = (size_t)(text.end - text.begin);
    const size_t all = size + (has_newline ? 1 : 0);
    char *const room = all == 0 ? NULL : batch->text(batch, result, item, all);
    if (room != NULL && size > 0)
        memcpy(room, text.begin, size);
    if (room != NULL && has_newline)
        room[size] = '\n';
    return all == 0 || room != NULL;
}

/* Answers that have had the wrong number of fields from the start come from the wrong program: false ends the run. */
static bool refuse_fields(const pe_command *form, pe_batch *batch, size_t item, field answer, size_t count,
                          pe_error *err)
{
    char shown[SHOWN + 8], wanted[PE_TYPE_NAME_ROOM + 40];
    const size_t size = (size_t)(answer.end - answer.begin);
    const int expected = form->signature.result_count;
    (void)snprintf(wanted, sizeof wanted, "%d fields", expected);
    if (expected == 1)
        (void)pe_type_print(form->signature.results[0], wanted);
    const bool has_right =
        atomic_load_explicit(&form->notes->has_right, memory_order_relaxed); /* a late read counts on */
    const int wrong =
        has_right ? 0 : atomic_fetch_add_explicit(&form->notes->wrong_fields, 1, memory_order_relaxed) + 1;
    if (wrong < MOST_WRONG)
        return fail(batch, item, answer.begin, size, wanted);
    quote(answer.begin, size, shown);
    (void)pe_fail(err, PE_EKERNEL, "%d answers from the start have not the %d field%s of %s: the last one has %zu: %s",
                  MOST_WRONG, expected, expected == 1 ? "" : "s", form->signature_text, count, shown);
    return false;
}

static bool take_field(const pe_command *form, pe_batch *batch, size_t item, int result, field text, bool has_newline)
{
    const pe_type type = form->signature.results[result];
    char name[PE_TYPE_NAME_ROOM];
    if (type.dtype == PE_TEXT)
        return copy_text(batch, result, item, text, has_newline);
    if (parse_numbers(type, text, (unsigned char *)batch->results[result] + item * pe_type_bytes(type)))
        return true;
    return fail(batch, item, text.begin, (size_t)(text.end - text.begin), pe_type_print(type, name));
}

bool pe_command_read_answer(const pe_command *form, pe_batch *batch, size_t item, const char *text, size_t size,
                            bool has_newline, pe_error *err)
{
    field fields[PE_MAX_COLUMNS];
    const field answer = {text, text + size};
    const int expected = form->signature.result_count;
    const size_t count = split(&form->signature, answer, fields);
    if (count != (size_t)expected)
        return refuse_fields(form, batch, item, answer, count, err);
    if (!is_one_piece(&form->signature))
        atomic_store_explicit(&form->notes->has_right, true, memory_order_relaxed); /* only a count hangs on it */
    bool is_taken = true;
    for (int r = 0; r < expected && is_taken; r++)
        is_taken = take_field(form, batch, item, r, fields[r], has_newline && form->keeps_newline);
    return is_taken;
}
