/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_sink.c - a numpy array: a header, then packed rows.
 *
 * Design: the header's length never changes, so it is corrected in place, always after the data that it tells of is
 *         in the file. While the array grows it tells of whole rows of the first axis alone. It is corrected with
 *         every write that comes 1 MiB or 100 ms after the last correction, so that its cost is bounded; in between it
 *         tells of less than is there, never of more. Rows may be placed before their turn: what is not yet told of does
 *         not count, and is cut off when the run fails. A place whose earlier bytes cannot be replaced (a pipe) needs
 *         the number of items beforehand, and the run fails when that number is not met.
 * Threads: one at a time.
 * Not here: rows (encode.c), descr (columns.c), the header's text (format/npy_print.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "format/npy.h"
#include "sink/columns.h"
#include "sink/output_stream.h"
#include "sink/sink_vtable.h"

#define FRESH_BYTES ((uint64_t)1 << 20)
#define FRESH_NS ((uint64_t)100 * 1000 * 1000)

typedef struct npy_state {
    pe_output_stream stream;
    pe_buffer descr; /* terminated */
    pe_buffer header;
    bool is_growing; /* readers may look at it before commit */
    bool is_exact;   /* the number of items was promised: by the axes, or to a pipe */
    int dims;
    uint64_t shape[PE_NPY_PRINT_DIMS]; /* at the end; shape[0] follows what was written when it is not known */
    uint64_t inner;                    /* items in one row of the first axis */
    uint64_t promised;                 /* rows that the header in the file tells of */
    uint64_t items;
    uint64_t told_bytes, told_ns; /* size of the file and time when the header was last corrected */
} npy_state;

/* Items in one row of the first axis. */
static uint64_t count_inner(const uint64_t *axes, int count)
{
    uint64_t inner = 1;
    for (int a = 1; a < count; a++) {
        if (axes[a] == 0)
            return 0;
        inner = inner > UINT64_MAX / axes[a] ? UINT64_MAX : inner * axes[a];
    }
    return inner;
}

/* The shape: of the product's axes where the order is theirs, else of the items; a lone vector is one more axis. */
static void make_shape(npy_state *state, const pe_sink_spec *spec)
{
    const bool has_axes = spec->axes != NULL && spec->axis_count > 0 && spec->order != PE_ORDER_UNORDERED;
    const uint64_t *axes = has_axes ? spec->axes : &spec->items;
    state->dims = has_axes ? spec->axis_count : 1;
    memcpy(state->shape, axes, (size_t)state->dims * sizeof *axes);
    state->inner = count_inner(axes, state->dims);
    state->is_exact = has_axes;
    if (!pe_columns_is_structured(spec) && spec->results[0].width > 0)
        state->shape[state->dims++] = spec->results[0].width;
}

/* Whole rows of the first axis among `items` items. Without items in a row any number of rows is there. */
static uint64_t whole_rows(const npy_state *state, uint64_t items)
{
    return state->inner == 0 ? state->shape[0] : items / state->inner;
}

static pe_status print_header(npy_state *state, uint64_t rows, pe_error *err)
{
    uint64_t shape[PE_NPY_PRINT_DIMS];
    memcpy(shape, state->shape, sizeof shape);
    shape[0] = rows;
    state->header.size = 0;
    return pe_npy_print((const char *)state->descr.data, shape, state->dims, &state->header, err);
}

static pe_status correct_header(npy_state *state, uint64_t rows, pe_error *err)
{
    if (rows == state->promised)
        return PE_OK;
    pe_status status = print_header(state, rows, err);
    if (status == PE_OK)
        status = pe_output_stream_rewrite(&state->stream, state->header.data, state->header.size, err);
    if (status == PE_OK)
        state->promised = rows;
    return status;
}

static pe_status print_descr(npy_state *state, const pe_sink_spec *spec, pe_error *err)
{
    const pe_status status = pe_columns_print_descr(spec, &state->descr, err);
    return status != PE_OK ? status : pe_buffer_append(&state->descr, "", 1, err);
}

