/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* quote.h - values written as TOML, so that they can be read back.
 */
#ifndef PE_QUOTE_H
#define PE_QUOTE_H

#include <stddef.h>

#include "base/buffer.h"
#include "job/toml/toml.h"

/* pe_quote_string - append text as a TOML string with its quotes; every byte sequence that is UTF-8 reads back. */
pe_status pe_quote_string(pe_buffer *out, const char *text, size_t size, pe_error *err);

/* pe_quote_int128 - append an integer; beyond 64 bits as a string, since TOML has no such integer. */
pe_status pe_quote_int128(pe_buffer *out, pe_int128 value, pe_error *err);

/* pe_quote_float64 - append a float as repr prints it ("1.0", "1e-05", "nan", "-inf": all are TOML). */
pe_status pe_quote_float64(pe_buffer *out, double value, pe_error *err);

#define PE_QUOTE_ROOM 96

/* pe_quote_node - what was seen, for "got ...": TOML text, cut with "..." where it is long; returns out. */
const char *pe_quote_node(const pe_toml *node, char out[PE_QUOTE_ROOM]);

#endif
