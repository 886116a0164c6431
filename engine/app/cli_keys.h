/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cli_keys.h - the options that set a key of the job.
 */
#ifndef PE_CLI_KEYS_H
#define PE_CLI_KEYS_H

#include <stdbool.h>

#include "app/cli_overrides.h"

/* pe_cli_take_key - add what the option with this key and value overrides. False: the option sets no key of the job.
 * *status: PE_OK; PE_EUSAGE for a wrong value; PE_ENOMEM */
bool pe_cli_take_key(pe_overrides *to, int key, const char *value, pe_status *status, pe_error *err);

#endif
