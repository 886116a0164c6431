/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_source.h - what the parts of the csv, tsv and txt source share (private to this folder).
 *
 * Design: all three are records of fields. A txt record is a line and has one field; delimiter 0 says so.
 */
#ifndef PE_TEXT_SOURCE_H
#define PE_TEXT_SOURCE_H

#include "base/arena.h"
#include "format/csv.h"
#include "format/csv_batch.h"
#include "format/json/jsonl.h"
#include "format/line_index.h"
#include "source/source_vtable.h"
#include "source/stream.h"

typedef struct pe_text_column {
    uint64_t number;      /* of the field in its record, from 0 */
    char *name;           /* NULL without a header */
    pe_dtype type;        /* the narrowest of int64, float64, text that fits the first records; rank 0 only */
    pe_dtype number_type; /* the same, of those fields that are numbers; rank 0 only */
} pe_text_column;

/* One field of the records, chosen as a column or not. */
typedef struct pe_text_field {
    char *name;  /* NULL without a header */
    char *label; /* the header's own bytes */
    size_t label_size;
    pe_dtype type; /* as of a column, where spec.infers_fields; else text; rank 0 only */
} pe_text_field;

typedef struct pe_text_source {
    pe_source base;
    pe_dialect dialect;
    bool is_styled;      /* numbers have another decimal point or thousands' separators, or some texts mean "missing" */
    bool is_json;        /* the fields are values of the object of each line; else a line of jsonl is one text */
    uint64_t kept;       /* is_json: fields that stand beside the results, before those of the columns */
    char comment_hint;   /* the first byte of the file where it looks like a comment's and none is declared; else 0 */
    char delimiter_hint; /* a character of the first line that may be its delimiter, where none is declared; else 0 */
    uint64_t fields;     /* that every record has */
    pe_text_field *all;  /* this many */
    pe_buffer keys; /* jsonl: those of the first line, each with a zero byte, where they were looked at; rank 0 only */
    pe_text_column *columns;
    size_t column_count;
    bool keeps_blank_end;   /* empty lines at the end are items */
    pe_line_index index;    /* of a file; its end leaves out a final empty line that is no record */
    pe_line_position start; /* of the first record: after the byte order mark and the header */

    /* a stream on rank 0; scan and scanned speak of the bytes not yet taken */
    pe_stream stream;
    pe_record_scan scan;
    size_t scanned;
    uint64_t line;     /* of the first byte not yet taken */
    uint64_t consumed; /* records taken */
} pe_text_source;

/* One element of one argument: which field it is parsed from, where it goes. */
typedef struct pe_text_target {
    uint64_t field;
    uint64_t place;   /* of the field among those of a batch's record */
    const char *name; /* of the column; NULL without one */
    int argument;
    size_t offset; /* in the item */
    size_t step;   /* bytes of an item */
    pe_dtype parse;
    pe_dtype want; /* differs from parse where the job declares a dtype */
} pe_text_target;

typedef struct pe_text_reader {
    pe_reader base;
    pe_text_target *targets;
    size_t target_count;
    pe_csv_field *fields; /* of the current record */
    pe_csv_batch batch;   /* room 0: records are taken one by one */
    uint64_t batch_most;  /* records of the next batch */
    bool cuts_kept;       /* some kept text is put together from fields */
    pe_jsonl *json;       /* where is_json */
    pe_arena scratch;     /* texts that were quoted with "" inside */
    bool has_cursor;
    uint64_t item; /* the cursor: item `item` begins at the file's byte `at.offset` */
    pe_line_position at;
} pe_text_reader;

/* text_header.c: what the first record says; chooses the columns.
 * Params:  data, size: from the record's first byte on (a byte order mark is taken off), at least the whole record or
 *          all there is. *taken is the bytes of mark and header, which are no items. */
pe_status pe_text_take_header(pe_text_source *text, const unsigned char *data, size_t size, size_t *taken,
                              pe_error *err);
pe_status pe_text_save_columns(const pe_text_source *text, pe_buffer *out, pe_error *err);
/* *used is what was read of data. */
pe_status pe_text_load_columns(pe_text_source *text, const unsigned char *data, size_t size, size_t *used,
                               pe_error *err);
