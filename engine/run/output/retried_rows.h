/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* retried_rows.h - puts the results of items that had failed where they belong in the output of a complete run.
 *
 * Design:  the results go to a scratch file first. At the end the output is copied to a new file, which takes its place:
 *          in the ordered modes each new row where the failed item's row is or would be, in the unordered modes after the
 *          others. So a retry that is interrupted changes nothing.
 * Threads: as output.h.
 */
#ifndef PE_RETRIED_ROWS_H
#define PE_RETRIED_ROWS_H

#include "run/output/output.h"

/* pe_retry_begin - check that the output is the one that the checkpoint describes, and open the scratch file.
 * Returns: PE_OK; PE_EOUTPUT when it was removed, cut or exchanged; PE_ECONFIG for a format whose rows cannot be found
 *          apart */
pe_status pe_retry_begin(pe_output *output, pe_error *err);

/* pe_retry_take - append rows to the scratch file. PE_EIO. */
pe_status pe_retry_take(pe_output *output, const pe_chunk_result *out, pe_error *err);

/* pe_retry_finish - write the new output, uncommitted, and the list of the items that have failed again. Call: once, at the
 * end of a run without an error, with the spec of the output's sink. PE_EIO, PE_EDATA, PE_EOUTPUT. */
pe_status pe_retry_finish(pe_output *output, const pe_sink_spec *spec, pe_error *err);

/* pe_retry_end - close the scratch file of pe_retry_begin; also after a failure. */
void pe_retry_end(pe_output *output);

#endif
