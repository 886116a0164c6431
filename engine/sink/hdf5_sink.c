/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hdf5_sink.c - a dataset of an HDF5 file: the bytes before it, then packed rows.
 *
 * Invariant: under the final name there is a complete file only: the mode is map.
 * Design: a scratch file made by libhdf5 gives the bytes before the rows, whose length does not depend on their number. So
 *         the output is a header and rows, as an npy: the ranks write their rows at their places, and where the number of
 *         rows is known at the end alone, or was another in an earlier run, the header is replaced then.
 * Threads: one at a time.
 * Not here: HDF5 (format/hdf5), the rows (encode.c), the names of the columns (columns.c).
 */
#define _GNU_SOURCE /* mkostemp */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/errno_text.h"
#include "format/hdf5/hdf5.h"
#include "format/npy.h"
#include "sink/encode/columns.h"
#include "sink/output_stream.h"
#include "sink/sink_vtable.h"

#define PIECE_BYTES ((size_t)1 << 16)
#define DATASET "/result"
#define ATTRIBUTE_MOST ((size_t)16 << 10) /* bytes of a text; "..." stands for the rest */

typedef struct hdf5_state {
    pe_output_stream stream;
    pe_hdf5_layout layout;
    uint64_t shape[PE_NPY_PRINT_DIMS];
    pe_hdf5_column *columns;
    pe_buffer names;
    pe_hdf5_axis axes[PE_NPY_PRINT_DIMS];
    pe_hdf5_attribute attributes[3];
    char *texts[4]; /* dataset and attributes */
    uint64_t header_bytes;
    uint64_t items;
    bool is_header_final; /* the header that is written first is that of the complete file */
    int scratch;
} hdf5_state;

/* ---- what the file is to hold ---- */

static void make_shape(hdf5_state *state, const pe_sink_spec *spec)
{
    const bool has_axes = spec->axes != NULL && spec->axis_count > 0;
    const uint64_t *const axes = has_axes ? spec->axes : &spec->items;
    int dims = has_axes ? spec->axis_count : 1;
    memcpy(state->shape, axes, (size_t)dims * sizeof *axes);
    state->is_header_final = state->shape[0] != UINT64_MAX;
    if (!pe_columns_is_structured(spec) && spec->results[0].width > 0)
        state->shape[dims++] = spec->results[0].width;
    state->layout.shape = state->shape;
    state->layout.dims = dims;
}

/* The columns with their names: one per result, or one per element where every column has its name. */
static pe_status make_columns(hdf5_state *state, const pe_sink_spec *spec, pe_error *err)
{
    const size_t most = (size_t)pe_columns_count(spec) + (size_t)spec->kept_count + 1;
    int count = 0;
    pe_status status = pe_make_array(&state->columns, most, sizeof *state->columns, err);
    if (status == PE_OK)
        status = pe_columns_list(spec, &state->names, err);
    if (status != PE_OK)
        return status;
    const char *name = (const char *)state->names.data;
    if (spec->has_index) {
        state->columns[count++] = (pe_hdf5_column){name, {PE_INT64, 0}};
        name += strlen(name) + 1;
    }
    for (int k = 0; k < spec->kept_count; k++) {
        state->columns[count++] = (pe_hdf5_column){name, spec->kept[k].type};
        name += strlen(name) + 1;
    }
    for (int r = 0; r < spec->result_count; r++) {
        const uint32_t fields = pe_columns_fields(spec, r);
        for (uint32_t f = 0; f < fields; f++) {
            state->columns[count++] =
                (pe_hdf5_column){name, fields > 1 ? (pe_type){spec->results[r].dtype, 0} : spec->results[r]};
            name += strlen(name) + 1;
        }
    }
    state->layout.columns = state->columns;
    state->layout.column_count = count;
    state->layout.is_compound = pe_columns_is_structured(spec);
    return PE_OK;
}

/* An attribute is part of the dataset's header, which holds 64 KiB. */
static void shorten(char *text)
{
    size_t end = ATTRIBUTE_MOST;
    if (strlen(text) <= end + strlen("..."))
        return;
    while (end > 0 && ((unsigned char)text[end] & 0xC0u) == 0x80u) /* within a character */
        end--;
    memcpy(text + end, "...", sizeof "...");
}

