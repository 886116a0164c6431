/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* python_columns.c - columns as the bytes that worker.py reads and writes.
 *
 * Design: a process can write anything, even its own nonsense on our pipe, so each size that it names is held against
 *         what is there.
 * Threads: no state.
 * Not here: when what is sent (python_worker.c).
 */
#include <string.h>

#include "kernel/call.h"
#include "kernel/python/python_internal.h"

static pe_status append_number(pe_buffer *out, uint64_t number, pe_error *err)
{
    return pe_buffer_append(out, &number, sizeof number, err);
}

static pe_status append_texts(const pe_text *texts, size_t count, pe_buffer *out, pe_error *err)
{
    size_t bytes = count * sizeof(uint64_t);
    for (size_t i = 0; i < count; i++)
        bytes += texts[i].size;
    pe_status status = append_number(out, bytes, err);
    if (status == PE_OK)
        status = pe_buffer_reserve(out, bytes, err);
    for (size_t i = 0; i < count && status == PE_OK; i++)
        status = append_number(out, texts[i].size, err);
    for (size_t i = 0; i < count && status == PE_OK; i++)
        status = pe_buffer_append(out, texts[i].data, texts[i].size, err);
    return status;
}

pe_status pe_python_append_args(const pe_signature *signature, const void *const *args, size_t first, size_t count,
                                pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (int a = 0; a < signature->arg_count && status == PE_OK; a++) {
        const size_t item_bytes = pe_type_bytes(signature->args[a]);
        if (signature->args[a].dtype == PE_TEXT) {
            status = append_texts((const pe_text *)args[a] + first, count, out, err);
            continue;
        }
        status = append_number(out, count * item_bytes, err);
        if (status == PE_OK)
            status =
                pe_buffer_append(out, (const unsigned char *)args[a] + first * item_bytes, count * item_bytes, err);
    }
    return status;
}

/* What is left of a payload. */
typedef struct rest {
    const unsigned char *data;
    size_t size;
} rest;

static bool take(rest *from, size_t size, const unsigned char **out)
{
    if (size > from->size)
        return false;
    *out = from->data;
    from->data += size;
    from->size -= size;
    return true;
}

static bool take_number(rest *from, uint64_t *number)
{
    const unsigned char *bytes = NULL;
    if (!take(from, sizeof *number, &bytes))
        return false;
    memcpy(number, bytes, sizeof *number);
    return true;
}

static pe_python_taken take_texts(pe_batch *batch, int result, size_t first, size_t count, rest *from)
{
    const unsigned char *sizes = NULL, *bytes = NULL;
    if (!take(from, count * sizeof(uint64_t), &sizes))
        return PE_TAKEN_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        uint64_t size = 0;
        memcpy(&size, sizes + i * sizeof size, sizeof size);
        if (!take(from, size, &bytes))
            return PE_TAKEN_MALFORMED;
        if (size == 0)
            continue;
        char *const text = batch->text(batch, result, first + i, size);
        if (text == NULL)
            return PE_TAKEN_NO_MEMORY;
        memcpy(text, bytes, size);
    }
    return PE_TAKEN;
}

static bool take_failures(pe_batch *batch, size_t first, size_t count, rest *from)
{
    uint64_t failures = 0, item = 0, size = 0;
    if (!take_number(from, &failures) || failures > count)
        return false;
    for (uint64_t f = 0; f < failures; f++) {
        const unsigned char *bytes = NULL;
        char reason[PE_REASON_ROOM];
        if (!take_number(from, &item) || item >= count || !take_number(from, &size) || size >= sizeof reason ||
            !take(from, size, &bytes))
            return false;
        memcpy(reason, bytes, size);
        reason[size] = '\0';
        batch->fail(batch, first + item, reason);
    }
    return from->size == 0;
}

pe_python_taken pe_python_take_results(const pe_signature *signature, pe_batch *batch, size_t first, size_t count,
                                       const unsigned char *payload, size_t size)
{
    rest from = {.data = payload, .size = size};
    pe_python_taken taken = PE_TAKEN;
    for (int r = 0; r < signature->result_count && taken == PE_TAKEN; r++) {
        const size_t item_bytes = pe_type_bytes(signature->results[r]);
        const unsigned char *bytes = NULL;
        if (signature->results[r].dtype == PE_TEXT)
            taken = take_texts(batch, r, first, count, &from);
        else if (take(&from, count * item_bytes, &bytes))
            memcpy((unsigned char *)batch->results[r] + first * item_bytes, bytes, count * item_bytes);
        else
            taken = PE_TAKEN_MALFORMED;
    }
    if (taken == PE_TAKEN && !take_failures(batch, first, count, &from))
        taken = PE_TAKEN_MALFORMED;
    return taken;
}
