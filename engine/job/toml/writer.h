/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* writer.h - prints keys and values as lines of TOML into a buffer.
 *
 * Design: the first failure is kept in err and later calls do nothing, so that callers need no check after each line.
 */
#ifndef PE_WRITER_H
#define PE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "job/source_spec.h"

typedef struct pe_writer {
    pe_buffer text;
    pe_error *err;
} pe_writer;

/* pe_writer_put appends text unchanged; the next ones append a key or a value. */
void pe_writer_put(pe_writer *to, const char *text);
void pe_writer_key(pe_writer *to, const char *key); /* "key = " */
void pe_writer_string(pe_writer *to, const char *text);
void pe_writer_count(pe_writer *to, uint64_t value);
void pe_writer_float(pe_writer *to, double value);
void pe_writer_scalar(pe_writer *to, const pe_scalar *value);

/* These append whole lines: key = value. Nothing is appended for a text that is NULL. */
void pe_writer_pair(pe_writer *to, const char *key, const char *text);
void pe_writer_number(pe_writer *to, const char *key, uint64_t value);
void pe_writer_flag(pe_writer *to, const char *key, bool value);
void pe_writer_value(pe_writer *to, const char *key, const pe_scalar *value);
void pe_writer_size(pe_writer *to, const char *key, uint64_t bytes);
void pe_writer_time(pe_writer *to, const char *key, uint64_t ns);
void pe_writer_share(pe_writer *to, const char *key, double share);

#endif
