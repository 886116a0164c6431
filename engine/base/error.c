/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* error.c - errors as plain data, and the tables made from PE_STATUS_TABLE.
 *
 * Design:   exit codes, sentences and names are expansions of PE_STATUS_TABLE, so they agree. Nothing here allocates, so
 *           that running out of memory can be reported.
 * Threads:  no state; a pe_error belongs to one thread at a time.
 * Not here: printing errors (run, app).
 */
#include "base/error.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

int pe_status_exit(pe_status status)
{
    static const int codes[] = {
#define X(status, exit_code, sentence) exit_code,
        PE_STATUS_TABLE(X)
#undef X
    };
    assert((size_t)status < sizeof codes / sizeof *codes);
    return codes[status];
}

const char *pe_status_sentence(pe_status status)
{
    static const char *const sentences[] = {
#define X(status, exit_code, sentence) sentence,
        PE_STATUS_TABLE(X)
#undef X
    };
    assert((size_t)status < sizeof sentences / sizeof *sentences);
    return sentences[status];
}

/* Removes an incomplete UTF-8 sequence from the end of a truncated text. */
static void trim_broken_tail(char *text, size_t size)
{
    size_t lead = size;
    while (lead > 0 && ((unsigned char)text[lead - 1] & 0xC0u) == 0x80u)
        lead--;
    if (lead > 0 && (unsigned char)text[lead - 1] >= 0xC0u)
        text[lead - 1] = '\0';
}

static PE_PRINTF(4, 0) pe_status
    record(pe_error *err, pe_status status, uint64_t item, const char *format, va_list arguments)
{
    assert(status != PE_OK);
    if (err->status != PE_OK)
        return err->status;
    err->status = status;
    err->item = item;
    err->reason_at = 0;
    const int size = vsnprintf(err->text, sizeof err->text, format, arguments);
    if (size < 0)
        snprintf(err->text, sizeof err->text, "%s", pe_status_sentence(status));
    else if ((size_t)size >= sizeof err->text)
        trim_broken_tail(err->text, sizeof err->text - 1);
    return status;
}

pe_status pe_fail(pe_error *err, pe_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const pe_status first = record(err, status, PE_NO_ITEM, format, arguments);
    va_end(arguments);
    return first;
}

pe_status pe_fail_item(pe_error *err, pe_status status, uint64_t item, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const pe_status first = record(err, status, item, format, arguments);
    va_end(arguments);
    return first;
}

void pe_error_append(pe_error *err, const char *format, ...)
{
    const size_t size = strlen(err->text);
    va_list arguments;
    assert(err->status != PE_OK);
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start has just initialised it */
    const int more = vsnprintf(err->text + size, sizeof err->text - size, format, arguments);
    va_end(arguments);
    if (more >= 0 && size + (size_t)more >= sizeof err->text)
        trim_broken_tail(err->text, sizeof err->text - 1);
}

void pe_error_clear(pe_error *err)
{
    err->status = PE_OK;
    err->item = PE_NO_ITEM;
    err->reason_at = 0;
    err->text[0] = '\0';
}

void pe_error_merge(pe_error *into, const pe_error *other)
{
    if (other->status == PE_OK)
        return;
    /* PE_NO_ITEM is the greatest number: an error about an item goes before one about none */
    if (into->status == PE_OK || other->item < into->item)
        *into = *other;
}
