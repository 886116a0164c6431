/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* growth.c - whether a job differs from that of a checkpoint only by more items at its end.
 *
 * Design:   a range has grown when only its stop is further away; a text when its first bytes, as many as there were,
 *           have the content that they had. A text whose last record had no line end may have grown within that record,
 *           whose item is then computed again. An input without any item had no record that tells its type: the run
 *           begins anew with the types of the items that there are now.
 * Threads:  the main thread of rank 0.
 * Not here: other differences (resume.c).
 */
#include "run/resume/growth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/file/file.h"

static bool is_text(pe_format format)
{
    return format == PE_FORMAT_CSV || format == PE_FORMAT_TSV || format == PE_FORMAT_TXT || format == PE_FORMAT_JSONL;
}

/* Are "[0, 10]" and "[0, 20]" the same except for the second number? */
static bool differs_in_stop(const char *was, const char *is)
{
    const char *const old_stop = strchr(was, ','), *const new_stop = strchr(is, ',');
    if (old_stop == NULL || new_stop == NULL || old_stop - was != new_stop - is ||
        strncmp(was, is, (size_t)(old_stop - was)) != 0)
        return false;
    const char *const old_step = strpbrk(old_stop + 1, ",]"), *const new_step = strpbrk(new_stop + 1, ",]");
    return old_step != NULL && new_step != NULL && strcmp(old_step, new_step) == 0;
}

/* Does the file's byte before this offset end a record? */
static bool ends_record(const char *path, uint64_t size)
{
    char last = '\0';
    const int fd = size == 0 ? -1 : pe_open(path, O_RDONLY, 0);
    const bool is_read = fd >= 0 && pread(fd, &last, 1, (off_t)size - 1) == 1;
    if (fd >= 0)
        (void)close(fd); /* only read from */
    return size == 0 || (is_read && last == '\n');
}

/* Whether the content of a file is that of before with more after it. */
static pe_status has_grown_file(const pe_job *job, const pe_run_inputs *inputs, int input, const char *was,
                                pe_growth *growth, bool *has_grown, pe_error *err)
{
    const pe_source_spec *const spec = &job->inputs[input];
    const uint64_t size = strtoull(was, NULL, 10);
    pe_buffer now = {0};
    *has_grown = false;
    if (spec->kind != PE_SOURCE_FILE || !is_text(spec->format))
        return PE_OK;
    pe_status status = pe_inputs_content(inputs->inputs, input, size, &now, err);
    if (status == PE_OK)
        status = pe_buffer_append(&now, "", 1, err);
    *has_grown = status == PE_OK && strcmp(was, (const char *)now.data) == 0;
    pe_buffer_fini(&now);
    if (*has_grown && !ends_record(spec->path, size))
        growth->path = spec->path;
    return status;
}

/* Replaces the value of a key. */
static pe_status replace(pe_manifest *manifest, const char *key, const char *value, pe_error *err)
{
    for (size_t e = 0; e < manifest->count; e++) {
        if (strcmp(manifest->entries[e].key, key) != 0)
            continue;
        char *const copy = strdup(value);
        if (copy == NULL)
            return pe_fail(err, PE_ENOMEM, "out of memory for the manifest");
        free(manifest->entries[e].value);
        manifest->entries[e].value = copy;
    }
    return PE_OK;
}

static pe_status adapt_input(const pe_job *job, const pe_run_inputs *inputs, int input, pe_manifest *was,
                             const pe_manifest *is, pe_growth *growth, bool *has_grown, pe_error *err)
{
    char range[32], content[32];
    const bool is_only = job->input_count == 1;
    (void)snprintf(range, sizeof range, is_only ? "input.range" : "input.%d.range", input + 1);
    (void)snprintf(content, sizeof content, is_only ? "input.content" : "input.%d.content", input + 1);
    const char *const old_range = pe_manifest_find(was, range), *const new_range = pe_manifest_find(is, range);
    const char *const old_content = pe_manifest_find(was, content), *const new_content = pe_manifest_find(is, content);
    const char *const key = old_range != NULL ? range : content;
    const char *const value = old_range != NULL ? new_range : new_content;
    pe_status status = PE_OK;
    *has_grown = false;
    if (old_range != NULL && new_range != NULL && strcmp(old_range, new_range) != 0)
        *has_grown = differs_in_stop(old_range, new_range);
    else if (old_content != NULL && new_content != NULL && strcmp(old_content, new_content) != 0)
        status = has_grown_file(job, inputs, input, old_content, growth, has_grown, err);
    return status == PE_OK && *has_grown ? replace(was, key, value, err) : status;
}

/* In a product many items have the last record of the first input, and their rows need not be the last ones. */
static pe_status refuse_product(const pe_growth *growth, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG,
                   "%s: it has grown, and its last record, which had no line end, is in several items of the product: "
                   "--restart begins anew",
                   growth->path);
}

/* The bytes before the rows grow with the values of the inputs (run/output/axis_values.c). */
static pe_status refuse_axes(const char *output, pe_error *err)
{
    return pe_fail(err, PE_ECONFIG,
                   "%s: the first input has grown, and in hdf5 the values of a product's inputs stand before the rows: "
                   "--restart begins anew",
                   output);
}

pe_status pe_growth_adapt(const pe_job *job, const pe_run_inputs *inputs, pe_checkpoint *from, const pe_manifest *is,
                          pe_growth *growth, pe_error *err)
{
    static const char items[] = "input.items", types[] = "kernel.types";
    pe_manifest *const was = &from->manifest;
    const char *const old_items = pe_manifest_find(was, items), *const new_items = pe_manifest_find(is, items);
    const bool is_product = job->combine == PE_COMBINE_PRODUCT;
    *growth = (pe_growth){.items_before = old_items == NULL ? 0 : strtoull(old_items, NULL, 10)};
    if (old_items == NULL || new_items == NULL || job->part.of > 0 ||
        strtoull(new_items, NULL, 10) < growth->items_before)
        return PE_OK;
    bool has_any = false;
    for (int i = 0; i < job->input_count; i++) {
        bool has_grown = false;
        if (is_product && i > 0) /* only the first input adds items at the end */
            break;
        if (adapt_input(job, inputs, i, was, is, growth, &has_grown, err) != PE_OK)
            return err->status;
        has_any = has_any || has_grown;
    }
    if (!has_any)
        return PE_OK;
    if (is_product && growth->path != NULL && job->input_count > 1)
        return refuse_product(growth, err);
    if (is_product && job->output.format == PE_FORMAT_HDF5)
        return refuse_axes(job->output.path, err);
    from->progress.is_complete = 0;
    if (growth->items_before == 0 && replace(was, types, pe_manifest_find(is, types), err) != PE_OK)
        return err->status;
    return replace(was, items, new_items, err);
}
