/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* buffer.c - a growable byte buffer.
 *
 * Invariant: a failed call leaves the buffer unchanged.
 * Design:   the capacity grows by half at least, so appending n bytes one by one copies O(n) bytes. realloc does not keep
 *           the alignment, so growing copies the bytes in use. Large buffers are mapped pages of their own: the C
 *           library keeps freed memory for the thread that freed it, and a thread that delivers results frees the
 *           buffers of others.
 * Threads:  a buffer belongs to one thread at a time.
 * Not here: fixed arrays (alloc.c).
 */
#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES ((size_t)4096) /* mmap rounds up to larger pages */
#ifdef __SANITIZE_ADDRESS__
#define PAGED_LEAST SIZE_MAX /* so that AddressSanitizer sees writes beyond the end */
#else
#define PAGED_LEAST ((size_t)64 << 10)
#endif

static pe_status out_of_memory(size_t size, size_t more, pe_error *err)
{
    return pe_fail(err, PE_ENOMEM, "out of memory: a buffer of %zu bytes could not grow by %zu", size, more);
}

static size_t round_up(size_t size)
{
    const size_t unit = size < PAGED_LEAST ? PE_CACHE_LINE : PAGE_BYTES;
    return (size + unit - 1) / unit * unit;
}

static void *take(size_t capacity)
{
    if (capacity < PAGED_LEAST)
        return aligned_alloc(PE_CACHE_LINE, capacity);
    void *const pages = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

static void give_back(void *data, size_t capacity)
{
    if (capacity < PAGED_LEAST)
        free(data);
    else
        (void)munmap(data, capacity); /* cannot fail: these pages are mapped */
}

pe_status pe_buffer_reserve(pe_buffer *buffer, size_t more, pe_error *err)
{
    if (more <= buffer->capacity - buffer->size)
        return PE_OK;
    const size_t most = (size_t)PTRDIFF_MAX / 2; /* so that no sum below overflows */
    if (buffer->size > most || more > most - buffer->size)
        return out_of_memory(buffer->size, more, err);
    const size_t needed = buffer->size + more;
    const size_t grown =
        buffer->size == 0 ? 0 : buffer->capacity + buffer->capacity / 2; /* an empty buffer gets what was asked for */
    const size_t capacity = round_up(needed > grown ? needed : grown);
    unsigned char *const data = take(capacity);
    if (data == NULL)
        return out_of_memory(buffer->size, more, err);
    if (buffer->size > 0)
        memcpy(data, buffer->data, buffer->size);
    give_back(buffer->data, buffer->capacity);
    buffer->data = data;
    buffer->capacity = capacity;
    return PE_OK;
}

pe_status pe_buffer_append(pe_buffer *buffer, const void *data, size_t size, pe_error *err)
{
    if (size == 0)
        return PE_OK;
    const pe_status status = pe_buffer_reserve(buffer, size, err);
    if (status != PE_OK)
        return status;
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    return PE_OK;
}

static PE_PRINTF(3, 0) pe_status print(pe_buffer *buffer, pe_error *err, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int needed = vsnprintf(NULL, 0, format, arguments);
    assert(needed >= 0);
    const size_t size = (size_t)needed;
    const pe_status status = pe_buffer_reserve(buffer, size + 1, err); /* the terminator is not counted in size */
    if (status == PE_OK) {
        vsnprintf((char *)buffer->data + buffer->size, size + 1, format, again);
        buffer->size += size;
    }
    va_end(again);
    return status;
}

pe_status pe_buffer_printf(pe_buffer *buffer, pe_error *err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const pe_status status = print(buffer, err, format, arguments);
    va_end(arguments);
    return status;
}

void pe_buffer_fini(pe_buffer *buffer)
{
    give_back(buffer->data, buffer->capacity);
    *buffer = (pe_buffer){0};
}
