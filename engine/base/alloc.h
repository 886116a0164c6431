/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* alloc.h - checked allocation: sizes without overflow, alignment to cache lines, errors with a text.
 */
#ifndef PE_ALLOC_H
#define PE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* pe_mul_size - multiply a by b into *out; false on overflow. */
bool pe_mul_size(size_t a, size_t b, size_t *out);

/* pe_make_array - allocate count * size zeroed bytes, aligned to a cache line; free with free().
 * Returns: PE_OK with *out set (a valid pointer even for zero bytes), PE_ENOMEM */
pe_status pe_make_array(void *out, size_t count, size_t size, pe_error *err);

/* pe_grow_array - make room for one element more in an array from pe_make_array, or NULL, that has `count` elements. A full
 * array moves to one of twice its *room, at least `least` elements.
 *
 * Params:  array: the address of the pointer to the array; *room: the elements that fit into it; size: the bytes of one
 * Returns: PE_OK; PE_ENOMEM, and nothing has changed */
pe_status pe_grow_array(void *array, size_t count, size_t *room, size_t size, size_t least, pe_error *err);

/* pe_copy_string - copy text, or PE_ENOMEM; NULL copies to NULL. */
pe_status pe_copy_string(char **out, const char *text, pe_error *err);

#endif
