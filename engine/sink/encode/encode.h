/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* encode.h - columns of results into the bytes of a format: pure, done by the workers.
 *
 * Design: the binary formats (npy, raw, digest) are rows of packed elements without padding, little-endian; a single
 *         text result is its bytes and a newline, and with the format bytes its bytes alone. txt is one line per item
 *         with one space between values; csv and tsv are RFC 4180 with LF, texts quoted where RFC 4180 asks for it.
 *         types/number.h prints the numbers. null has no bytes.
 * Threads: an encoder is constant after init: any thread, each with its own buffer.
 */
#ifndef PE_ENCODE_H
#define PE_ENCODE_H

#include "base/buffer.h"
#include "sink/sink.h"

/* The characters of a text output. */
typedef struct pe_text_style {
    char separator, quote, decimal;
    bool is_styled;      /* decimal is not a point, or missing is set */
    const char *missing; /* the text for nan; NULL: "nan" */
    size_t missing_size;
} pe_text_style;

typedef struct pe_encoder {
    pe_format format;
    pe_text_style style;
    bool has_index;
    int column_count; /* the kept columns, then the results */
    int kept_count;
    pe_type columns[PE_MAX_COLUMNS];
    bool is_as_it_stands[PE_MAX_COLUMNS]; /* a kept text that is written without quotes: bytes of the input's record */
    const char *float_format;             /* of the text formats; NULL: as repr */
    size_t row_bytes;                     /* upper bound for one row, without the bytes of text results; null: 0 */
    bool is_fixed;                        /* every row has exactly row_bytes */
    bool is_plain;                        /* the bytes are the column of the only result: nothing to encode */
    bool has_text;                        /* a kept column or a result is one */
    pe_buffer keys;                       /* jsonl: the text before each value, each with a terminator */
    bool gives_json;                      /* the result is a text of JSON */
    bool has_text_result;                 /* whose sizes are known only when they are computed */
} pe_encoder;

/* pe_encoder_init - initialise an encoder for a spec that pe_sink_check accepted and the format that it found. */
void pe_encoder_init(pe_encoder *encoder, const pe_sink_spec *spec, pe_format format);

/* pe_encoder_name - set the keys of a jsonl output, after init. PE_ENOMEM. */
pe_status pe_encoder_name(pe_encoder *encoder, const pe_sink_spec *spec, pe_error *err);
void pe_encoder_fini(pe_encoder *encoder);

/* pe_encode - append the rows of count items from index first.
 * Shape: columns[c] is an array of count items of encoder->columns[c]. PE_ENOMEM is the only failure. */
pe_status pe_encode(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns, pe_buffer *out,
                    pe_error *err);

#endif
