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

/* pe_copy_string - copy text, or PE_ENOMEM; NULL copies to NULL. */
pe_status pe_copy_string(char **out, const char *text, pe_error *err);

#endif
