/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* scratch_file.h - a file without a name, which goes with its descriptor.
 */
#ifndef PE_SCRATCH_FILE_H
#define PE_SCRATCH_FILE_H

#include "base/error.h"

/* pe_scratch_file_open - create an empty file for reading and writing, in the folder of `beside`, which has the room for a file
 * that is to be written there. Nothing of it stays, however the process ends.
 * Returns: PE_OK with *fd; PE_EIO naming the folder */
pe_status pe_scratch_file_open(const char *beside, int *fd, pe_error *err);

#endif
