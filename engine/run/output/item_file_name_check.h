/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* item_file_name_check.h - finds a name that two items' files would have, before an item is computed.
 */
#ifndef PE_ITEM_FILE_NAME_CHECK_H
#define PE_ITEM_FILE_NAME_CHECK_H

#include "worker/worker.h"

/* pe_item_file_name_check - check the names, on rank 0; the work spec may have no item_files; the inputs are bound.
 * Params: where: "job.toml:9:8: output"
 * Returns: PE_OK: no name comes twice, or it cannot be known yet; PE_ECONFIG that names both items; PE_ENOMEM */
pe_status pe_item_file_name_check(const pe_work_spec *work, const char *where, pe_error *err);

#endif