static pe_status make_texts(hdf5_state *state, const pe_sink_spec *spec, pe_error *err)
{
    const pe_hdf5_attribute given[] = {
        {"pengine_job", spec->job_name}, {"pengine_kernel", spec->kernel_text}, {"pengine_where", spec->where_text}};
    pe_status status = pe_copy_string(&state->texts[0], spec->dataset != NULL ? spec->dataset : DATASET, err);
    int count = 0;
    for (size_t t = 0; t < sizeof given / sizeof *given && status == PE_OK; t++) {
        if (given[t].text == NULL)
            continue;
        status = pe_copy_string(&state->texts[count + 1], given[t].text, err);
        if (status == PE_OK)
            shorten(state->texts[count + 1]);
        state->attributes[count] = (pe_hdf5_attribute){given[t].name, state->texts[count + 1]};
        count++;
    }
    state->layout.dataset = state->texts[0];
    state->layout.attributes = state->attributes;
    state->layout.attribute_count = count;
    return status;
}

/* The values are those of the spec, which are there while the sink begins. */
static void take_axes(hdf5_state *state, const pe_sink_spec *spec)
{
    for (int a = 0; a < spec->axis_count && spec->axis_values != NULL; a++) {
        const pe_sink_axis *const axis = spec->axis_values + a;
        state->axes[a] = (pe_hdf5_axis){axis->name, axis->dtype, axis->values, axis->count};
        for (int b = 0; b < a; b++) /* two datasets cannot have one name */
            if (strcmp(axis->name, state->axes[b].name) == 0)
                state->axes[a].values = NULL;
        state->layout.axis_count = a + 1;
    }
    state->layout.axes = state->axes;
}

/* ---- the bytes before the rows ---- */

/* An empty file with a name, since libhdf5 opens by name, in the folder of the output, which has room for a file this long. */
static pe_status open_scratch(hdf5_state *state, char path[PATH_MAX], pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    const char *const output = state->stream.name, *const slash = strrchr(output, '/');
    const int folder = slash == NULL ? 0 : (int)(slash - output) + 1;
    if (state->scratch >= 0)
        (void)close(state->scratch);
    state->scratch = -1;
    if (snprintf(path, PATH_MAX, "%.*s.pengine-XXXXXX", folder, output) < PATH_MAX)
        state->scratch = mkostemp(path, O_CLOEXEC);
    if (state->scratch >= 0)
        return PE_OK;
    return pe_fail(err, PE_EOUTPUT, "%s: no scratch file can be made beside it: %s", output,
                   pe_errno_text(errno, reason));
}

/* Makes the scratch file for this number of rows. */
static pe_status make_scratch(hdf5_state *state, uint64_t rows, pe_error *err)
{
    char path[PATH_MAX];
    uint64_t shape[PE_NPY_PRINT_DIMS];
    pe_hdf5_layout layout = state->layout;
    memcpy(shape, state->shape, sizeof shape);
    shape[0] = rows;
    layout.shape = shape;
    pe_status status = open_scratch(state, path, err);
    if (status != PE_OK)
        return status;
    status = pe_hdf5_create(path, &layout, &state->header_bytes, err);
    (void)unlink(path);
    return status;
}

static pe_status read_scratch(const hdf5_state *state, uint64_t offset, unsigned char *out, size_t size, pe_error *err)
{
    char reason[PE_ERRNO_TEXT_SIZE];
    const ssize_t got = pread(state->scratch, out, size, (off_t)offset);
    if (got == (ssize_t)size)
        return PE_OK;
    return pe_fail(err, PE_EIO, "the scratch file of %s cannot be read: %s", state->stream.name,
                   got < 0 ? pe_errno_text(errno, reason) : "it is cut");
}

