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

/* pe_encode_json - pe_encode for jsonl. */
pe_status pe_encode_json(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns,
                         pe_buffer *out, pe_error *err);

#endif
