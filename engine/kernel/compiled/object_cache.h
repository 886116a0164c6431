/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* object_cache.h - compiled objects on disk, found by what they were made from.
 */
#ifndef PE_OBJECT_CACHE_H
#define PE_OBJECT_CACHE_H

#include <stdbool.h>

#include "base/buffer.h"

#define PE_OBJECT_KEY_ROOM 33 /* XXH3-128 in hexadecimal, with a terminator */

/* pe_object_cache_key - the key of all that decides what the compiler makes. */
void pe_object_cache_key(const pe_buffer *parts, char out[PE_OBJECT_KEY_ROOM]);

/* pe_object_cache_get - append the object to out. False when there is none, or none that is whole: then nothing is
 * appended. */
bool pe_object_cache_get(const char *key, pe_buffer *out);

/* pe_object_cache_put - keep it for the next run. A failure costs the next run's time alone, so it is logged at debug level. */
void pe_object_cache_put(const char *key, const pe_buffer *object);

#endif
