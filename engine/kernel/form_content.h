/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* form_content.h - describes the content of a kernel, so that a later run can tell whether it is the same kernel.
 */
#ifndef PE_FORM_CONTENT_H
#define PE_FORM_CONTENT_H

#include "base/buffer.h"
#include "job/form_spec.h"

/* pe_form_content - append one line without a line end: the hash of the source text, plugin, Python file or program, and for
 * compiled kernels the compiler. Keys of the job file are not in it.
 *
 * Call:    rank 0, main thread.
 * Returns: PE_OK; PE_EKERNEL for a file that cannot be read; PE_ENOMEM
 */
pe_status pe_form_content(const pe_form_spec *spec, pe_buffer *out, pe_error *err);

#endif
