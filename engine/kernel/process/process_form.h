/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* process_form.h - what the forms that run in processes share: their signature, paths of their files, the text of a timeout.
 */
#ifndef PE_PROCESS_FORM_H
#define PE_PROCESS_FORM_H

#include "kernel/form.h"

/* pe_process_form_signature - get the signature of the job file, checked against the input columns. Without one the arguments
 * have the columns' types (text, where a column has none) and the result is one text. text: the signature, printed.
 * Returns: PE_OK; PE_ECONFIG that begins with spec->where */
pe_status pe_process_form_signature(const pe_form_spec *spec, const char *name, pe_signature *out,
                                    char text[PE_SIGNATURE_ROOM], pe_error *err);

/* pe_process_form_path - the path of a kernel file; a relative one is relative to the job file's folder.
 * Returns: PE_OK; PE_ECONFIG: longer than room */
pe_status pe_process_form_path(const pe_form_spec *spec, const char *name, size_t name_size, char *out, size_t room,
                               pe_error *err);

#define PE_TIMEOUT_TEXT_ROOM 60
/* pe_process_form_timeout_text - "timeout after 0.5 s"; returns out. */
const char *pe_process_form_timeout_text(uint64_t timeout_ns, char out[PE_TIMEOUT_TEXT_ROOM]);

#endif
