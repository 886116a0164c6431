/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* buffer.h - a growable byte buffer.
 */
#ifndef PE_BUFFER_H
#define PE_BUFFER_H

#include <stddef.h>

#include "base/error.h"

/* Zero-initialise; data is aligned to a cache line and moves when the buffer grows. */
typedef struct pe_buffer {
    unsigned char *data;
    size_t size;
    size_t capacity;
} pe_buffer;

/* pe_buffer_reserve - make capacity at least size + more. */
pe_status pe_buffer_reserve(pe_buffer *buffer, size_t more, pe_error *err);
pe_status pe_buffer_append(pe_buffer *buffer, const void *data, size_t size, pe_error *err);
pe_status pe_buffer_printf(pe_buffer *buffer, pe_error *err, const char *format, ...) PE_PRINTF(3, 4);
void pe_buffer_fini(pe_buffer *buffer); /* back to all zero */

#endif