static pe_status send_header(hdf5_state *state, pe_error *err)
{
    unsigned char *piece = NULL;
    pe_status status = pe_make_array(&piece, PIECE_BYTES, 1, err);
    for (uint64_t done = 0; done < state->header_bytes && status == PE_OK;) {
        const uint64_t left = state->header_bytes - done;
        const size_t some = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        status = read_scratch(state, done, piece, some, err);
        if (status == PE_OK)
            status = pe_output_stream_start(&state->stream, piece, some, err);
        done += some;
    }
    free(piece);
    return status;
}

static pe_status replace_header(hdf5_state *state, pe_error *err)
{
    const uint64_t before = state->header_bytes;
    unsigned char *header = NULL;
    pe_status status = make_scratch(state, state->items, err);
    if (status == PE_OK && state->header_bytes > before)
        status = pe_fail(err, PE_EBUG, "%s: its header has grown", state->stream.name);
    if (status == PE_OK)
        status = pe_make_array(&header, (size_t)before, 1, err);
    if (status == PE_OK)
        status = read_scratch(state, 0, header, (size_t)state->header_bytes, err);
    if (status == PE_OK)
        status = pe_output_stream_rewrite(&state->stream, header, (size_t)before, err);
    free(header);
    return status;
}

/* ---- the sink ---- */

static pe_status begin(pe_sink *sink, const pe_sink_spec *spec, pe_error *err)
{
    pe_status status = pe_make_array(&sink->state, 1, sizeof(hdf5_state), err);
    if (status != PE_OK)
        return status;
    hdf5_state *const state = sink->state;
    state->scratch = -1;
    state->stream.fd = -1;
    sink->stream = &state->stream;
    make_shape(state, spec);
    take_axes(state, spec);
    status = make_columns(state, spec, err);
    if (status == PE_OK)
        status = make_texts(state, spec, err);
    if (status == PE_OK)
        status = pe_output_stream_begin(&state->stream, spec, spec->order, err);
    if (status == PE_OK && (!state->stream.can_rewrite || state->stream.is_buffered))
        return pe_fail(err, PE_ECONFIG, "%s: hdf5 needs a file, and %s is none", spec->where, state->stream.name);
    if (status == PE_OK)
        status = make_scratch(state, state->is_header_final ? state->shape[0] : 1, err);
    if (status == PE_OK)
        status = send_header(state, err);
    if (state->stream.is_resumed && state->layout.axis_count == 0 && spec->axis_count <= 1)
        state->is_header_final = false; /* the file's header is that of an earlier run, of a job that may have grown */
    state->layout.axes = NULL;          /* their values are in the file now */
    state->layout.axis_count = 0;
    state->items = spec->resumed == NULL ? 0 : spec->resumed->items;
    sink->row_stream = &state->stream;
    sink->first_row_offset = state->header_bytes;
    return status;
}

static pe_status take(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    hdf5_state *const state = sink->state;
    state->items += items;
    return pe_output_stream_write(&state->stream, data, bytes, err);
}

static pe_status advance(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err)
{
    hdf5_state *const state = sink->state;
    state->items += items;
    return pe_output_stream_advance(&state->stream, bytes, err);
}

static pe_status commit(pe_sink *sink, pe_error *err)
{
    hdf5_state *const state = sink->state;
    const pe_status status = state->is_header_final ? PE_OK : replace_header(state, err);
    if (status != PE_OK) {
        pe_output_stream_abort(&state->stream);
        return status;
    }
    return pe_output_stream_commit(&state->stream, sink->is_durable, err);
}

static void abort_hdf5(pe_sink *sink)
{
    pe_output_stream_abort(&((hdf5_state *)sink->state)->stream);
}

static void fini(pe_sink *sink)
{
    hdf5_state *const state = sink->state;
    pe_output_stream_fini(&state->stream);
    if (state->scratch >= 0)
        (void)close(state->scratch); /* nothing of it is kept */
    for (size_t t = 0; t < sizeof state->texts / sizeof *state->texts; t++)
        free(state->texts[t]);
    pe_buffer_fini(&state->names);
    free(state->columns);
    free(state);
}

const pe_sink_vtable pe_hdf5_sink = {
    .begin = begin, .write = take, .advance = advance, .commit = commit, .abort = abort_hdf5, .fini = fini};
