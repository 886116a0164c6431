/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* cpu.h - the instruction set extensions of this processor that compilers use.
 */
#ifndef PE_CPU_H
#define PE_CPU_H

#include <stdbool.h>

#include "base/buffer.h"

/* pe_cpu_features - append the names of this processor's features, each followed by a space. */
pe_status pe_cpu_features(pe_buffer *out, pe_error *err);

/* pe_cpu_lacks - the first of the named features (each followed by a space) that this processor does not have, or
 * NULL. */
const char *pe_cpu_lacks(const char *features);

/* pe_cpu_text - append C text that defines PE_FEATURES as the features that it is compiled for. */
pe_status pe_cpu_text(pe_buffer *out, pe_error *err);

#endif
