/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* encode_text.h - rows as text: txt, csv and tsv; the sinks' own.
 */
#ifndef PE_ENCODE_TEXT_H
#define PE_ENCODE_TEXT_H

#include "sink/encode/encode.h"

/* pe_text_style_of - how the spec's rows are written in this format: ' ' between the values of txt, ',' of csv, '\t' of
 * tsv, except for what the job says. */
pe_text_style pe_text_style_of(const pe_sink_spec *spec, pe_format format);

/* pe_text_row_bytes - upper bound for one row, without the bytes of text results. */
size_t pe_text_row_bytes(const pe_encoder *encoder);

/* pe_text_most - upper bound for the bytes of a batch as txt, csv and tsv; false: it is larger than memory can be. */
bool pe_text_most(const pe_encoder *encoder, size_t count, const void *const *columns, size_t *most);
/* pe_text_print - print the rows at `at`, which has room for this many. Returns: their end */
char *pe_text_print(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns, char *at);

/* pe_text_total - the sum of the sizes of count texts, plus `each` for every text; false on overflow. */
bool pe_text_total(const pe_text *texts, size_t count, size_t each, size_t *total);

/* pe_print_field - print one text as a field of a csv or tsv, in quotes where RFC 4180 asks for them.
 *
 * Params:  out holds 2 * size + 2 bytes. is_alone: it is the only field of its record; then an empty text is quoted,
 *          since most readers skip an empty line.
 * Returns: the end of the field
 */
char *pe_print_field(char *out, const char *text, size_t size, char separator, bool is_alone);
/* pe_print_styled_field - do the same with the style's separator and quote. */
char *pe_print_styled_field(char *out, const char *text, size_t size, const pe_text_style *style, bool is_alone);

#endif
