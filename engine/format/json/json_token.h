/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_token.h - small pieces of JSON: numbers, characters, where an object ends.
 */
#ifndef PE_JSON_TOKEN_H
#define PE_JSON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* pe_json_is_number - is the whole text a number of JSON (RFC 8259)? */
bool pe_json_is_number(const char *text, size_t size);

/* pe_json_tree_bytes - the bytes of the object or array that text begins with, in a text that is JSON. */
size_t pe_json_tree_bytes(const char *text, size_t size);

/* pe_json_character - the bytes of the UTF-8 character that text begins with; 0: none does. size is at least 1. */
size_t pe_json_character(const char *text, size_t size);

/* pe_json_bad_byte - the offset of the first byte that is not UTF-8, or size. */
size_t pe_json_bad_byte(const char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
