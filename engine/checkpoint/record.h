/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* record.h - self-contained binary records, each with its kind, length and checksum.
 *
 * Invariant: a damaged record does not affect the records before and after it.
 * Design: a record that is torn, overwritten with zeros or otherwise damaged fails its checksum and is skipped; the
 *         search continues at the next byte sequence that may begin a record.
 */
#ifndef PE_RECORD_H
#define PE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

typedef struct pe_record {
    uint32_t kind;
    const unsigned char *data; /* points into the data that is read */
    size_t size;
} pe_record;

/* pe_record_append - append one record. pe_record_open, pe_record_close - the same around data that the caller appends
 * between them; at: the size of out before. */
pe_status pe_record_open(pe_buffer *out, pe_error *err);
pe_status pe_record_close(pe_buffer *out, size_t at, uint32_t kind, pe_error *err);
pe_status pe_record_append(pe_buffer *out, uint32_t kind, const void *data, size_t size, pe_error *err);

/* pe_record_next - find the next valid record from *at on; *at moves past it. *damaged is increased when bytes were
 * skipped. Returns false at the end. */
bool pe_record_next(const unsigned char *data, size_t size, size_t *at, pe_record *out, uint64_t *damaged);

#endif
