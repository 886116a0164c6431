/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* sink_helpers.h - opens, writes and ends a sink in a directory of the test's own, and compares files.
 */
#ifndef PE_TEST_SINK_HELPERS_H
#define PE_TEST_SINK_HELPERS_H

#include "sink/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/npy.h"
#include "unit.h"

#define UNKNOWN UINT64_MAX
#define FILE_ROOM ((size_t)4 << 20)

static const pe_type int64_type[] = {{PE_INT64, 0}};
static const pe_type text_type[] = {{PE_TEXT, 0}};
static const pe_type vector_type[] = {{PE_FLOAT64, 3}};
static const pe_type divmod_types[] = {{PE_FLOAT64, 0}, {PE_INT64, 3}};

static char directory[64];
static unsigned char content[FILE_ROOM];

/* Each test has its process and its directory, which it leaves by tidy(). */
static inline void enter(void)
{
    snprintf(directory, sizeof directory, "/tmp/pe_test_sink_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static inline void tidy(void)
{
    static const char *const names[] = {"x.npy",      "x.csv",      "x.tsv",        "x.txt",      "x.raw",
                                        "x.digest",   "fifo",       "stdout",       "x.npy.part", "x.csv.part",
                                        "x.txt.part", "x.raw.part", "x.digest.part"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        unlink(names[n]);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_msg(rmdir(directory) == 0, "%s: %s", directory, strerror(errno));
}

static inline pe_sink_spec make_spec(const char *path, pe_order order, const pe_type *results, int result_count)
{
    return (pe_sink_spec){.where = "job.toml:14:1: output",
                          .path = path,
                          .order = order,
                          .results = results,
                          .result_count = result_count,
                          .items = UNKNOWN};
}

static inline pe_sink *begin(const pe_sink_spec *spec)
{
    pe_error err = PE_ERROR_INIT;
    pe_sink *sink = NULL;
    ck_ok(pe_sink_begin(spec, &sink, &err), err);
    return sink;
}

static inline void put(pe_sink *sink, const void *data, size_t bytes, uint64_t items)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_sink_write(sink, data, bytes, items, &err), err);
}

/* Counts rows that are in the file already. */
static inline void advance(pe_sink *sink, size_t bytes, uint64_t items)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_sink_advance(sink, bytes, items, &err), err);
}

static inline void put_text(pe_sink *sink, const char *text, uint64_t items)
{
    put(sink, text, strlen(text), items);
}

static inline pe_row_file open_row_file(const pe_sink *sink, size_t row_bytes)
{
    pe_error err = PE_ERROR_INIT;
    pe_row_file row_file;
    ck_ok(pe_sink_open_row_file(sink, row_bytes, &row_file, &err), err);
    return row_file;
}

static inline void finish(pe_sink *sink)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_sink_commit(sink, false, &err), err);
    pe_sink_free(sink);
}

static inline void give_up(pe_sink *sink)
{
    pe_sink_abort(sink);
    pe_sink_free(sink);
}

static inline bool exists(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0;
}

static inline size_t load(const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    const size_t size = fread(content, 1, sizeof content, file);
    fclose(file);
    return size;
}

static inline void holds(const char *path, const void *expected, size_t size)
{
    const size_t got = load(path);
    ck_assert_msg(got == size && memcmp(content, expected, size) == 0, "%s: %zu bytes, expected %zu: \"%.*s\"", path,
                  got, size, (int)got, (const char *)content);
}

static inline void holds_text(const char *path, const char *expected)
{
    holds(path, expected, strlen(expected));
}

/* stdout becomes the file "stdout" (of the test's process, which ends with the test). */
static inline int catch_stdout(void)
{
    fflush(stdout);
    const int before = dup(STDOUT_FILENO);
    const int fd = open("stdout", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert(before >= 0 && fd >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
    close(fd);
    return before;
}

static inline void restore_stdout(int before)
{
    ck_assert_int_eq(dup2(before, STDOUT_FILENO), STDOUT_FILENO);
    close(before);
}

/* What numpy.save puts before the data: magic, 1.0, length 118, the dict, spaces to 127, a newline. */
static inline size_t npy_header(unsigned char out[128], const char *dict)
{
    memset(out, ' ', 128);
    memcpy(out, "\x93NUMPY\x01\x00v\x00", 10);
    memcpy(out + 10, dict, strlen(dict));
    out[127] = '\n';
    return 128;
}

/* The header of the file as it stands promises no more than is there; returns the first dimension. */
static inline uint64_t promised_rows(const char *path, size_t item_bytes)
{
    pe_error err = PE_ERROR_INIT;
    pe_npy_header header;
    const size_t size = load(path);
    ck_ok(pe_npy_parse(content, size, path, &header, &err), err);
    ck_assert_msg(header.count * item_bytes <= size - header.data_offset, "%zu bytes, %zu promised", size,
                  (size_t)header.count * item_bytes);
    return header.shape[0];
}

#endif
