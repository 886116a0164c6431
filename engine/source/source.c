/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* source.c - opens, exports and imports a source of any kind; what the kinds share is here.
 *
 * Design:   a kind counts items from 0, as its file does; what [input] first and count leave is decided here. A regular
 *           file is mapped in one piece. Another rank reads a file itself only when its fingerprint says that it
 *           is the one that rank 0 opened.
 * Threads:  as source.h says; after bind only a stream's position changes, and only the main thread reads streams.
 * Not here: how several sources go together (inputs.c), what a format looks like (the kinds).
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "source/column_dtypes.h"
#include "source/source_vtable.h"
#include "source/suffix_advice.h"

/* What every exported source begins with; the kind's own facts follow, aligned to 16. */
typedef struct exported_facts {
    pe_source_info info; /* its name means nothing on the other side */
    uint64_t total;
    uint64_t file_bytes;
    pe_fingerprint fingerprint;
} exported_facts;

#define EXPORTED_BYTES ((sizeof(exported_facts) + 15) / 16 * 16)

static bool is_stdin(const pe_source_spec *spec)
{
    return strcmp(spec->path, "-") == 0;
}

static const char *name_of(const pe_source_spec *spec)
{
    switch (spec->kind) {
    case PE_SOURCE_RANGE:
        return "range";
    case PE_SOURCE_LINSPACE:
        return "linspace";
    case PE_SOURCE_LOGSPACE:
        return "logspace";
    case PE_SOURCE_VALUES:
        return "values";
    case PE_SOURCE_VALUE:
        return "value";
    case PE_SOURCE_GLOB:
        return spec->pattern;
    case PE_SOURCE_FILE:
        break;
    }
    return is_stdin(spec) ? "stdin" : spec->path;
}

/* The one table of file formats; those that are for output alone have no row. */
static const pe_source_vtable *const formats[] = {
    [PE_FORMAT_NPY] = &pe_kind_npy,    [PE_FORMAT_NPZ] = &pe_kind_npz,  [PE_FORMAT_HDF5] = &pe_kind_hdf5,
    [PE_FORMAT_CSV] = &pe_kind_text,   [PE_FORMAT_TSV] = &pe_kind_text, [PE_FORMAT_TXT] = &pe_kind_text,
    [PE_FORMAT_JSONL] = &pe_kind_text, [PE_FORMAT_RAW] = &pe_kind_raw,
};

static const pe_source_vtable *kind_of_format(pe_format format)
{
    return (size_t)format < sizeof formats / sizeof *formats ? formats[format] : NULL;
}

static const pe_source_vtable *kind_of(const pe_source_spec *spec, pe_format format)
{
    switch (spec->kind) {
    case PE_SOURCE_RANGE:
        return &pe_kind_range;
    case PE_SOURCE_LINSPACE:
        return &pe_kind_linspace;
    case PE_SOURCE_LOGSPACE:
        return &pe_kind_logspace;
    case PE_SOURCE_VALUES:
        return &pe_kind_list;
    case PE_SOURCE_VALUE:
        return &pe_kind_value;
    case PE_SOURCE_GLOB:
        return &pe_kind_glob;
    case PE_SOURCE_FILE:
        break;
    }
    return kind_of_format(format);
}

static pe_format format_of(const pe_source_spec *spec)
{
    if (spec->kind != PE_SOURCE_FILE || spec->format != PE_FORMAT_AUTO)
        return spec->format;
    return is_stdin(spec) ? PE_FORMAT_TXT : pe_format_by_suffix(spec->path);
}

#define LISTED(format, name) " " name
#define INPUT_FORMATS PE_FORMATS_BOTH(LISTED) PE_FORMATS_IN(LISTED)

static pe_status refuse_suffix(const pe_source_spec *spec, pe_error *err)
{
    const char *const advice = pe_suffix_advice(spec->path);
    if (advice != NULL)
        return pe_fail(err, PE_ECONFIG, "%s: the suffix of \"%s\" names no format: %s", spec->where, spec->path,
                       advice);
    return pe_fail(err, PE_ECONFIG,
                   "%s: the suffix of \"%s\" names no format; set input.format, to one of" INPUT_FORMATS, spec->where,
                   spec->path);
}

