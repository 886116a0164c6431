/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* growth.h - whether a job differs from that of a checkpoint only by more items at its end.
 */
#ifndef PE_GROWTH_H
#define PE_GROWTH_H

#include "checkpoint/checkpoint.h"
#include "run/stages.h"

typedef struct pe_growth {
    uint64_t items_before; /* that the job had */
    const char *path;      /* the input whose last record had no line end, and may have grown; NULL: none */
} pe_growth;

/* pe_growth_adapt - where an input has only grown at its end, take its new values into the manifest of the checkpoint,
 * so that the two manifests agree.
 *
 * Call:    rank 0. *growth: the last of the items before is computed again when it has a path.
 * Returns: PE_OK, also when nothing has grown; PE_ECONFIG when it has and the job cannot take more items; PE_ENOINPUT,
 *          PE_ENOMEM
 */
pe_status pe_growth_adapt(const pe_job *job, const pe_run_inputs *inputs, pe_checkpoint *from, const pe_manifest *is,
                          pe_growth *growth, pe_error *err);

#endif
