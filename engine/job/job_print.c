/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_print.c - the effective job as TOML that reads back to the same job.
 *
 * Design:   the text is made in memory and written at once, so a full disk is found in one place. A default that
 *           depends on the machine (threads) or on nothing but the input is left out, all others are written.
 * Threads:  no state.
 * Not here: which lines a table has (section.c); how values look (values.h, toml/writer.h); the table of keys
 *           (schema/schema_print.c).
 */
#include "job/job_internal.h"

#include <string.h>

static void put_title(pe_writer *to, const char *title)
{
    pe_writer_put(to, "\n");
    pe_writer_put(to, title);
    pe_writer_put(to, "\n");
}

static void put_job(pe_writer *to, const pe_job *job)
{
    pe_section_print(to, "", 0, PE_FORMAT_AUTO, job);
    for (int i = 0; i < job->input_count; i++) {
        const pe_source_spec *const input = &job->inputs[i];
        put_title(to, job->input_count == 1 ? "[input]" : "[[input]]");
        pe_section_print(to, "input", 1u << input->kind, input->format, input);
    }
    put_title(to, "[kernel]");
    pe_section_print(to, "kernel", 1u << job->kernel.kind, PE_FORMAT_AUTO, job);
    put_title(to, job->op_count > 0 ? "[reduce]" : "[output]");
    pe_section_print(to, job->op_count > 0 ? "reduce" : "output", 0, job->output.format, job);
    put_title(to, "[pool]");
    pe_section_print(to, "pool", 0, PE_FORMAT_AUTO, job);
    put_title(to, "[errors]");
    pe_section_print(to, "errors", 0, PE_FORMAT_AUTO, job);
    put_title(to, "[checkpoint]");
    pe_section_print(to, "checkpoint", 0, PE_FORMAT_AUTO, job);
}

pe_status pe_job_print(const pe_job *job, FILE *out, pe_error *err)
{
    pe_writer to = {{0}, err};
    put_job(&to, job);
    if (err->status == PE_OK && (fwrite(to.text.data, 1, to.text.size, out) != to.text.size || fflush(out) != 0))
        (void)pe_fail(err, PE_EIO, "the job could not be printed: a write failed");
    pe_buffer_fini(&to.text);
    return err->status;
}

/* ---- what determines the bytes ---- */

/* Moves the lines of one table to out, each with the table's name before it. */
static void take_lines(pe_writer *lines, const char *table, pe_buffer *out)
{
    const char *at = (const char *)lines->text.data;
    for (size_t left = lines->text.size; left > 0 && lines->err->status == PE_OK;) {
        const char *const end = memchr(at, '\n', left);
        const size_t size = end == NULL ? left : (size_t)(end - at) + 1;
        if (pe_buffer_printf(out, lines->err, "%s", table) == PE_OK)
            (void)pe_buffer_append(out, at, size, lines->err);
        at += size;
        left -= size;
    }
    lines->text.size = 0;
}

pe_status pe_job_print_decisive(const pe_job *job, pe_buffer *out, pe_error *err)
{
    static const char *const tables[] = {"output", "errors"}; /* no key of the others determines the bytes */
    pe_writer lines = {{0}, err};
    char name[32] = "input.";
    pe_section_print_decisive(&lines, "", 0, PE_FORMAT_AUTO, job);
    take_lines(&lines, "", out);
    for (int i = 0; i < job->input_count; i++) {
        const pe_source_spec *const input = &job->inputs[i];
        pe_section_print_decisive(&lines, "input", 1u << input->kind, input->format, input);
        if (job->input_count > 1)
            (void)snprintf(name, sizeof name, "input.%d.", i + 1);
        take_lines(&lines, name, out);
    }
    pe_section_print_decisive(&lines, "kernel", 1u << job->kernel.kind, PE_FORMAT_AUTO, job);
    take_lines(&lines, "kernel.", out);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        const bool is_reduced = t == 0 && job->op_count > 0;
        const char *const table = is_reduced ? "reduce" : tables[t];
        pe_section_print_decisive(&lines, table, 0, t == 0 ? job->output.format : PE_FORMAT_AUTO, job);
        (void)snprintf(name, sizeof name, "%s.", table);
        take_lines(&lines, name, out);
    }
    pe_buffer_fini(&lines.text);
    return err->status;
}
