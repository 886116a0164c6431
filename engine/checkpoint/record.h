/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* record.h - binary records that stand alone, each with its kind, length and checksum.
 *
 * Design: a record that is torn, overwritten with zeros or damaged anywhere fails its checksum and is passed over; the
 *         search goes on at the next place that looks like a record's beginning. So damage costs what the damaged record
 *         held, and nothing else.
 */
#ifndef PE_RECORD_H
#define PE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

typedef struct pe_record {
    uint32_t kind;
    const unsigned char *data; /* in the bytes that were searched */
    size_t size;
} pe_record;

/* pe_record_append - put one record behind the others. */
pe_status pe_record_append(pe_buffer *out, uint32_t kind, const void *data, size_t size, pe_error *err);

/* pe_record_next - the next record whose checksum is right, from *at on; *at moves behind it. *damaged counts places where
 * bytes had to be passed over. Returns false at the end. */
bool pe_record_next(const unsigned char *data, size_t size, size_t *at, pe_record *out, uint64_t *damaged);

#endif
