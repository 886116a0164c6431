/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* source_helpers.h - makes source specs, opens and reads them, and checks error messages.
 */
#ifndef PE_TEST_SOURCE_HELPERS_H
#define PE_TEST_SOURCE_HELPERS_H

#include <string.h>

#include "source/source.h"
#include "unit.h"

#define WHERE "job.toml:7:1: input"

static inline pe_source_spec integer_range(pe_int128 start, pe_int128 stop, pe_int128 step)
{
    return (pe_source_spec){.kind = PE_SOURCE_RANGE,
                            .where = WHERE,
                            .start = {.dtype = PE_INT128, .integer = start},
                            .stop = {.dtype = PE_INT128, .integer = stop},
                            .step = {.dtype = PE_INT128, .integer = step}};
}

static inline pe_source_spec real_range(double start, double stop, double step)
{
    return (pe_source_spec){.kind = PE_SOURCE_RANGE,
                            .where = WHERE,
                            .start = {.dtype = PE_FLOAT64, .real = start},
                            .stop = {.dtype = PE_FLOAT64, .real = stop},
                            .step = {.dtype = PE_FLOAT64, .real = step}};
}

static inline pe_source_spec linspace(double first, double last, uint64_t points)
{
    return (pe_source_spec){
        .kind = PE_SOURCE_LINSPACE, .where = WHERE, .first_value = first, .last_value = last, .points = points};
}

static inline pe_source_spec integer_value(int64_t value)
{
    return (pe_source_spec){.kind = PE_SOURCE_VALUE, .where = WHERE, .value = {.dtype = PE_INT64, .integer = value}};
}

static inline pe_source_spec real_value(double value)
{
    return (pe_source_spec){.kind = PE_SOURCE_VALUE, .where = WHERE, .value = {.dtype = PE_FLOAT64, .real = value}};
}

static inline pe_source_spec text_value(const char *text)
{
    return (pe_source_spec){
        .kind = PE_SOURCE_VALUE, .where = WHERE, .value = {.dtype = PE_TEXT, .text = {text, strlen(text)}}};
}

static inline pe_source_spec file(const char *path, pe_format format)
{
    return (pe_source_spec){.kind = PE_SOURCE_FILE, .where = WHERE, .path = path, .format = format, .header = true};
}

static inline pe_source_spec as(pe_source_spec spec, pe_dtype dtype)
{
    spec.has_dtype = true;
    spec.dtype = (pe_type){dtype, 0};
    return spec;
}

static inline pe_source_spec from(pe_source_spec spec, uint64_t first)
{
    spec.has_first = true;
    spec.first = first;
    return spec;
}

static inline pe_source_spec only(pe_source_spec spec, uint64_t count)
{
    spec.has_count = true;
    spec.count = count;
    return spec;
}

/* Opening must fail with this status and name these (NULL: nothing more) in its message. */
static inline void refused(pe_source_spec spec, pe_status status, const char *one, const char *other)
{
    pe_error err = PE_ERROR_INIT;
    pe_source *source = NULL;
    ck_assert_int_eq(pe_source_open(&spec, &source, &err), status);
    ck_assert_ptr_null(source);
    ck_assert_msg(strstr(err.text, WHERE) == err.text, "%s", err.text);
    ck_assert_msg(one == NULL || strstr(err.text, one) != NULL, "%s", err.text);
    ck_assert_msg(other == NULL || strstr(err.text, other) != NULL, "%s", err.text);
}

static inline void bind_refused(pe_source_spec spec, pe_type want, const char *named)
{
    pe_error err = PE_ERROR_INIT;
    pe_source *source = NULL;
    ck_ok(pe_source_open(&spec, &source, &err), err);
    ck_assert_int_eq(pe_source_bind(source, &want, 1, &err), PE_ECONFIG);
    ck_assert_msg(strstr(err.text, named) != NULL, "%s", err.text);
    pe_source_close(source);
}

static inline pe_source_info facts(pe_source_spec spec)
{
    pe_error err = PE_ERROR_INIT;
    pe_source *source = NULL;
    ck_ok(pe_source_open(&spec, &source, &err), err);
    const pe_source_info info = *pe_source_get_info(source);
    pe_source_close(source);
    return info;
}

/* The items of block as `want`, read in pieces of `piece` items by a source that went through an export. */
static inline void read_pieces(pe_source_spec spec, pe_dtype want, pe_block block, uint64_t piece, void *out)
{
    pe_error err = PE_ERROR_INIT;
    pe_source *first = NULL, *source = NULL;
    pe_reader *reader = NULL;
    pe_buffer bytes = {0};
    ck_ok(pe_source_open(&spec, &first, &err), err);
    ck_ok(pe_source_export(first, &bytes, &err), err);
    ck_ok(pe_source_import(&spec, bytes.data, bytes.size, &source, &err), err);
    ck_ok(pe_source_bind(source, &(pe_type){want, 0}, 1, &err), err);
    ck_ok(pe_reader_open(source, &reader, &err), err);
    pe_status status = PE_OK;
    for (uint64_t done = 0; done < block.count && status == PE_OK; done += piece) {
        const uint64_t count = block.count - done < piece ? block.count - done : piece;
        void *const column = (unsigned char *)out + done * pe_dtype_bytes(want);
        status = pe_reader_read(reader, (pe_block){block.first + done, count}, NULL, NULL, &column, &err);
    }
    ck_ok(status, err);
    pe_reader_close(reader);
    pe_source_close(source);
    pe_source_close(first);
    pe_buffer_fini(&bytes);
}

static inline void read_items(pe_source_spec spec, pe_dtype want, pe_block block, void *out)
{
    read_pieces(spec, want, block, block.count + 1, out);
}

/* FNV-1a, to compare many items with what Python computed. */
static inline uint64_t hash(const void *data, size_t size)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        h = (h ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
    return h;
}

#endif