void pe_text_free_columns(pe_text_source *text);

/* text_fields.c: all fields of a record, chosen as columns or not.
 * pe_text_name_fields: from the header's fields. Without names: fields NULL. */
pe_status pe_text_name_fields(pe_text_source *text, const pe_csv_field *fields, char *const *names, pe_error *err);
pe_status pe_text_save_fields(const pe_text_source *text, pe_buffer *out, pe_error *err);
pe_status pe_text_load_fields(pe_text_source *text, const unsigned char *data, size_t size, size_t *used,
                              pe_error *err);
bool pe_text_field_at(const pe_source *source, uint64_t number, pe_source_field *out);
const char *pe_text_column_name(const pe_source *source, uint64_t number);
void pe_text_free_fields(pe_text_source *text);
/* pe_text_is_kept_in_place - are they bytes of the file, which nothing has to copy? */
bool pe_text_is_kept_in_place(const pe_kept_fields *kept);
/* pe_text_keep - make the text of the kept fields of a record, which comes without its end. *out points into the record or
 * into scratch. PE_ENOMEM. */
pe_status pe_text_keep(const pe_text_source *text, const pe_kept_fields *kept, const pe_csv_field *fields,
                       pe_text record, pe_arena *scratch, pe_text *out, pe_error *err);

/* pe_text_preamble - the bytes before the first record: a byte order mark and skip_lines lines. false: more bytes are
 * needed to find its end; *bytes is all there is then. */
bool pe_text_preamble(const pe_text_source *text, const unsigned char *data, size_t size, size_t *bytes);

/* text_dialect.c: what the job says of the text's characters. PE_ECONFIG where two of them are the same. */
pe_status pe_text_set_dialect(pe_text_source *text, pe_error *err);
/* Is this field one of input.missing? */
bool pe_text_is_missing(const pe_text_source *text, const pe_csv_field *field);
/* pe_parse_element for a text that is_styled: a missing float is nan. */
bool pe_text_parse_styled(const pe_text_source *text, const pe_csv_field *field, pe_dtype dtype, void *out);
/* pe_text_restyle - rewrite a field that is a number with another decimal point and without thousands' separators; false: it is
 * none. */
#define PE_STYLED_NUMBER_MOST ((size_t)400) /* bytes of a number in another style */
bool pe_text_restyle(const pe_text_source *text, const pe_csv_field *field, char decimal,
                     char out[PE_STYLED_NUMBER_MOST], size_t *size);
/* The hint for a file that begins with a comment, or that another character delimits; or "". */
#define PE_DIALECT_HINT_ROOM 160
const char *pe_text_dialect_hint(const pe_text_source *text, char out[PE_DIALECT_HINT_ROOM]);

/* text_foreign.c: pe_text_refuse_foreign - PE_EDATA where the first bytes are those of another encoding or kind of file. */
pe_status pe_text_refuse_foreign(const pe_text_source *text, const unsigned char *data, size_t size, pe_error *err);

/* json/text_json.c: lines of JSON.
 * pe_text_needs_keys: are columns or kept fields found in the first line? pe_text_take_json: choose the columns, as
 * pe_text_take_header; the first line begins at data[at]. */
bool pe_text_needs_keys(const pe_text_source *text);
pe_status pe_text_take_json(pe_text_source *text, const unsigned char *data, size_t size, size_t at, pe_error *err);
pe_status pe_text_open_json(const pe_text_source *text, pe_jsonl **out, pe_error *err);
/* pe_text_json_paths - how many values of a line are read. pe_text_json_path: which of them a field is; at least that number
 * where the field is the whole line. */
uint64_t pe_text_json_paths(const pe_text_source *text);
uint64_t pe_text_json_path(const pe_text_source *text, uint64_t field);
/* pe_text_cut_json - the line's values as fields; unescaped strings are copied to scratch. line is in data of
 * `size` bytes. Returns: PE_OK; PE_EDATA with the reason alone, *bad is the offset in the line; PE_ENOMEM */
