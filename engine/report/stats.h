/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* stats.h - what became of a run as one JSON object: --stats, and the last line of --progress json.
 */
#ifndef PE_STATS_H
#define PE_STATS_H

#include "base/json_out.h"
#include "report/run_facts.h"

/* pe_stats_write - append the object. docs/report.md has its schema. */
void pe_stats_write(const pe_run_facts *facts, pe_json *json);

#endif
