/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form_internal.h - what the forms with processes of their own share.
 */
#ifndef PE_FORM_INTERNAL_H
#define PE_FORM_INTERNAL_H

#include "kernel/form.h"

/* pe_form_choose_signature - the spec's, when it fits the inputs; without one the arguments are the columns as they are
 * (what is untyped is text) and the result is one text. The text is the signature's, printed.
 * Returns: PE_OK; PE_ECONFIG that opens with spec->where */
pe_status pe_form_choose_signature(const pe_form_spec *spec, const char *name, pe_signature *out,
                                   char text[PE_SIGNATURE_ROOM], pe_error *err);

/* pe_form_find_file - a kernel file as a path: relative ones lie in the job file's directory.
 * Returns: PE_OK; PE_ECONFIG: longer than room */
pe_status pe_form_find_file(const pe_form_spec *spec, const char *name, size_t name_size, char *out, size_t room,
                            pe_error *err);

#define PE_TIMEOUT_WORDS 60
/* pe_form_print_timeout - "timeout after 0.5 s"; returns out. */
const char *pe_form_print_timeout(uint64_t timeout_ns, char out[PE_TIMEOUT_WORDS]);

#endif
