/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* encode_text.h - rows as text: txt, csv and tsv; the sinks' own.
 */
#ifndef PE_ENCODE_TEXT_H
#define PE_ENCODE_TEXT_H

#include "sink/encode.h"

/* pe_format_separator - what stands between the values of a row: ' ' for txt, ',' for csv, '\t' for tsv. */
char pe_format_separator(pe_format format);

/* pe_text_row_bytes - the most bytes of one row, texts themselves aside. */
size_t pe_text_row_bytes(const pe_encoder *encoder);

/* pe_encode_text - pe_encode for txt, csv and tsv. */
pe_status pe_encode_text(const pe_encoder *encoder, uint64_t first, size_t count, const void *const *columns,
                         pe_buffer *out, pe_error *err);

/* pe_text_total - the bytes of count texts together, each with `each` more; false on overflow. */
bool pe_text_total(const pe_text *texts, size_t count, size_t each, size_t *total);

/* pe_print_field - one text as a field of a csv or tsv: as it is, or in quotes where it must be.
 * out has room for 2 * size + 2 bytes; is_alone: the only field of its record, quoted when it is empty, since an empty
 * line is no record to most readers. Returns the end. */
char *pe_print_field(char *out, const char *text, size_t size, char separator, bool is_alone);

#endif
