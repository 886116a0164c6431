/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_note.c - what is valid in a job but looks like a mistake.
 *
 * Threads:  no state.
 * Not here: where it is said (run/execute/summary.c, report/plan_report.c).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "job/job_internal.h"

/* Three numbers of which the third is a step that passes the stop at once are more likely a list. */
static bool is_one_item(const pe_scalar *start, const pe_scalar *stop, const pe_scalar *step)
{
    if (start->dtype == PE_FLOAT64)
        return start->real != stop->real && step->real != 1 && fabs(step->real) >= fabs(stop->real - start->real);
    if (start->integer == stop->integer || step->integer == 1 || step->integer == -1)
        return false;
    const bool is_up = step->integer > 0; /* the signs agree; the difference may need 128 bits */
    const pe_uint128 first = (pe_uint128)start->integer, end = (pe_uint128)stop->integer;
    const pe_uint128 span = is_up ? end - first : first - end;
    return span <= (is_up ? (pe_uint128)step->integer : -(pe_uint128)step->integer);
}

static const char *note_range(const pe_job *job, char out[PE_JOB_NOTE_ROOM])
{
    for (int i = 0; i < job->input_count; i++) {
        const pe_source_spec *const input = &job->inputs[i];
        pe_error ignored = PE_ERROR_INIT; /* out of memory: the note is left out */
        pe_writer text = {{0}, &ignored};
        if (input->kind != PE_SOURCE_RANGE || !is_one_item(&input->start, &input->stop, &input->step))
            continue;
        pe_section_print(&text, "input", 1u << PE_SOURCE_RANGE, PE_FORMAT_AUTO, input);
        pe_writer_put(&text, "\n"); /* the line has an end in any case */
        const char *const list = text.text.data == NULL ? NULL : memchr(text.text.data, '[', text.text.size);
        const char *const end =
            list == NULL ? NULL : memchr(list, '\n', text.text.size - (size_t)(list - (const char *)text.text.data));
        const size_t size = end == NULL ? 0 : (size_t)(end - list);
        if (ignored.status == PE_OK && list != NULL)
            (void)snprintf(out, PE_JOB_NOTE_ROOM,
                           "range = %.*s has one item, since its step passes the stop at once; the three numbers "
                           "themselves are values = %.*s",
                           (int)size, list, (int)size, list);
        pe_buffer_fini(&text.text);
        return ignored.status == PE_OK && list != NULL ? out : NULL;
    }
    return NULL;
}

/* A suffix of .txt says no more than that it is a text. */
static const char *note_suffix(const pe_job *job, char out[PE_JOB_NOTE_ROOM])
{
    const pe_format meant = pe_format_by_suffix(job->output.path), format = job->output.format;
    const bool is_text =
        format != PE_FORMAT_NPY && format != PE_FORMAT_HDF5 && format != PE_FORMAT_RAW; /* bytes are texts */
    if (meant == PE_FORMAT_AUTO || meant == format || (meant == PE_FORMAT_TXT && is_text))
        return NULL;
    (void)snprintf(out, PE_JOB_NOTE_ROOM, "\"%.200s\" is written as %s, since %s.format says so", job->output.path,
                   pe_format_name(format), job->op_count > 0 ? "reduce" : "output");
    return out;
}

const char *pe_job_note(const pe_job *job, char out[PE_JOB_NOTE_ROOM])
{
    const char *const note = note_range(job, out);
    return note != NULL ? note : note_suffix(job, out);
}