/* Allocates the kind's own struct; what can be known from the spec alone is set. */
static pe_status allocate(const pe_source_spec *spec, pe_source **out, pe_error *err)
{
    const pe_format format = format_of(spec);
    const pe_source_vtable *const kind = kind_of(spec, format);
    if (kind == NULL && format == PE_FORMAT_AUTO)
        return refuse_suffix(spec, err);
    if (kind == NULL)
        return pe_fail(err, PE_ECONFIG, "%s: format: \"%s\" is for output only; an input is one of" INPUT_FORMATS,
                       spec->where, pe_format_name(format));
    pe_source *source = NULL;
    const pe_status status = pe_make_array(&source, 1, kind->source_bytes, err);
    if (status != PE_OK)
        return status;
    source->kind = kind;
    source->spec = spec;
    source->format = format;
    source->info.name = name_of(spec);
    source->fd = -1;
    *out = source;
    return PE_OK;
}

static pe_status no_input(const pe_source_spec *spec, const char *reason, pe_error *err)
{
    return pe_fail(err, PE_ENOINPUT, "%s: %s: %s", spec->where, spec->path, reason);
}

pe_packing pe_spec_packing(const pe_source_spec *spec)
{
    return spec->kind != PE_SOURCE_FILE || is_stdin(spec) ? PE_PACKING_NONE : pe_packing_by_suffix(spec->path);
}

static pe_status open_stream(pe_source *source, pe_error *err)
{
    const bool is_packed = pe_spec_packing(source->spec) != PE_PACKING_NONE;
    source->info.is_stream = true;
    if (is_packed && source->kind != &pe_kind_text)
        return pe_fail(err, PE_ECONFIG,
                       "%s: %s: format %s cannot be read packed; csv, tsv, txt and jsonl can: unpack the file",
                       source->spec->where, source->info.name, source->kind->name);
    if (source->kind->next == NULL)
        return pe_fail(err, PE_ECONFIG, "%s: %s: format %s cannot be read from a stream; csv, tsv, txt and raw can",
                       source->spec->where, source->info.name, source->kind->name);
    source->fd = is_stdin(source->spec) ? STDIN_FILENO : open(source->spec->path, O_RDONLY | O_CLOEXEC);
    return source->fd >= 0 ? PE_OK : no_input(source->spec, strerror(errno), err);
}

bool pe_spec_is_stream(const pe_source_spec *spec)
{
    struct stat facts;
    if (spec->kind != PE_SOURCE_FILE)
        return false;
    if (is_stdin(spec))
        return true;
    return stat(spec->path, &facts) == 0 && !S_ISDIR(facts.st_mode) &&
           (!S_ISREG(facts.st_mode) || pe_spec_packing(spec) != PE_PACKING_NONE);
}

/* A stdin that was closed can only be written: os/std_fds.h. */
static bool is_closed_stdin(const pe_source_spec *spec)
{
    const int flags = fcntl(STDIN_FILENO, F_GETFL);
    const bool is_meant =
        is_stdin(spec) || strcmp(spec->path, "/dev/stdin") == 0 || strcmp(spec->path, "/dev/fd/0") == 0;
    return is_meant && (flags < 0 || (flags & O_ACCMODE) == O_WRONLY);
}

static pe_status open_file(pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    if (is_closed_stdin(spec))
        return no_input(spec, "stdin is closed", err);
    if (pe_spec_is_stream(spec))
        return open_stream(source, err);
    struct stat facts;
    if (stat(spec->path, &facts) != 0)
        return no_input(spec, strerror(errno), err);
    if (S_ISDIR(facts.st_mode))
        return no_input(spec, "is a directory, not a file", err);
    const pe_status status = pe_map_open(spec->path, &source->map, err);
    if (status != PE_OK)
        return status;
    source->info.is_file = true;
    source->is_local = true;
    source->file_bytes = source->map.size;
    return pe_fingerprint_take(spec->path, &source->map, &source->fingerprint, err);
}

