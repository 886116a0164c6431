/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* last_row.h - the length of the last row of an output. */
#ifndef PE_LAST_ROW_H
#define PE_LAST_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "job/sink_spec.h"

/* pe_last_row_is_line - whether a row of this format is a line. */
bool pe_last_row_is_line(pe_format format);

/* pe_last_row_measure - measure the last row of the output that is open as fd; the checkpoint counts progress->output_bytes and
 * rows.
 *
 * Units:   *bytes; path is for messages
 * Returns: PE_OK, PE_EOUTPUT: the file cannot be read or has no such row, PE_ENOMEM
 */
pe_status pe_last_row_measure(const pe_sink_spec *sink, const char *path, int fd,
                              const pe_checkpoint_progress *progress, uint64_t *bytes, pe_error *err);

#endif
