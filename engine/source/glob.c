/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* glob.c - the source of the paths that match a pattern, as text items.
 *
 * Design:   glob(3) matches on rank 0 alone; the paths are sorted bytewise, whatever the locale, into one run of bytes
 *           with an array of offsets; the other ranks get both. Items point into those bytes.
 * Threads:  constant after open.
 * Not here: what is in those files.
 */
#include <assert.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
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

/* A directory that is not there matches nothing; one that cannot be read must not be passed over in silence. */
static int judge_directory(const char *path, int error)
{
    (void)path;
    return error != ENOENT && error != ENOTDIR;
}

static pe_status match(const pe_source_spec *spec, glob_t *found, pe_error *err)
{
    switch (glob(spec->pattern, GLOB_NOSORT, judge_directory, found)) {
    case 0:
        break;
    case GLOB_NOMATCH:
        return pe_fail(err, PE_ENOINPUT, "%s: glob: no file matches \"%s\"", spec->where, spec->pattern);
    case GLOB_ABORTED:
        return pe_fail(err, PE_ENOINPUT, "%s: glob: a directory that \"%s\" leads through cannot be read", spec->where,
                       spec->pattern);
    default:
        return pe_fail(err, PE_ENOMEM, "%s: glob: out of memory matching \"%s\"", spec->where, spec->pattern);
    }
    qsort(found->gl_pathv, found->gl_pathc, sizeof *found->gl_pathv, compare);
    return PE_OK;
}

static pe_status copy(path_list *l, const glob_t *found, pe_error *err)
{
    size_t size = 0;
    for (size_t i = 0; i < found->gl_pathc; i++)
        size += strlen(found->gl_pathv[i]);
    pe_status status = pe_make_array(&l->offsets, found->gl_pathc + 1, sizeof *l->offsets, err);
    if (status == PE_OK)
        status = pe_make_array(&l->bytes, size, 1, err);
    if (status != PE_OK)
        return status;
    size = 0;
    for (size_t i = 0; i < found->gl_pathc; i++) {
        const size_t length = strlen(found->gl_pathv[i]);
        memcpy(l->bytes + size, found->gl_pathv[i], length);
        size += length;
        l->offsets[i + 1] = size;
    }
    l->base.total = found->gl_pathc;
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
    glob_t found = {0};
    pe_status status = match(spec, &found, err);
    if (status == PE_OK)
        status = copy((path_list *)source, &found, err);
    globfree(&found);
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
