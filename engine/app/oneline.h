/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* oneline.h - a job that is the command line itself: pengine -i 0:10 -k 'x*x', or ls | pengine -- gzip -t {}.
 */
#ifndef PE_ONELINE_H
#define PE_ONELINE_H

#include "app/cli_overrides.h"

/* What was typed; the strings are argv's. */
typedef struct pe_oneline {
    const char *inputs[PE_MAX_COLUMNS]; /* -i, in their order */
    int input_count;
    const char *kernel; /* -k, or NULL */
    char *const *words; /* after --, or NULL */
    int word_count;
    bool has_dashes;
} pe_oneline;

/* pe_oneline_is_given - is there any of it? */
bool pe_oneline_is_given(const pe_oneline *self);

/* pe_oneline_reads_stdin - is an input stdin? `given` are the overrides that were typed. */
bool pe_oneline_reads_stdin(const pe_oneline *self, const pe_overrides *given);

/* pe_oneline_make - make the job that is meant: the overrides of an empty job file, or of one with as many inputs as there are
 * -i. `given` are the overrides that were typed, which come after these.
 * Returns: PE_OK; PE_EUSAGE that says what is missing or wrong; PE_ENOMEM */
pe_status pe_oneline_make(const pe_oneline *self, const pe_overrides *given, pe_overrides *out, pe_buffer *job_text,
                          pe_error *err);

#endif