pe_status pe_text_cut_json(const pe_text_source *text, pe_jsonl *json, pe_text line, const unsigned char *data,
                           size_t size, pe_csv_field *fields, pe_arena *scratch, size_t *bad, pe_error *err);

bool pe_text_is_blank(pe_text text); /* nothing but blanks and line ends */
/* pe_text_json_keys - the keys of the first line from data[at] on that is not blank, if there is one, each once. PE_EDATA: it is no object. */
typedef pe_status pe_text_key_taker(void *context, const char *key, size_t size, pe_error *err);
pe_status pe_text_json_keys(const pe_text_source *text, const unsigned char *data, size_t size, size_t at,
                            pe_text_key_taker *take, void *context, pe_error *err);

/* json/json_paths.c: pe_text_check_paths - warns of paths to which the first lines have no value, and refuses a kept key that
 * looks mistyped. The first line begins at data[0]. Rank 0.
 * Params:  is_sample: data has as many lines as pe_text_infer looks at, or all; where not, none is refused
 * Returns: PE_OK, PE_ECONFIG, PE_ENOMEM */
pe_status pe_text_check_paths(const pe_text_source *text, const unsigned char *data, size_t size, bool is_sample,
                              pe_error *err);

/* text_infer.c: the types of the columns, by the first PE_INFER_RECORDS records, or by those that end within the first
 * PE_INFER_BYTES. data begins at the first record. PE_ENOMEM. */
#define PE_INFER_RECORDS UINT64_C(1000)
#define PE_INFER_BYTES ((size_t)4 << 20)
pe_status pe_text_infer(pe_text_source *text, const unsigned char *data, size_t size, pe_error *err);

/* pe_text_blank_end - the bytes of the empty lines at the end of the data, which are no items: all of them in a record of
 * several fields, and where no text is wanted. *lines is how many. */
size_t pe_text_blank_end(const pe_text_source *text, const unsigned char *data, size_t size, uint64_t *lines);

/* text_stream.c */
pe_status pe_text_open_stream(pe_text_source *text, pe_error *err);
/* Waits until the stream has given the records that pe_text_infer looks at, or has ended. */
pe_status pe_text_fill_sample(pe_text_source *text, pe_error *err);
pe_status pe_text_next(pe_source *source, const pe_source_limits *limits, pe_buffer *bytes, pe_source_taken *taken,
                       pe_error *err);

/* text_reader.c */
pe_status pe_text_reader_open(pe_reader *reader, pe_error *err);
void pe_text_reader_close(pe_reader *reader);
void pe_text_rewind(pe_reader *reader);
pe_status pe_text_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range, const unsigned char *bytes,
                       void *const *columns, pe_error *err);

/* text_error.c: every failure of a record that is malformed. Each returns its status.
 *
 * Where the bytes of a record are. Offsets in it count from data on. */
typedef struct pe_text_place {
    const pe_text_source *text;
    const unsigned char *data;
    pe_line_position begin; /* of data[0] in the file */
    uint64_t item;          /* whose failure it is, or PE_NO_ITEM */
} pe_text_place;

/* pe_text_fail_csv - the record has no end, or its quotes are wrong. bad: the offset of the wrong byte. */
pe_status pe_text_fail_csv(pe_text_place place, pe_csv_verdict verdict, size_t bad, pe_error *err);
/* pe_text_fail_json - the line is not JSON. bad: the offset of what is wrong; reason says what. */
pe_status pe_text_fail_json(pe_text_place place, size_t bad, const char *reason, pe_error *err);
/* pe_text_fail_fields - the record at this offset has `got` fields, which is another number than that of the first. */
pe_status pe_text_fail_fields(pe_text_place place, size_t record, uint64_t got, pe_error *err);
/* pe_text_fail_value - the field is no value of the target's dtype. */
pe_status pe_text_fail_value(pe_text_place place, const pe_text_target *target, const pe_csv_field *field,
                             pe_error *err);
/* pe_text_fail_cast - the value of the field is not one of the kernel's dtype; inner says why. */
pe_status pe_text_fail_cast(pe_text_place place, const pe_text_target *target, const pe_csv_field *field,
                            const pe_error *inner, pe_error *err);

#endif
