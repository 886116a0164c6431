/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* kept_candidates.h - lists the columns that can be kept, with their names, and finds the one that a job chooses.
 */
#ifndef PE_KEPT_CANDIDATES_H
#define PE_KEPT_CANDIDATES_H

#include "run/output/kept/kept_columns.h"

/* One column that can be kept. */
typedef struct candidate {
    int source;
    bool is_field;
    uint64_t number; /* of the field, or of the argument among all */
    pe_kept_name name;
    pe_dtype type; /* of a field */
} pe_kept_candidate;

typedef struct candidates {
    pe_kept_candidate *list;
    size_t count;
} pe_kept_candidates;

/* pe_kept_count_fields - the fields of a record of this source, 0 where it is no text. */
uint64_t pe_kept_count_fields(const pe_inputs *inputs, int source);

/* pe_kept_candidates_list - list all of them, in the order of the inputs; free the list with free(). The names that no input
 * has are made in `kept`, which owns them. PE_ENOMEM. */
pe_status pe_kept_candidates_list(pe_kept_columns *kept, const pe_job *job, const pe_inputs *inputs,
                                  pe_kept_candidates *out, pe_error *err);

/* pe_kept_candidates_find - find the one that the job names, or numbers.
 * Returns: PE_OK; PE_ECONFIG: none (the message says which there are), or several of that name; PE_ENOMEM */
pe_status pe_kept_candidates_find(const pe_job *job, const pe_kept_candidates *all, const pe_column_choice *choice,
                                  const pe_kept_candidate **out, pe_error *err);

#endif
