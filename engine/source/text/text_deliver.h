/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* text_deliver.h - a read in progress, and how fields get into its columns (private to this folder).
 */
#ifndef PE_TEXT_DELIVER_H
#define PE_TEXT_DELIVER_H

#include "source/text/text_source.h"

/* One call of pe_text_read: the bytes from the reader's cursor on. */
typedef struct pe_text_work {
    const pe_text_source *text;
    pe_text_reader *reader;
    const unsigned char *data;
    size_t size;
    pe_line_position begin; /* of data[0] in the file */
    uint64_t item;
    void *const *columns;
    uint64_t row;
} pe_text_work;

/* Where the record of w->item is, for messages. */
static inline pe_text_place pe_text_place_of(const pe_text_work *w)
{
    return (pe_text_place){.text = w->text, .data = w->data, .begin = w->begin, .item = w->item};
}

/* pe_text_deliver - convert one field into row w->row of its column. PE_EDATA: w->item's failure; PE_ENOMEM. */
pe_status pe_text_deliver(const pe_text_work *w, const pe_text_target *target, const pe_csv_field *field,
                          pe_error *err);

/* pe_text_deliver_fields - the fields of a record, for all targets in their order. */
pe_status pe_text_deliver_fields(const pe_text_work *w, const pe_csv_field *fields, pe_error *err);

/* pe_text_keep_beside - the texts to be written beside the results of a record, which comes without its end. */
pe_status pe_text_keep_beside(const pe_text_work *w, const pe_csv_field *fields, pe_text record, pe_error *err);

/* text_columns.c: pe_text_take_batch - whole columns of the records that begin at w->data[*at], at most `most` of them,
 * from row w->row on. Returns how many were taken, and moves *at after them: fewer where the next record, or a value
 * of it, needs pe_csv_next and pe_text_deliver_fields, which report what is wrong. */
uint64_t pe_text_take_batch(const pe_text_work *w, size_t *at, uint64_t most);

#endif
