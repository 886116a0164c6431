/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* packed_mark.c - the position in a .gz or .zst output from which a later run continues.
 *
 * Threads:  one at a time.
 * Not here: packing (packer.c), unpacking (packed_reader.c).
 */
#include "sink/packed/packed_mark.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "sink/packed/packed_reader.h"

/* The rows that are not in the file follow it. */
typedef struct saved_state {
    uint64_t member_begin;
} saved_state;

pe_status pe_packed_mark_save(pe_packer *packer, pe_buffer *out, pe_error *err)
{
    if (pe_packer_flush(packer, err) != PE_OK)
        return err->status;
    const saved_state state = {.member_begin = pe_packer_tell(packer)};
    const pe_buffer *const rows = pe_packer_tail(packer);
    pe_status status = pe_buffer_append(out, &state, sizeof state, err);
    return status == PE_OK ? pe_buffer_append(out, rows->data, rows->size, err) : status;
}

/* The line of names precedes the first member's records. */
static pe_status take(pe_packer *packer, size_t *names_bytes, const unsigned char *data, size_t size, pe_error *err)
{
    const size_t names = *names_bytes < size ? *names_bytes : size;
    const pe_status status = pe_packer_start(packer, data, names, err);
    *names_bytes -= names;
    return status == PE_OK ? pe_packer_write(packer, data + names, size - names, err) : status;
}

/* The rows of the current member that are in the file. */
static pe_status take_file(pe_packer *packer, pe_packed_reader *reader, size_t *names_bytes, pe_error *err)
{
    unsigned char *rows = NULL;
    size_t made = 1;
    pe_status status = pe_make_array(&rows, PE_PIECE_BYTES, 1, err);
    while (status == PE_OK && made > 0) {
        status = pe_packed_reader_read(reader, rows, PE_PIECE_BYTES, &made, err);
        if (status == PE_OK && made > 0)
            status = take(packer, names_bytes, rows, made, err);
    }
    free(rows);
    return status;
}

static pe_status take_all(pe_packer *packer, pe_packing packing, const char *path, const pe_sink_mark *mark,
                          uint64_t begin, size_t names_bytes, pe_error *err)
{
    const unsigned char *const rest = (const unsigned char *)mark->state + sizeof(saved_state);
    pe_packed_reader *reader = NULL;
    size_t names = begin == 0 ? names_bytes : 0;
    pe_status status = PE_OK;
    if (mark->bytes > begin)
        status = pe_packed_reader_open(packing, path, begin, mark->bytes, &reader, err);
    if (status == PE_OK && reader != NULL)
        status = take_file(packer, reader, &names, err);
    pe_packed_reader_close(reader);
    if (status == PE_OK)
        status = take(packer, &names, rest, mark->state_bytes - sizeof(saved_state), err);
    return status == PE_OK ? pe_packer_flush(packer, err) : status;
}

pe_status pe_packed_mark_resume(pe_packer *packer, pe_packing packing, pe_output_stream *stream,
                                const pe_sink_mark *mark, size_t names_bytes, pe_error *err)
{
    saved_state state = {.member_begin = UINT64_MAX};
    if (mark->state_bytes >= sizeof state)
        memcpy(&state, mark->state, sizeof state);
    if (state.member_begin > mark->bytes)
        return pe_fail(err, PE_EDATA, "%s: the checkpoint does not say where its last member begins", stream->name);
    pe_packer_begin_at(packer, state.member_begin, mark->bytes);
    const pe_status status =
        take_all(packer, packing, pe_output_stream_file(stream), mark, state.member_begin, names_bytes, err);
    if (status == PE_OK && stream->bytes != mark->bytes)
        return pe_fail(err, PE_EOUTPUT,
                       "cannot go on with %s: it was changed since the checkpoint was written; --restart begins anew",
                       stream->name);
    return status;
}
