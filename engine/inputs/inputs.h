/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* inputs.h - several sources read as one: zipped item by item, or as a product.
 *
 * Design: zip gives item i of every source. product gives every combination, the last input fastest, and is never
 *         stored. The kernel's arguments are the columns of the first source, then those of the second, and so on.
 *         A payload is, for every source that the ranks cannot read themselves, [pe_byte_range][bytes, padded to 16].
 *         In a product the export holds all items of such a source instead, because any block may need any of them.
 * Threads: as source.h.
 */
#ifndef PE_INPUTS_H
#define PE_INPUTS_H

#include "source/source.h"

typedef struct pe_inputs pe_inputs;
typedef struct pe_inputs_reader pe_inputs_reader;

/* pe_inputs_open - open all sources (rank 0) and check that they go together.
 * Returns: as pe_source_open; PE_EDATA for different lengths (naming both inputs and both lengths); PE_ECONFIG for a
 *          stream in a product, two inputs on stdin, only values and no length, a product beyond 2^63 items */
pe_status pe_inputs_open(const pe_source_spec *specs, int count, pe_combine combine, pe_inputs **out, pe_error *err);
pe_status pe_inputs_export(const pe_inputs *inputs, pe_buffer *out, pe_error *err);
pe_status pe_inputs_import(const pe_source_spec *specs, int count, pe_combine combine, const void *data, size_t size,
                           pe_inputs **out, pe_error *err);
void pe_inputs_close(pe_inputs *inputs);

uint64_t pe_inputs_count(const pe_inputs *inputs); /* items in all, or PE_COUNT_UNKNOWN */
bool pe_inputs_is_stream(const pe_inputs *inputs);
int pe_inputs_columns(const pe_inputs *inputs);
/* The sources and their order, for messages and for npy's axes (product). */
int pe_inputs_sources(const pe_inputs *inputs);
const pe_source_info *pe_inputs_info(const pe_inputs *inputs, int source);

/* pe_inputs_content - append what identifies the content of one source, for a later run to compare; nothing for a source that
 * the job file determines. Only the first `most` bytes of a file are looked at. Rank 0. PE_ENOINPUT, PE_ENOMEM. */
pe_status pe_inputs_content(const pe_inputs *inputs, int source, uint64_t most, pe_buffer *out, pe_error *err);

/* pe_inputs_can_be_read_again - no source is stdin or a pipe. Rank 0. */
bool pe_inputs_can_be_read_again(const pe_inputs *inputs);

/* pe_inputs_types - the native type of every column; untyped[c]: any type can be asked for, and numbers[c] then
 * as what number type (pe_source_info). */
void pe_inputs_types(const pe_inputs *inputs, pe_type types[PE_MAX_COLUMNS], bool untyped[PE_MAX_COLUMNS],
                     pe_dtype numbers[PE_MAX_COLUMNS]);
pe_status pe_inputs_bind(pe_inputs *inputs, const pe_type *want, int count, pe_error *err);

/* pe_inputs_field_at, pe_inputs_keep - as of the source. pe_inputs_kept_column - where the first kept column of a source
 * comes among the columns that a reader delivers: after those of all arguments. After bind. */
bool pe_inputs_field_at(const pe_inputs *inputs, int source, uint64_t number, pe_source_field *out);
void pe_inputs_keep(pe_inputs *inputs, int source, const pe_kept_fields *kept, int count);
int pe_inputs_kept_column(const pe_inputs *inputs, int source);

/* pe_inputs_column_name - what the texts among the inputs call their columns, arguments or not, for messages; NULL: there
 * are no more names. Rank 0. */
const char *pe_inputs_column_name(const pe_inputs *inputs, uint64_t number);

/* pe_inputs_is_local - this rank can read every source but the streams itself (in a product it always can: what it
 * cannot open came with the export). pe_inputs_set_remote: some rank cannot, so payloads go with the slices (agreed by
 * run; call it on every rank before the first read). A stream always is remote. */
bool pe_inputs_is_local(const pe_inputs *inputs);
void pe_inputs_set_remote(pe_inputs *inputs);
bool pe_inputs_is_remote(const pe_inputs *inputs);

/* pe_inputs_pack - append the payload of a block (rank 0; not for streams). The payload begins at a multiple of 16 in
 * the buffer and must be read from such an address too. Pages of mapped files that were copied may leave memory. */
pe_status pe_inputs_pack(pe_inputs *inputs, pe_block block, pe_buffer *payload, pe_error *err);

/* pe_inputs_next - the next block of a stream with its payload (rank 0); zipped known sources follow along, and further
 * streams are waited for, each up to limits->timeout_ms.
 * Returns: as pe_source_next; PE_EDATA at the end when another input's length differs (naming both) */
pe_status pe_inputs_next(pe_inputs *inputs, const pe_source_limits *limits, pe_buffer *payload, pe_block *block,
                         bool *ended, pe_error *err);

pe_status pe_inputs_reader_open(const pe_inputs *inputs, pe_inputs_reader **out, pe_error *err);
void pe_inputs_reader_close(pe_inputs_reader *reader);
/* pe_inputs_reader_read - as pe_reader_read, over all columns and the kept ones after them; a source whose columns are
 * all NULL is not read (zip). payload NULL (size 0) reads the rank's own files.
 * The payload may hold more than the block (a whole slice). */
pe_status pe_inputs_reader_read(pe_inputs_reader *reader, pe_block block, const void *payload, size_t payload_bytes,
                                void *const *columns, pe_error *err);
/* pe_inputs_bound_type, pe_inputs_read_source - the type of a source's first argument, and all `count` of its values, for a
 * source of one argument that this rank can read. After bind. */
pe_type pe_inputs_bound_type(const pe_inputs *inputs, int source);
pe_status pe_inputs_read_source(const pe_inputs *inputs, int source, uint64_t count, void *out, pe_error *err);

/* pe_inputs_ramp - as pe_source_ramp, for one column of all. */
bool pe_inputs_ramp(const pe_inputs *inputs, int column, pe_block block, int64_t *first, int64_t *step);
void pe_inputs_reader_rewind(pe_inputs_reader *reader);
/* pe_inputs_release - call it after a chunk was computed: its pages of mapped files may leave memory. */
void pe_inputs_release(const pe_inputs *inputs, pe_block block);

/* pe_inputs_memory - bytes kept by this rank beside readers; *reader_bytes: by one reader for such chunks. */
size_t pe_inputs_memory(const pe_inputs *inputs, uint64_t chunk_items, size_t *reader_bytes);
/* pe_inputs_chunk_bytes - the most payload bytes (or mapped bytes) of any aligned chunk of chunk_items items. */
size_t pe_inputs_chunk_bytes(const pe_inputs *inputs, uint64_t chunk_items);

#endif
