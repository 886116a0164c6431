/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* encode_json.h - rows as JSON Lines; the sinks' own.
 */
#ifndef PE_ENCODE_JSON_H
#define PE_ENCODE_JSON_H

#include "sink/encode/encode.h"

/* pe_json_row_bytes - upper bound for one row, without the bytes of text results. After pe_encoder_name. */
size_t pe_json_row_bytes(const pe_encoder *encoder);

/* pe_json_most - upper bound for the bytes of a batch as jsonl; false: it is larger than memory can be. */
bool pe_json_most(const pe_encoder *encoder, size_t count, const void *const *columns, size_t *most);
/* pe_json_print - print the rows at `at`, which has room for this many. Returns: their end */
char *pe_json_print(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns, char *at);

#endif
