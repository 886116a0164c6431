/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_output.c - the [output] table, or [reduce] in its place, as a validated value.
 *
 * Threads:  no state.
 * Not here: whether the format holds the results (sink); opening anything (sink).
 */
#include <string.h>

#include "job/job_internal.h"

static pe_status read_table(const pe_section *section, pe_job *job, pe_error *err)
{
    pe_sink_spec *const output = &job->output;
    pe_status status = pe_section_where(section, section->name, section->table, &output->where, err);
    if (status == PE_OK)
        status = pe_section_read(section, 0, job, err);
    if (status == PE_OK && output->format == PE_FORMAT_AUTO)
        output->format = strcmp(output->path, "-") == 0 ? PE_FORMAT_TXT : pe_job_format(section, output->path);
    return status == PE_OK ? pe_section_check_format(section, output->format, err) : status;
}

static pe_status read_reduce(const pe_section *output, const pe_section *reduce, pe_job *job, pe_error *err)
{
    if (output->table != NULL)
        return pe_section_refuse(reduce, NULL, reduce->table, err,
                                 "a job has [output] or [reduce], not both: a reduction's values go to reduce.path");
    if (job->part.of > 0 || job->skip > 0)
        return pe_section_refuse(
            reduce, NULL, reduce->table, err,
            "a reduction is of all items: the mean or the float sum of the whole does not follow from "
            "those of its parts; expected no %s, or [output]",
            job->part.of > 0 ? "part" : "skip");
    const bool has_tables =
        pe_section_given(reduce, "quantiles") != NULL || pe_section_given(reduce, "histogram") != NULL;
    if (pe_section_given(reduce, "op") == NULL && !has_tables)
        return pe_section_refuse(reduce, NULL, reduce->table, err,
                                 "expected what to reduce the items to, such as op = [\"sum\", \"count\"]");
    const pe_status status = read_table(reduce, job, err);
    if (job->op_count == 0)
        job->ops[job->op_count++] = PE_REDUCE_COUNT;
    return status;
}

/* Refuses a path with the format null: the file would not be there afterwards. */
static pe_status check_null(const pe_section *section, const pe_sink_spec *output, pe_error *err)
{
    const pe_toml *const node = pe_section_given(section, "path");
    if (output->format != PE_FORMAT_NULL || node == NULL || strcmp(output->path, "-") == 0 ||
        strcmp(output->path, "/dev/null") == 0)
        return PE_OK;
    return pe_section_refuse(section, "path", node, err,
                             "\"%s\" would not be written, since output.format = \"null\" writes nothing; expected "
                             "another format, or no path (-o - takes it away)",
                             output->path);
}

pe_status pe_job_read_output(const pe_section *output, const pe_section *reduce, pe_job *job, pe_error *err)
{
    if (reduce->table != NULL)
        return read_reduce(output, reduce, job, err);
    const pe_status status = read_table(output, job, err);
    return status == PE_OK ? check_null(output, &job->output, err) : status;
}
