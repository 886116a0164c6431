/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* object_cache.h - a cache of compiled objects on disk, by the hash of their inputs.
 */
#ifndef PE_OBJECT_CACHE_H
#define PE_OBJECT_CACHE_H

#include <stdbool.h>

#include "base/buffer.h"

#define PE_OBJECT_KEY_ROOM 33 /* XXH3-128 in hexadecimal, with a terminator */

/* pe_object_cache_key - hash all inputs that determine the compiler's result. */
void pe_object_cache_key(const pe_buffer *parts, char out[PE_OBJECT_KEY_ROOM]);

/* pe_object_cache_get - append the object to out. False, with nothing appended, when the cache has no complete one. */
bool pe_object_cache_get(const char *key, pe_buffer *out);

/* pe_object_cache_put - store the object. A failure only means that the next run compiles again, so it is logged at
 * debug level. */
void pe_object_cache_put(const char *key, const pe_buffer *object);

#endif
