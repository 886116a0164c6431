/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* inputs_helpers.h - makes files and pipes, and opens them as inputs.
 *
 * Design: files are made in a directory of the test's own; the rank that cannot see them is one whose files were
 *         removed before it imports.
 */
#ifndef PE_TEST_INPUTS_HELPERS_H
#define PE_TEST_INPUTS_HELPERS_H

#include "inputs/inputs.h"
#include "source_file_helpers.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char directory[] = "pengine-inputs-XXXXXX";

static inline void enter(void)
{
    const char *const temporary = getenv("TMPDIR");
    ck_assert_int_eq(chdir(temporary != NULL ? temporary : "/tmp"), 0);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static inline void leave(void)
{
    ck_assert_int_eq(chdir(".."), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}

static inline pe_source_spec raw(const char *path, pe_dtype dtype, uint32_t width)
{
    pe_source_spec spec = as(file(path, PE_FORMAT_RAW), dtype);
    spec.dtype.width = width;
    return spec;
}

static inline void open_refused(const pe_source_spec *specs, int count, pe_combine combine, pe_status status,
                                const char *one, const char *other)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs *inputs = NULL;
    ck_assert_int_eq(pe_inputs_open(specs, count, combine, &inputs, &err), status);
    ck_assert_ptr_null(inputs);
    ck_assert_msg(strstr(err.text, one) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, other) != NULL, "%s", err.text);
}

/* Opens and binds to the native types, text where there are none. */
static inline pe_inputs *open_bound(const pe_source_spec *specs, int count, pe_combine combine)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs *inputs = NULL;
    pe_type types[PE_MAX_COLUMNS];
    bool untyped[PE_MAX_COLUMNS];
    pe_dtype numbers[PE_MAX_COLUMNS];
    ck_ok(pe_inputs_open(specs, count, combine, &inputs, &err), err);
    pe_inputs_types(inputs, types, untyped, numbers);
    for (int c = 0; c < pe_inputs_columns(inputs); c++)
        if (untyped[c])
            types[c] = (pe_type){PE_TEXT, 0};
    ck_ok(pe_inputs_bind(inputs, types, pe_inputs_columns(inputs), &err), err);
    return inputs;
}

/* The same inputs on a rank that no longer sees these files. */
static inline pe_inputs *import_without(const pe_inputs *inputs, const pe_source_spec *specs, int count,
                                        pe_combine combine, const char *const *gone, size_t gone_count)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs *there = NULL;
    pe_buffer bytes = {0};
    pe_type types[PE_MAX_COLUMNS];
    bool untyped[PE_MAX_COLUMNS];
    pe_dtype numbers[PE_MAX_COLUMNS];
    ck_ok(pe_inputs_export(inputs, &bytes, &err), err);
    for (size_t g = 0; g < gone_count; g++)
        ck_assert_int_eq(remove(gone[g]), 0);
    ck_ok(pe_inputs_import(specs, count, combine, bytes.data, bytes.size, &there, &err), err);
    pe_buffer_fini(&bytes);
    pe_inputs_types(there, types, untyped, numbers);
    for (int c = 0; c < pe_inputs_columns(there); c++)
        if (untyped[c])
            types[c] = (pe_type){PE_TEXT, 0};
    ck_ok(pe_inputs_bind(there, types, pe_inputs_columns(there), &err), err);
    return there;
}

static inline pe_inputs_reader *reader_of(const pe_inputs *inputs)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs_reader *reader = NULL;
    ck_ok(pe_inputs_reader_open(inputs, &reader, &err), err);
    return reader;
}

static inline void check_text(pe_text text, const char *expected)
{
    ck_assert_uint_eq(text.size, strlen(expected));
    ck_assert_mem_eq(text.data, expected, text.size);
}

/* A pipe to write to; its other end is opened as this path. */
static inline int pipe_at(char path[32])
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    snprintf(path, 32, "/dev/fd/%d", ends[0]);
    return ends[1];
}

static inline void feed(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

#endif
