/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* job_manifest.c - makes the manifest of a job: everything that determines the bytes of its output.
 *
 * Design:   keys of the job file come from the schema: each row says whether the key may change. The facts that follow have
 *           keys that no job file has.
 * Threads:  the main thread of rank 0.
 * Not here: what is done when two manifests differ (resume.c).
 */
#include "run/resume/job_manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kernel/form_content.h"

/* Splits "key = value" lines. */
static pe_status add_lines(char *text, size_t size, pe_manifest *out, pe_error *err)
{
    pe_status status = PE_OK;
    for (char *at = text, *end; status == PE_OK && at < text + size; at = end + 1) {
        end = memchr(at, '\n', size - (size_t)(at - text));
        char *const equals = strstr(at, " = ");
        if (end == NULL || equals == NULL || equals > end)
            return pe_fail(err, PE_EBUG, "manifest: \"%.40s\" is no line of a key", at);
        *equals = *end = '\0';
        status = pe_manifest_add(out, at, equals + 3, err);
    }
    return status;
}

static pe_status add_keys(const pe_job *job, pe_manifest *out, pe_error *err)
{
    pe_buffer text = {0};
    pe_status status = pe_job_print_decisive(job, &text, err);
    if (status == PE_OK)
        status = pe_buffer_append(&text, "", 1, err);
    if (status == PE_OK)
        status = add_lines((char *)text.data, text.size - 1, out, err);
    pe_buffer_fini(&text);
    return status;
}

/* Adds the buffer's text, unless it is empty, and empties it. */
static pe_status add_text(pe_manifest *out, const char *key, pe_buffer *text, pe_error *err)
{
    if (text->size == 0)
        return PE_OK;
    pe_status status = pe_buffer_append(text, "", 1, err);
    if (status == PE_OK)
        status = pe_manifest_add(out, key, (const char *)text->data, err);
    text->size = 0;
    return status;
}

static pe_status add_contents(const pe_job *job, const pe_run_inputs *inputs, pe_manifest *out, pe_error *err)
{
    pe_buffer text = {0};
    char key[40] = "input.content";
    pe_status status = PE_OK;
    for (int i = 0; i < job->input_count && status == PE_OK; i++) {
        if (job->input_count > 1)
            (void)snprintf(key, sizeof key, "input.%d.content", i + 1);
        status = pe_inputs_content(inputs->inputs, i, UINT64_MAX, &text, err);
        if (status == PE_OK)
            status = add_text(out, key, &text, err);
    }
    pe_buffer_fini(&text);
    return status;
}

static pe_status add_facts(const pe_run_inputs *inputs, const pe_run_kernel *kernel, const pe_output_spec *output,
                           pe_manifest *out, pe_error *err)
{
    char types[PE_SIGNATURE_ROOM];
    pe_buffer text = {0};
    const bool is_known = inputs->items.count != PE_COUNT_UNKNOWN;
    pe_status status = PE_OK;
    if (is_known) {
        status = pe_buffer_printf(&text, err, "%" PRIu64, inputs->items.count);
        if (status == PE_OK)
            status = add_text(out, "input.items", &text, err);
    }
    if (status == PE_OK)
        status = pe_form_content(&kernel->spec, &text, err);
    if (status == PE_OK)
        status = add_text(out, "kernel.content", &text, err);
    if (status == PE_OK)
        status = pe_manifest_add(out, "kernel.types", pe_signature_print(pe_form_signature(kernel->form), types), err);
    if (status == PE_OK)
        status = pe_manifest_add(out, "output.written", pe_format_name(output->format), err);
    if (status == PE_OK)
        status = pe_sink_library(&output->sink, &text, err);
    if (status == PE_OK)
        status = add_text(out, "output.packed_by", &text, err);
    pe_buffer_fini(&text);
    return status;
}

pe_status pe_job_manifest_make(const pe_job *job, const pe_run_inputs *inputs, const pe_run_kernel *kernel,
                               const pe_output_spec *output, pe_manifest *out, pe_error *err)
{
    pe_status status = add_keys(job, out, err);
    if (status == PE_OK)
        status = add_contents(job, inputs, out, err);
    return status == PE_OK ? add_facts(inputs, kernel, output, out, err) : status;
}

bool pe_job_manifest_is_of_kernel(const char *key)
{
    return strncmp(key, "kernel.", strlen("kernel.")) == 0 && strcmp(key, "kernel.types") != 0;
}
