/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* run_facts.c - what rank 0 knows of a run that has ended, in words.
 *
 * Threads: no state.
 */
#include "report/run_facts.h"

#include "base/shell_quote.h"

const char *pe_run_facts_outcome(const pe_run_facts *facts)
{
    switch (pe_status_exit(facts->status)) {
    case 0:
        return "complete";
    case 1:
        return facts->is_complete ? "complete with failed items" : "failed";
    case 75:
        return "interrupted";
    default:
        return "failed";
    }
}

/* Is the word an option about the checkpoint? `option` takes its place. */
static bool is_resume_option(const char *word)
{
    return strcmp(word, "--resume") == 0 || strcmp(word, "--restart") == 0 || strcmp(word, "--retry-failed") == 0;
}

pe_status pe_run_facts_command(const pe_run_facts *facts, const char *option, pe_buffer *out, pe_error *err)
{
    pe_status status = PE_OK;
    if (facts->ranks > 1)
        status = pe_buffer_printf(out, err, "mpirun -n %d ", facts->ranks);
    for (int i = 0; facts->argv != NULL && facts->argv[i] != NULL && status == PE_OK; i++) {
        if (is_resume_option(facts->argv[i]))
            continue;
        if (i > 0)
            status = pe_buffer_append(out, " ", 1, err);
        if (status == PE_OK)
            status = pe_shell_quote(out, facts->argv[i], err);
        if (i == 0 && option != NULL && status == PE_OK)
            status = pe_buffer_printf(out, err, " %s", option);
    }
    return status == PE_OK ? pe_buffer_append(out, "", 1, err) : status; /* its end; not counted by strlen */
}
