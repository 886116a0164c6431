/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* columns.h - how the columns of an output are called, in a csv's first line or in npy's dtype; the sinks' own.
 *
 * Design: the job gives one name for each result, or one for each column (a vector result has one column an element).
 *         Without names a single result is "result" and several are f0, f1 ...; the elements of a vector v are v_0,
 *         v_1 ...
 */
#ifndef PE_COLUMNS_H
#define PE_COLUMNS_H

#include "base/buffer.h"
#include "sink/sink.h"

/* pe_columns_count - the number of columns of all results, without the index. */
uint64_t pe_columns_count(const pe_sink_spec *spec);

/* pe_columns_check - the number of names is that of the results or of the columns; no name is there twice in csv, tsv and
 * the fields of npy, with the index; a field of npy has a name. */
pe_status pe_columns_check(const pe_sink_spec *spec, pe_format format, pe_error *err);

/* pe_columns_print_line - append the names as the first line of a csv or tsv. */
pe_status pe_columns_print_line(const pe_sink_spec *spec, pe_format format, pe_buffer *out, pe_error *err);

/* pe_columns_is_structured - npy needs fields: several results, or an index. */
bool pe_columns_is_structured(const pe_sink_spec *spec);

/* pe_columns_list - append the names of all fields, each with its terminator: the index, kept columns, results, of which a
 * vector has one, or one per element where every column is named (pe_columns_fields). */
pe_status pe_columns_list(const pe_sink_spec *spec, pe_buffer *out, pe_error *err);
uint32_t pe_columns_fields(const pe_sink_spec *spec, int result);

/* pe_columns_print_descr - append npy's descr as a Python literal: '<f8' or [('f0', '<f8'), ('f1', '<i8', (3,))]. */
pe_status pe_columns_print_descr(const pe_sink_spec *spec, pe_buffer *out, pe_error *err);

/* pe_columns_print_item_header - append the header of an npy that holds one item: of one row, or of a single vector. */
pe_status pe_columns_print_item_header(const pe_sink_spec *spec, pe_buffer *out, pe_error *err);

/* pe_columns_field_name - append the name of a result, which may be a whole vector: of a field of npy, a key of jsonl. */
pe_status pe_columns_field_name(const pe_sink_spec *spec, int result, pe_buffer *out, pe_error *err);

#endif
