/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* csv_batch.h - where the fields of many records end, found in one pass.
 *
 * Design: only whole records that pe_csv_next would take as they stand are found: of the wanted number of fields, without an
 *         error, with a newline at their end. The pass stops in front of anything else, which pe_csv_next then judges.
 */
#ifndef PE_CSV_BATCH_H
#define PE_CSV_BATCH_H

#include "format/csv.h"

/* Field f of record r lies between ends[r * fields + f] + 1 and ends[r * fields + f + 1]: the offset of its delimiter
 * or of the record's newline. ends[0] is UINT32_MAX, to which 1 is added modulo 2^32. */
typedef struct pe_csv_batch {
    uint32_t *ends;   /* the caller's */
    size_t room;      /* of ends */
    uint64_t fields;  /* of every record */
    uint64_t records; /* found */
    size_t bytes;     /* of these records */
    int quote;        /* of the dialect */
    bool may_quote;   /* some field may be quoted */
} pe_csv_batch;

/* pe_csv_batch_room - the least room that is worth a call with this number of fields, in elements; 0: never use one. */
size_t pe_csv_batch_room(const pe_dialect *dialect, uint64_t fields);

/* pe_csv_find - find the records at data[0], at most `most` of them. Sets records, bytes and may_quote.
 * Speed: 2 to 5 GB/s from cache */
void pe_csv_find(pe_csv_batch *batch, const unsigned char *data, size_t size, const pe_dialect *dialect, uint64_t most);

/* pe_csv_batch_field - field f of record r, as pe_csv_next gives it. */
pe_csv_field pe_csv_batch_field(const pe_csv_batch *batch, const unsigned char *data, uint64_t record, uint64_t field);

#endif
