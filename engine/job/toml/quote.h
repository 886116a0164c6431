/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* quote.h - prints values as TOML text that reads back as the same values.
 */
#ifndef PE_QUOTE_H
#define PE_QUOTE_H

#include <stddef.h>

#include "base/buffer.h"
#include "job/toml/toml.h"

/* pe_quote_string - append text as a TOML string with quotes; any valid UTF-8 reads back as the same bytes. */
pe_status pe_quote_string(pe_buffer *out, const char *text, size_t size, pe_error *err);

/* pe_quote_int128 - append an integer; one beyond 64 bits as a string, since TOML integers have 64 bits. */
pe_status pe_quote_int128(pe_buffer *out, pe_int128 value, pe_error *err);

/* pe_quote_float64 - append a float as repr prints it ("1.0", "1e-05", "nan", "-inf": all are TOML). */
pe_status pe_quote_float64(pe_buffer *out, double value, pe_error *err);

#define PE_QUOTE_ROOM 96

/* pe_quote_node - print a node as TOML for "got ..." in a message; a long text is cut and ends in "...". Returns out.
 */
const char *pe_quote_node(const pe_toml *node, char out[PE_QUOTE_ROOM]);

#endif
