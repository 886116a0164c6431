/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* last_record.h - takes the result of the last item back, where its record had no line end and has grown since.
 */
#ifndef PE_LAST_RECORD_H
#define PE_LAST_RECORD_H

#include "run/resume/growth.h"

/* pe_last_record_take_back - make the item undone: neither its row nor its failure is counted any more. The
 * checkpoint is written anew before anything is cut, so that a kill at any moment leaves one that describes the output.
 *
 * Call:    rank 0, when the manifests agree and before the output is opened. from: the checkpoint as it was read.
 * Returns: PE_OK, also when the item is not done or the output is not there (opening it says so); PE_ECONFIG when the result
 *          cannot be taken out of what was written; PE_EOUTPUT, PE_EIO, PE_EDATA, PE_ENOMEM
 */
pe_status pe_last_record_take_back(const pe_job *job, const pe_output_spec *output, const pe_growth *growth,
                                   uint64_t item, pe_run_resume *resume, pe_error *err);

#endif
