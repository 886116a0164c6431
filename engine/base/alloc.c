/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* alloc.c - checked allocation.
 *
 * Design:   sizes are multiplied with an overflow check and rounded up to cache lines, so that no two arrays share a line
 *           between workers. The pages are touched here, outside of the hot path.
 * Threads:  any.
 * Not here: buffers that grow (buffer.c).
 */
#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool pe_mul_size(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

pe_status pe_make_array(void *out, size_t count, size_t size, pe_error *err)
{
    size_t bytes = 0;
    if (!pe_mul_size(count, size, &bytes) || bytes > PTRDIFF_MAX - PE_CACHE_LINE)
        return pe_fail(err, PE_ENOMEM, "out of memory: %zu times %zu bytes were requested", count, size);
    const size_t lines = bytes / PE_CACHE_LINE + 1; /* at least one line, so that zero bytes have an address */
    void *const data = aligned_alloc(PE_CACHE_LINE, lines * PE_CACHE_LINE);
    if (data == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: %zu bytes were requested", bytes);
    memset(data, 0, lines * PE_CACHE_LINE);
    memcpy(out, &data, sizeof data); /* out points to a pointer of any type */
    return PE_OK;
}

pe_status pe_grow_array(void *array, size_t count, size_t *room, size_t size, size_t least, pe_error *err)
{
    void *full = NULL, *grown = NULL;
    if (count < *room)
        return PE_OK;
    const size_t more = *room < least ? least : 2 * *room;
    const pe_status status = pe_make_array(&grown, more, size, err);
    if (status != PE_OK)
        return status;
    memcpy(&full, array, sizeof full); /* array points to a pointer of any type */
    if (count > 0)
        memcpy(grown, full, count * size);
    free(full);
    memcpy(array, &grown, sizeof grown);
    *room = more;
    return PE_OK;
}

pe_status pe_copy_string(char **out, const char *text, pe_error *err)
{
    *out = NULL;
    if (text == NULL)
        return PE_OK;
    const size_t size = strlen(text) + 1;
    char *const copy = malloc(size);
    if (copy == NULL)
        return pe_fail(err, PE_ENOMEM, "out of memory: %zu bytes were requested", size);
    memcpy(copy, text, size);
    *out = copy;
    return PE_OK;
}
