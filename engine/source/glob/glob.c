/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* glob.c - the source of the paths that match a pattern, as text items.
 *
 * Design:   rank 0 alone matches; the paths are sorted bytewise, whatever the locale, into one run of bytes
 *           with an array of offsets; the other ranks get both. Items point into those bytes.
 * Threads:  constant after open.
 * Not here: what is in those files.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "os/log.h"
#include "source/glob/glob_match.h"
#include "source/source_vtable.h"

typedef struct path_list {
    pe_source base;
    uint64_t *offsets; /* total + 1: path i is bytes[offsets[i]] up to offsets[i + 1] */
    char *bytes;
} path_list;

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Is the path one of the files that the job writes? */
static bool is_written(const pe_source_spec *spec, const char *path)
{
    struct stat found, written;
    if (spec->written_count == 0 || stat(path, &found) != 0)
        return false;
    for (size_t i = 0; i < spec->written_count; i++)
        if (stat(spec->written[i], &written) == 0 && written.st_dev == found.st_dev && written.st_ino == found.st_ino)
            return true;
    return false;
}

/* An earlier run's output is no input of the next one. */
static void leave_out_written(const pe_source_spec *spec, pe_paths *paths)
{
    size_t kept = 0;
    for (size_t i = 0; i < paths->count; i++) {
        if (!is_written(spec, paths->list[i])) {
            paths->list[kept++] = paths->list[i];
            continue;
        }
        pe_log(PE_LOG_INFO, "%s: glob: %s is left out, since the job writes it", spec->where, paths->list[i]);
        free(paths->list[i]);
    }
    paths->count = kept;
}

/* Sorted; of a folder that ** reaches in two ways, or a file that two braces match, one stays. */
static void sort(pe_paths *paths)
{
    if (paths->count == 0)
        return;
    qsort(paths->list, paths->count, sizeof *paths->list, compare);
    size_t kept = 1;
    for (size_t i = 1; i < paths->count; i++) {
        if (strcmp(paths->list[i], paths->list[kept - 1]) == 0)
            free(paths->list[i]);
        else
            paths->list[kept++] = paths->list[i];
    }
    paths->count = kept;
}

static pe_status match(const pe_source_spec *spec, pe_paths *found, pe_error *err)
{
    const pe_status status = pe_glob_match(spec->pattern, spec->where, found, err);
    if (status != PE_OK)
        return status;
    sort(found);
    leave_out_written(spec, found);
    if (found->count == 0)
        return pe_fail(err, PE_ENOINPUT, "%s: glob: no file matches \"%s\"", spec->where, spec->pattern);
    return PE_OK;
}

static pe_status copy(path_list *l, const pe_paths *found, pe_error *err)
{
    size_t size = 0;
    for (size_t i = 0; i < found->count; i++)
        size += strlen(found->list[i]);
    pe_status status = pe_make_array(&l->offsets, found->count + 1, sizeof *l->offsets, err);
    if (status == PE_OK)
        status = pe_make_array(&l->bytes, size, 1, err);
    if (status != PE_OK)
        return status;
    size = 0;
    for (size_t i = 0; i < found->count; i++) {
        const size_t length = strlen(found->list[i]);
        memcpy(l->bytes + size, found->list[i], length);
        size += length;
        l->offsets[i + 1] = size;
    }
    l->base.total = found->count;
    return PE_OK;
}

static pe_status list_open(pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    char name[PE_TYPE_NAME_ROOM];
    source->info.columns = 1;
    source->info.types[0].dtype = PE_TEXT;
    if (spec->has_dtype && !pe_type_equal(spec->dtype, source->info.types[0]))
        return pe_fail(err, PE_ECONFIG, "%s: dtype: a glob gives text, not %s", spec->where,
                       pe_type_print(spec->dtype, name));
    pe_paths found = {0};
    pe_status status = match(spec, &found, err);
    if (status == PE_OK)
        status = copy((path_list *)source, &found, err);
    pe_paths_fini(&found);
    return status;
}

static pe_status list_save(const pe_source *source, pe_buffer *out, pe_error *err)
{
    const path_list *const l = (const path_list *)source;
    const size_t total = (size_t)source->total;
    const pe_status status = pe_buffer_append(out, l->offsets, (total + 1) * sizeof *l->offsets, err);
    return status == PE_OK ? pe_buffer_append(out, l->bytes, (size_t)l->offsets[total], err) : status;
}

static pe_status list_load(pe_source *source, const unsigned char *data, size_t size, pe_error *err)
{
    path_list *const l = (path_list *)source;
    const size_t offsets = ((size_t)source->total + 1) * sizeof *l->offsets;
    assert(size >= offsets);
    pe_status status = pe_make_array(&l->offsets, offsets, 1, err);
    if (status == PE_OK)
        status = pe_make_array(&l->bytes, size - offsets, 1, err);
    if (status != PE_OK)
        return status;
    memcpy(l->offsets, data, offsets);
    memcpy(l->bytes, data + offsets, size - offsets);
    return PE_OK;
}

static void list_close(pe_source *source)
{
    path_list *const l = (path_list *)source;
    free(l->offsets);
    free(l->bytes);
}

static pe_status list_read(pe_reader *reader, pe_block block, const pe_byte_range *byte_range,
                           const unsigned char *bytes, void *const *columns, pe_error *err)
{
    (void)byte_range;
    (void)bytes;
    (void)err;
    const path_list *const l = (const path_list *)reader->source;
    pe_text *const out = columns[0];
    for (uint64_t k = 0; k < block.count; k++) {
        const uint64_t *const offset = l->offsets + block.first + k;
        out[k] = (pe_text){l->bytes + offset[0], (size_t)(offset[1] - offset[0])};
    }
    return PE_OK;
}

static size_t list_memory(const pe_source *source, uint64_t chunk_items, size_t *reader_bytes)
{
    (void)chunk_items;
    (void)reader_bytes;
    const path_list *const l = (const path_list *)source;
    return ((size_t)source->total + 1) * sizeof *l->offsets + (size_t)l->offsets[source->total];
}

const pe_source_vtable pe_kind_glob = {
    .name = "glob",
    .source_bytes = sizeof(path_list),
    .reader_bytes = sizeof(pe_reader),
    .open = list_open,
    .save = list_save,
    .load = list_load,
    .close = list_close,
    .read = list_read,
    .memory = list_memory,
};
