/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* fingerprint.h - shows whether two ranks, or two runs, see the same content of an input file.
 *
 * Threads: any.
 */
#ifndef PE_FINGERPRINT_H
#define PE_FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/enum_names.h"
#include "os/file/file.h"

/* Plain data, all zero for no file; the same on every rank of one build. */
typedef struct pe_fingerprint {
    uint64_t size;
    int64_t mtime_ns;
    uint64_t boot; /* of the machine that looked; 0 where it is not known */
    uint64_t device, inode;
    uint64_t sample; /* hash of PE_SAMPLE_BYTES of the content, or of all of it where there is less */
} pe_fingerprint;

#define PE_SAMPLE_BYTES ((size_t)256 << 10)

/* pe_fingerprint_take - take the fingerprint of a file that is mapped.
 * Returns: PE_OK; PE_ENOINPUT when its facts cannot be had, or are not those of this content any more */
pe_status pe_fingerprint_take(const char *path, const pe_map *map, pe_fingerprint *out, pe_error *err);

/* pe_fingerprint_is_same - is what both saw known to have the same content? On one machine it must be one file (device and
 * inode); of two machines, which may share the file or hold copies, size, time and sample must agree. */
bool pe_fingerprint_is_same(const pe_fingerprint *a, const pe_fingerprint *b);

/* pe_fingerprint_describe - append the content of a file as text, for a later run to compare: size, and as verify asks a hash
 * of a sample or of all of it. Only the first `most` bytes are looked at, which must be there.
 * Returns: PE_OK; "a stream" for what is no regular file; PE_ENOINPUT */
pe_status pe_fingerprint_describe(const char *path, pe_verify verify, uint64_t most, pe_buffer *out, pe_error *err);

#endif