static pe_status begin(pe_sink *sink, const pe_sink_spec *spec, pe_error *err)
{
    pe_status status = pe_make_array(&sink->state, 1, sizeof(npy_state), err);
    if (status != PE_OK)
        return status;
    npy_state *state = sink->state;
    make_shape(state, spec);
    status = print_descr(state, spec, err);
    if (status == PE_OK)
        status = pe_output_stream_begin(&state->stream, spec->path, spec->order, err);
    if (status != PE_OK)
        return status;
    state->is_exact = state->is_exact || !state->stream.can_rewrite;
    state->is_growing = state->stream.can_rewrite && spec->order != PE_ORDER_WHOLE;
    if (!state->stream.can_rewrite && state->shape[0] == UINT64_MAX)
        return pe_fail(err, PE_ECONFIG,
                       "%s: npy on %s needs the number of items beforehand, and this input has none; write to a file, "
                       "or use format raw, csv or txt",
                       spec->where, state->stream.name);
    state->promised = state->stream.can_rewrite ? whole_rows(state, 0) : state->shape[0];
    status = print_header(state, state->promised, err);
    if (status == PE_OK)
        status = pe_output_stream_start(&state->stream, state->header.data, state->header.size, err);
    if (state->stream.can_rewrite && !state->stream.is_held && spec->order != PE_ORDER_UNORDERED) {
        sink->row_file = &state->stream;
        sink->first_place = state->header.size;
    }
    return status;
}

/* `items` more are in the file. */
static pe_status count_items(npy_state *state, uint64_t items, pe_error *err)
{
    state->items += items;
    if (!state->is_growing)
        return PE_OK;
    const uint64_t now = pe_clock_ns();
    if (state->stream.bytes - state->told_bytes < FRESH_BYTES && now - state->told_ns < FRESH_NS)
        return PE_OK;
    state->told_bytes = state->stream.bytes;
    state->told_ns = now;
    return correct_header(state, whole_rows(state, state->items), err);
}

static pe_status take(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    npy_state *state = sink->state;
    const pe_status status = pe_output_stream_write(&state->stream, data, bytes, err);
    return status == PE_OK ? count_items(state, items, err) : status;
}

static pe_status advance(pe_sink *sink, size_t bytes, uint64_t items, pe_error *err)
{
    npy_state *state = sink->state;
    pe_output_stream_advance(&state->stream, bytes);
    return count_items(state, items, err);
}

/* A product must be whole, and a pipe must have got what it was promised. */
static pe_status check_count(const npy_state *state, pe_error *err)
{
    const uint64_t expected = state->shape[0] * state->inner;
    if (!state->is_exact || state->items == expected)
        return PE_OK;
    return pe_fail(err, PE_EBUG, "%s: npy: %" PRIu64 " items were written, %" PRIu64 " were promised",
                   state->stream.name, state->items, expected);
}

static pe_status commit(pe_sink *sink, pe_error *err)
{
    npy_state *state = sink->state;
    pe_status status = check_count(state, err);
    if (status == PE_OK && state->stream.can_rewrite)
        status = correct_header(state, whole_rows(state, state->items), err);
    if (status != PE_OK) {
        pe_output_stream_abort(&state->stream, state->is_growing && state->items > 0);
        return status;
    }
    return pe_output_stream_commit(&state->stream, err);
}

static void give_up(pe_sink *sink)
{
    npy_state *state = sink->state;
    if (state->is_growing && state->items > 0 && state->stream.fd >= 0) {
        pe_error ignored = PE_ERROR_INIT; /* the run has failed already; the older header is right too */
        (void)correct_header(state, whole_rows(state, state->items), &ignored);
    }
    pe_output_stream_abort(&state->stream, state->items > 0);
}

static void fini(pe_sink *sink)
{
    npy_state *state = sink->state;
    pe_output_stream_fini(&state->stream);
    pe_buffer_fini(&state->descr);
    pe_buffer_fini(&state->header);
    free(state);
}

const pe_sink_vtable pe_npy_sink = {begin, take, advance, commit, give_up, fini};
