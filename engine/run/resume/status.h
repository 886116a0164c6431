/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* status.h - what a checkpoint holds, for people and for programs.
 */
#ifndef PE_STATUS_H
#define PE_STATUS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/* pe_status_print - print what the checkpoint at path holds to out; nothing is changed.
 * Returns: PE_OK; PE_ENOINPUT when there is none; PE_EDATA when it is damaged or no checkpoint; PE_EIO; PE_ENOMEM */
pe_status pe_status_print(const char *path, bool is_json, FILE *out, pe_error *err);

#endif
