/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* oneline_kernel.h - what -k and the words after -- mean as [kernel].
 */
#ifndef PE_ONELINE_KERNEL_H
#define PE_ONELINE_KERNEL_H

#include "app/oneline.h"

/* pe_oneline_add_kernel - add the overrides that -k stands for: a built-in kernel, f.py:f, f.c:f:signature, package.module:f,
 * else an expression; and the job's name.
 * Returns: PE_OK; PE_EUSAGE for a C or Python file without what it needs; PE_ENOMEM */
pe_status pe_oneline_add_kernel(const pe_oneline *self, pe_overrides *out, pe_error *err);

/* pe_oneline_add_program - do the same for a program: its stdout passes as it is, and failed items are skipped. */
pe_status pe_oneline_add_program(const pe_oneline *self, const pe_overrides *given, pe_overrides *out, pe_error *err);

#endif
