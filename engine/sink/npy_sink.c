/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* npy_sink.c - a numpy array: a header, then packed rows.
 *
 * Invariant: the header never states more rows than the file holds.
 * Design: the length of the header is constant, so it is updated in place, after the rows that it states were written.
 *         While the array grows the header states complete rows of the first axis. It is updated by a write that comes
 *         1 MiB or 100 ms after the last update, which bounds the cost. Ranks may write rows at their offsets before
 *         their turn; rows beyond the end of the stream do not count, and are truncated when the run fails. A stream
 *         that cannot be rewritten (a pipe) needs the number of items beforehand; the run fails when another number
 *         comes.
 * Threads: one at a time.
 * Not here: the rows (encode.c), the dtype (columns.c), the text of the header (format/npy_print.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "format/npy.h"
#include "sink/encode/columns.h"
#include "sink/output_stream.h"
#include "sink/sink_vtable.h"

#define UPDATE_BYTES ((uint64_t)1 << 20)
#define UPDATE_NS ((uint64_t)100 * 1000 * 1000)

typedef struct npy_state {
    pe_output_stream stream;
    pe_buffer descr; /* terminated */
    pe_buffer header;
    bool is_growing; /* readers may look at it before commit */
    bool is_exact;   /* the number of items is fixed: by the axes, or by the header that a pipe got */
    int dims;
    uint64_t shape[PE_NPY_PRINT_DIMS]; /* of the complete array; shape[0] may be unknown */
    uint64_t inner;                    /* items in one row of the first axis */
    uint64_t header_rows;              /* rows that the header in the file states */
    uint64_t items;
    uint64_t header_bytes, header_ns; /* length of the stream and time at the last update of the header */
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

/* The shape: the axes of a product in an ordered mode, else (items,); the width of a single vector result is one more
 * axis. */
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

/* Complete rows of the first axis in `items` items. Rows without items are complete. */
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

static pe_status update_header(npy_state *state, uint64_t rows, pe_error *err)
{
    if (rows == state->header_rows)
        return PE_OK;
    pe_status status = print_header(state, rows, err);
    if (status == PE_OK)
        status = pe_output_stream_rewrite(&state->stream, state->header.data, state->header.size, err);
    if (status == PE_OK)
        state->header_rows = rows;
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
    sink->stream = &state->stream;
    make_shape(state, spec);
    status = print_descr(state, spec, err);
    if (status == PE_OK)
        status = pe_output_stream_begin(&state->stream, spec, spec->order, err);
    if (status != PE_OK)
        return status;
    state->is_exact = state->is_exact || !state->stream.can_rewrite;
    state->is_growing = state->stream.can_rewrite && spec->order != PE_ORDER_WHOLE;
    if (!state->stream.can_rewrite && state->shape[0] == UINT64_MAX)
        return pe_fail(err, PE_ECONFIG,
                       "%s: npy on %s needs the number of items beforehand, and this input has none; write to a file, "
                       "or use format raw, csv or txt",
                       spec->where, state->stream.name);
    state->items = spec->resumed == NULL ? 0 : spec->resumed->items;
    state->header_rows = state->stream.is_resumed    ? UINT64_MAX /* whatever was there: the next update writes it */
                         : state->stream.can_rewrite ? whole_rows(state, 0)
                                                     : state->shape[0];
    status = print_header(state, state->stream.is_resumed ? 0 : state->header_rows, err);
    if (status == PE_OK)
        status = pe_output_stream_start(&state->stream, state->header.data, state->header.size, err);
    if (state->stream.can_rewrite && !state->stream.is_buffered && spec->order != PE_ORDER_UNORDERED) {
        sink->row_stream = &state->stream;
        sink->first_row_offset = state->header.size;
    }
    return status;
}

static bool is_header_due(const npy_state *state, uint64_t now)
{
    return state->is_growing &&
           (state->stream.bytes - state->header_bytes >= UPDATE_BYTES || now - state->header_ns >= UPDATE_NS);
}

/* `items` more are in the file. They count when the header is right. */
static pe_status count_items(npy_state *state, uint64_t items, pe_error *err)
{
    const uint64_t now = state->is_growing ? pe_clock_ns() : 0;
    if (is_header_due(state, now)) {
        if (update_header(state, whole_rows(state, state->items + items), err) != PE_OK)
            return err->status;
        state->header_bytes = state->stream.bytes;
        state->header_ns = now;
    }
    state->items += items;
    return PE_OK;
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
    const pe_status status = pe_output_stream_advance(&state->stream, bytes, err);
    return status == PE_OK ? count_items(state, items, err) : status;
}

/* A product must be complete, and a pipe must have the items that its header states. */
static pe_status check_count(const npy_state *state, pe_error *err)
{
    const uint64_t expected = state->shape[0] * state->inner;
    if (!state->is_exact || state->items == expected)
        return PE_OK;
    return pe_fail(err, PE_EBUG, "%s: npy: %" PRIu64 " items were written, the header states %" PRIu64,
                   state->stream.name, state->items, expected);
}

static pe_status commit(pe_sink *sink, pe_error *err)
{
    npy_state *state = sink->state;
    pe_status status = check_count(state, err);
    if (status == PE_OK && state->stream.can_rewrite)
        status = update_header(state, whole_rows(state, state->items), err);
    if (status != PE_OK) {
        pe_output_stream_abort(&state->stream);
        return status;
    }
    return pe_output_stream_commit(&state->stream, sink->is_durable, err);
}

static void abort_npy(pe_sink *sink)
{
    npy_state *state = sink->state;
    if (state->is_growing && state->items > 0 && state->stream.fd >= 0) {
        pe_error ignored = PE_ERROR_INIT; /* the run has failed already; the older header is also correct */
        (void)update_header(state, whole_rows(state, state->items), &ignored);
    }
    pe_output_stream_abort(&state->stream);
}

static void fini(pe_sink *sink)
{
    npy_state *state = sink->state;
    pe_output_stream_fini(&state->stream);
    pe_buffer_fini(&state->descr);
    pe_buffer_fini(&state->header);
    free(state);
}

const pe_sink_vtable pe_npy_sink = {begin, take, advance, commit, abort_npy, NULL, fini};
