/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* out_lock.h - whether another run is writing an output.
 */
#ifndef PE_OUT_LOCK_H
#define PE_OUT_LOCK_H

#include "base/error.h"

/* pe_out_is_in_use - record that another run is writing the file `name` of the output `path`: PE_EOUTPUT. */
pe_status pe_out_is_in_use(const char *path, const char *name, pe_error *err);

/* pe_out_check_unused - whether no process has the file `name` locked, after the wait of pe_file_lock(). A name without a file
 * is unused. PE_OK, PE_EOUTPUT as above. */
pe_status pe_out_check_unused(const char *path, const char *name, pe_error *err);

/* pe_out_check_idle - the same of an output's final and temporary name, symbolic links resolved.
 * Returns: PE_OK, PE_EOUTPUT, PE_ENOMEM */
pe_status pe_out_check_idle(const char *path, pe_error *err);

#endif