/* The count that first and count leave of `total`. */
static pe_status apply_first_count(pe_source *source, pe_error *err)
{
    const pe_source_spec *const spec = source->spec;
    const uint64_t total = source->total;
    const uint64_t first = spec->has_first ? spec->first : 0;
    source->first = first;
    source->info.count = total;
    if (total == PE_COUNT_UNKNOWN)
        return PE_OK;
    if (total == PE_COUNT_ANY) {
        source->first = 0; /* one item is as good as another */
        source->info.count = spec->has_count ? spec->count : PE_COUNT_ANY;
        return PE_OK;
    }
    if (first > total)
        return pe_fail(err, PE_EDATA, "%s: first = %llu lies beyond the end: %s has %llu item%s", spec->where,
                       (unsigned long long)first, source->info.name, (unsigned long long)total, pe_plural(total));
    if (spec->has_count && spec->count > total - first)
        return pe_fail(err, PE_EDATA, "%s: %llu item%s from item %llu on were asked for, but %s has %llu item%s",
                       spec->where, (unsigned long long)spec->count, pe_plural(spec->count), (unsigned long long)first,
                       source->info.name, (unsigned long long)total, pe_plural(total));
    source->info.count = spec->has_count ? spec->count : total - first;
    return PE_OK;
}

/* The end of open and import: `source` is *out's, or it is closed. */
static pe_status finish_open(pe_source *source, pe_status status, pe_source **out, pe_error *err)
{
    if (status == PE_OK)
        status = apply_first_count(source, err);
    if (status == PE_OK)
        *out = source;
    else
        pe_source_close(source);
    return status;
}

pe_status pe_source_open(const pe_source_spec *spec, pe_source **out, pe_error *err)
{
    pe_source *source = NULL;
    pe_status status = allocate(spec, &source, err);
    if (status != PE_OK)
        return status;
    source->is_local = spec->kind != PE_SOURCE_FILE;
    if (spec->kind == PE_SOURCE_FILE)
        status = open_file(source, err);
    if (status == PE_OK)
        status = pe_column_dtypes_check(spec, source->format, err);
    if (status == PE_OK)
        status = source->kind->open(source, err);
    return finish_open(source, status, out, err);
}

void pe_source_close(pe_source *source)
{
    if (source == NULL)
        return;
    if (source->kind->close != NULL)
        source->kind->close(source);
    pe_map_close(&source->map);
    if (source->fd > STDIN_FILENO)
        close(source->fd); /* only read from: nothing can be lost */
    free(source);
}

pe_status pe_source_export(const pe_source *source, pe_buffer *out, pe_error *err)
{
    const exported_facts facts = {.info = source->info,
                                  .total = source->total,
                                  .file_bytes = source->file_bytes,
                                  .fingerprint = source->fingerprint};
    const unsigned char padding[EXPORTED_BYTES - sizeof facts + 1] = {0};
    pe_status status = pe_buffer_append(out, &facts, sizeof facts, err);
    if (status == PE_OK)
        status = pe_buffer_append(out, padding, sizeof padding - 1, err);
    if (status == PE_OK && source->kind->save != NULL)
        status = source->kind->save(source, out, err);
    return status;
}

/* Opens the file where it is the one that rank 0 has; otherwise the source is not local, which is no failure. */
static void open_same_file(pe_source *source)
{
    struct stat facts;
    pe_error ignored = PE_ERROR_INIT;
    if (stat(source->spec->path, &facts) != 0 || !S_ISREG(facts.st_mode) ||
        (uint64_t)facts.st_size != source->file_bytes ||
        pe_map_open(source->spec->path, &source->map, &ignored) != PE_OK)
        return;
    pe_fingerprint here = {.size = 0};
    source->is_local = pe_fingerprint_take(source->spec->path, &source->map, &here, &ignored) == PE_OK &&
                       pe_fingerprint_is_same(&here, &source->fingerprint);
    if (!source->is_local)
        pe_map_close(&source->map);
}

pe_status pe_source_import(const pe_source_spec *spec, const void *data, size_t size, pe_source **out, pe_error *err)
{
    assert(size >= EXPORTED_BYTES && (uintptr_t)data % 16 == 0);
    pe_source *source = NULL;
    pe_status status = allocate(spec, &source, err);
    if (status != PE_OK)
        return status;
    exported_facts facts;
    memcpy(&facts, data, sizeof facts);
    facts.info.name = source->info.name;
    source->info = facts.info;
    memset(source->info.names, 0, sizeof source->info.names); /* the kind's load sets its own */
    source->total = facts.total;
    source->file_bytes = facts.file_bytes;
    source->fingerprint = facts.fingerprint;
    source->is_local = !facts.info.is_file && !facts.info.is_stream;
    if (facts.info.is_file)
        open_same_file(source);
    if (source->kind->load != NULL)
        status = source->kind->load(source, (const unsigned char *)data + EXPORTED_BYTES, size - EXPORTED_BYTES, err);
    return finish_open(source, status, out, err);
}
