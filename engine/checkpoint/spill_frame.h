/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* spill_frame.h - one frame of the spill file: the results of consecutive items with checksums; for spill.c.
 *
 * Format:  the head, then the rows, then the records of failed items. Numbers in the machine's byte order: a run is resumed on
 *          the same architecture.
 * Threads: no state.
 */
#ifndef PE_SPILL_FRAME_H
#define PE_SPILL_FRAME_H

#include "checkpoint/checkpoint.h"
#include "threads/chunk_result.h"

typedef struct pe_spill_head {
    pe_block items;
    uint64_t rows, placed;
    uint64_t bytes, log_bytes; /* of the rows; of the records of failed items */
    uint64_t data_checksum;    /* of rows and records */
    uint64_t head_checksum;    /* of the fields above */
} pe_spill_head;

/* An open spill file. */
typedef struct pe_spill_file {
    int fd;
    const char *path; /* for messages */
} pe_spill_file;

/* pe_spill_head_make - make the head of the frame for these results of these items. */
pe_spill_head pe_spill_head_make(pe_block items, const pe_chunk_result *result);

/* pe_spill_frame_bytes - the size of the whole frame. */
uint64_t pe_spill_frame_bytes(const pe_spill_head *head);

/* pe_spill_frame_write - write a frame at an offset of the file. PE_EIO, and the file may have a part of it. */
pe_status pe_spill_frame_write(pe_spill_file file, uint64_t offset, const pe_spill_head *head,
                               const pe_chunk_result *result, pe_error *err);

/* pe_spill_frame_read_head - read the head of the first frame of a range.
 * Returns: PE_OK; PE_EIO when it cannot be read, is damaged, or reaches beyond the range */
pe_status pe_spill_frame_read_head(pe_spill_file file, const pe_spilled_range *range, pe_spill_head *out,
                                   pe_error *err);

/* pe_spill_frame_read_data - read the results of the frame at this offset whose head was read.
 * Owns: the buffers of out are overwritten and stay the caller's. Returns: PE_OK; PE_EIO as above; PE_ENOMEM */
pe_status pe_spill_frame_read_data(pe_spill_file file, uint64_t offset, const pe_spill_head *head, pe_chunk_result *out,
                                   pe_error *err);

#endif
