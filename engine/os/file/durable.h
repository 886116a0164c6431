/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* durable.h - when a commit waits for stable storage, and how.
 */
#ifndef PE_DURABLE_H
#define PE_DURABLE_H

#include <stdbool.h>

#include "base/enum_names.h"
#include "base/error.h"

/* pe_durable_is_due - whether a run of this length waits for stable storage: "auto" does so when the run took longer than
 * interval_ns, the most work that a power cut may cost. */
bool pe_durable_is_due(pe_sync_policy policy, uint64_t run_ns, uint64_t interval_ns);

/* pe_durable_data - fdatasync. A failure is final: the system may have dropped the pages, so it is not tried again.
 * PE_EIO. */
pe_status pe_durable_data(int fd, const char *name, pe_error *err);

/* pe_durable_name - sync the directory of path, so that the rename of a file to path survives a power cut; fd is open on
 * that file. PE_EIO. */
pe_status pe_durable_name(const char *path, int fd, pe_error *err);

#endif
