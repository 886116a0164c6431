/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* schema_internal.h - the tables of the schema, and the macros by which their rows name fields.
 */
#ifndef PE_SCHEMA_INTERNAL_H
#define PE_SCHEMA_INTERNAL_H

#include "base/dialect.h"
#include "job/job.h"
#include "job/schema/schema.h"

/* A row of a key's words for a format of enum_names.h. */
#define PE_FORMAT_WORD(format, name) {name, PE_FORMAT_##format},

#define JOB(field) .at = offsetof(pe_job, field)
#define COUNT_JOB(field) .count_at = offsetof(pe_job, field)
#define GIVEN_JOB(field) .given_at = offsetof(pe_job, field)
#define INPUT(field) .at = offsetof(pe_source_spec, field)
#define COUNT_INPUT(field) .count_at = offsetof(pe_source_spec, field)
#define GIVEN_INPUT(field) .given_at = offsetof(pe_source_spec, field)

extern const pe_key_table pe_keys_top, pe_keys_input, pe_keys_kernel, pe_keys_output, pe_keys_reduce, pe_keys_pool,
    pe_keys_errors, pe_keys_checkpoint;

#endif
