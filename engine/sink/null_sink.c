/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* null_sink.c - no output: results are computed and counted, their bytes are not written.
 *
 * Design: it opens no file; output.path is not used.
 * Threads: one at a time.
 */
#include "sink/sink_vtable.h"

static pe_status begin(pe_sink *sink, const pe_sink_spec *spec, pe_error *err)
{
    (void)sink;
    (void)spec;
    (void)err;
    return PE_OK;
}

static pe_status take(pe_sink *sink, const void *data, size_t bytes, uint64_t items, pe_error *err)
{
    (void)sink;
    (void)data;
    (void)bytes;
    (void)items;
    (void)err;
    return PE_OK;
}

static pe_status commit(pe_sink *sink, pe_error *err)
{
    (void)sink;
    (void)err;
    return PE_OK;
}

static void nothing(pe_sink *sink)
{
    (void)sink;
}

const pe_sink_vtable pe_null_sink = {begin, take, NULL, commit, nothing, NULL, nothing};
