/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_marker.h - the file beside an output which says that the temporary file is pengine's.
 */
#ifndef PE_OUT_MARKER_H
#define PE_OUT_MARKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* pe_out_marker_is_ours - whether an open file is a marker or a checkpoint: by its first bytes. Also one whose bytes were
 * not yet on the disk when the power went: it is empty, or holds zeros and is not longer than zeros_most. */
bool pe_out_marker_is_ours(int fd, int64_t zeros_most);

/* pe_out_marker_is_bare - whether a file is a marker that no checkpoint has replaced yet: a run has begun, and recorded
 * nothing. */
bool pe_out_marker_is_bare(const char *path);

/* pe_out_marker_find - whether there is a marker, or a checkpoint, of this name.
 * Returns: PE_OK with *exists; PE_EOUTPUT naming the file when it exists and is not one */
pe_status pe_out_marker_find(const char *marker, const char *path, bool *exists, pe_error *err);

/* pe_out_marker_create - create it exclusively; *is_new is false when there is a file of this name already. PE_EOUTPUT. */
pe_status pe_out_marker_create(const char *marker, const char *path, bool *is_new, pe_error *err);

/* pe_out_marker_reset - replace a checkpoint of an earlier run by a marker. PE_EOUTPUT. */
pe_status pe_out_marker_reset(const char *marker, const char *path, pe_error *err);

#endif
