/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_path.h - the final name of an output, symbolic links resolved, and why a file cannot be created there.
 */
#ifndef PE_OUT_PATH_H
#define PE_OUT_PATH_H

#include "base/error.h"

/* pe_out_resolve - the name with all symbolic links resolved, whether or not there is a file of that name; free with free().
 * Returns: PE_OK, PE_EOUTPUT */
pe_status pe_out_resolve(const char *path, char **out, pe_error *err);

/* pe_out_cannot_create - record the error for errno `number`: PE_EOUTPUT; a missing directory is named. */
pe_status pe_out_cannot_create(const char *path, int number, pe_error *err);

#endif
