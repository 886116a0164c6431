/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* json_text.h - bytes as a string of JSON, with its quotes.
 *
 * Design: JSON is UTF-8. A byte that is not becomes the character U+FFFD, as Python's decode with errors="replace" writes it.
 */
#ifndef PE_JSON_TEXT_H
#define PE_JSON_TEXT_H

#include <stddef.h>

/* pe_json_text_size - the bytes of the string, its quotes too. */
size_t pe_json_text_size(const char *text, size_t size);
/* pe_json_text_print - print it; out has room for pe_json_text_size. Returns the end. */
char *pe_json_text_print(char *out, const char *text, size_t size);

#endif
