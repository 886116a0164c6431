/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* python_columns.c - converts columns to and from the bytes that worker.py reads and writes.
 *
 * Design: the user's code can write anything to the pipe, so every size in an answer is checked against the bytes that
 *         were received.
 * Threads: no state.
 * Not here: the order of requests and answers (python_worker.c).
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

/* The unread bytes of a payload. */
typedef struct unread {
    const unsigned char *data;
    size_t size;
} unread;

static bool read_bytes(unread *from, size_t size, const unsigned char **out)
{
    if (size > from->size)
        return false;
    *out = from->data;
    from->data += size;
    from->size -= size;
    return true;
}

static bool read_number(unread *from, uint64_t *number)
{
    const unsigned char *bytes = NULL;
    if (!read_bytes(from, sizeof *number, &bytes))
        return false;
    memcpy(number, bytes, sizeof *number);
    return true;
}

static pe_python_read read_texts(pe_batch *batch, int result, size_t first, size_t count, unread *from)
{
    const unsigned char *sizes = NULL, *bytes = NULL;
    if (!read_bytes(from, count * sizeof(uint64_t), &sizes))
        return PE_PYTHON_READ_MALFORMED;
    for (size_t i = 0; i < count; i++) {
        uint64_t size = 0;
        memcpy(&size, sizes + i * sizeof size, sizeof size);
        if (!read_bytes(from, size, &bytes))
            return PE_PYTHON_READ_MALFORMED;
        if (size == 0)
            continue;
        char *const text = batch->text(batch, result, first + i, size);
        if (text == NULL)
            return PE_PYTHON_READ_NO_MEMORY;
        memcpy(text, bytes, size);
    }
    return PE_PYTHON_READ_OK;
}

static bool read_failures(pe_batch *batch, size_t first, size_t count, unread *from)
{
    uint64_t failures = 0, item = 0, size = 0;
    if (!read_number(from, &failures) || failures > count)
        return false;
    for (uint64_t f = 0; f < failures; f++) {
        const unsigned char *bytes = NULL;
        char reason[PE_REASON_ROOM];
        if (!read_number(from, &item) || item >= count || !read_number(from, &size) || size >= sizeof reason ||
            !read_bytes(from, size, &bytes))
            return false;
        memcpy(reason, bytes, size);
        reason[size] = '\0';
        batch->fail(batch, first + item, reason);
    }
    return from->size == 0;
}

pe_python_read pe_python_read_results(const pe_signature *signature, pe_batch *batch, size_t first, size_t count,
                                      const unsigned char *payload, size_t size)
{
    unread from = {.data = payload, .size = size};
    pe_python_read status = PE_PYTHON_READ_OK;
    for (int r = 0; r < signature->result_count && status == PE_PYTHON_READ_OK; r++) {
        const size_t item_bytes = pe_type_bytes(signature->results[r]);
        const unsigned char *bytes = NULL;
        if (signature->results[r].dtype == PE_TEXT)
            status = read_texts(batch, r, first, count, &from);
        else if (read_bytes(&from, count * item_bytes, &bytes))
            memcpy((unsigned char *)batch->results[r] + first * item_bytes, bytes, count * item_bytes);
        else
            status = PE_PYTHON_READ_MALFORMED;
    }
    if (status == PE_PYTHON_READ_OK && !read_failures(batch, first, count, &from))
        status = PE_PYTHON_READ_MALFORMED;
    return status;
}
