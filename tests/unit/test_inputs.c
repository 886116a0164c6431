/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_inputs.c - zips, products, payloads and streams of several inputs.
 *
 * Design:   what a product must give comes from nested loops, what a file must give from how the test wrote it. Files
 *           are made in a directory of the test's own; the rank that cannot see them is one whose files were removed
 *           before it imports.
 * Threads:  one.
 * Not here: each kind of source by itself.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "source/inputs.h"
#include "sources.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define CHUNK_WAIT_MS 1000

static char directory[] = "pengine-inputs-XXXXXX";

static void enter(void)
{
    const char *const temporary = getenv("TMPDIR");
    ck_assert_int_eq(chdir(temporary != NULL ? temporary : "/tmp"), 0);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static void leave(void)
{
    ck_assert_int_eq(chdir(".."), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *const out = fopen(name, "wb");
    ck_assert_ptr_nonnull(out);
    ck_assert_uint_eq(fwrite(data, 1, size, out), size);
    ck_assert_int_eq(fclose(out), 0);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

static pe_source_spec raw(const char *path, pe_dtype dtype, uint32_t width)
{
    pe_source_spec spec = as(file(path, PE_FORMAT_RAW), dtype);
    spec.dtype.width = width;
    return spec;
}

static void open_refused(const pe_source_spec *specs, int count, pe_combine combine, pe_status status, const char *one,
                         const char *other)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs *inputs = NULL;
    ck_assert_int_eq(pe_inputs_open(specs, count, combine, &inputs, &err), status);
    ck_assert_ptr_null(inputs);
    ck_assert_msg(strstr(err.text, one) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, other) != NULL, "%s", err.text);
}

/* Opens and binds to the native types, text where there are none. */
static pe_inputs *open_bound(const pe_source_spec *specs, int count, pe_combine combine)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs *inputs = NULL;
    pe_type types[PE_MAX_COLUMNS];
    bool untyped[PE_MAX_COLUMNS];
    ck_ok(pe_inputs_open(specs, count, combine, &inputs, &err), err);
    pe_inputs_types(inputs, types, untyped);
    for (int c = 0; c < pe_inputs_columns(inputs); c++)
        if (untyped[c])
            types[c] = (pe_type){PE_TEXT, 0};
    ck_ok(pe_inputs_bind(inputs, types, pe_inputs_columns(inputs), &err), err);
    return inputs;
}

/* The same inputs on a rank that no longer sees these files. */
static pe_inputs *import_without(const pe_inputs *inputs, const pe_source_spec *specs, int count, pe_combine combine,
                                 const char *const *gone, size_t gone_count)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs *there = NULL;
    pe_buffer bytes = {0};
    pe_type types[PE_MAX_COLUMNS];
    bool untyped[PE_MAX_COLUMNS];
    ck_ok(pe_inputs_export(inputs, &bytes, &err), err);
    for (size_t g = 0; g < gone_count; g++)
        ck_assert_int_eq(remove(gone[g]), 0);
    ck_ok(pe_inputs_import(specs, count, combine, bytes.data, bytes.size, &there, &err), err);
    pe_buffer_fini(&bytes);
    pe_inputs_types(there, types, untyped);
    for (int c = 0; c < pe_inputs_columns(there); c++)
        if (untyped[c])
            types[c] = (pe_type){PE_TEXT, 0};
    ck_ok(pe_inputs_bind(there, types, pe_inputs_columns(there), &err), err);
    return there;
}

static pe_inputs_reader *reader_of(const pe_inputs *inputs)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs_reader *reader = NULL;
    ck_ok(pe_inputs_reader_open(inputs, &reader, &err), err);
    return reader;
}

static void check_text(pe_text text, const char *expected)
{
    ck_assert_uint_eq(text.size, strlen(expected));
    ck_assert_mem_eq(text.data, expected, text.size);
}

START_TEST(inputs_with_two_on_stdin_are_refused)
{
    const pe_source_spec specs[] = {file("-", PE_FORMAT_TXT), integer_value(1), file("-", PE_FORMAT_TXT)};
    open_refused(specs, 3, PE_COMBINE_ZIP, PE_ECONFIG, "stdin", "input 1");
}
END_TEST

START_TEST(inputs_of_values_alone_are_refused)
{
    const pe_source_spec specs[] = {integer_value(1), real_value(2)};
    open_refused(specs, 2, PE_COMBINE_ZIP, PE_ECONFIG, "length", "other inputs");
    open_refused(specs, 2, PE_COMBINE_PRODUCT, PE_ECONFIG, "length", "other inputs");
    pe_inputs *const inputs =
        open_bound((const pe_source_spec[]){only(integer_value(1), 4), real_value(2)}, 2, PE_COMBINE_ZIP);
    ck_assert_uint_eq(pe_inputs_count(inputs), 4);
    pe_inputs_close(inputs);
}
END_TEST

START_TEST(inputs_of_different_lengths_are_refused)
{
    const pe_source_spec specs[] = {real_value(1), integer_range(0, 10, 1), linspace(0, 1, 9)};
    open_refused(specs, 3, PE_COMBINE_ZIP, PE_EDATA, "input 2 (range) has 10 items", "input 3 (linspace) has 9");
    const pe_source_spec none[] = {integer_range(0, 0, 1), linspace(0, 1, 1)};
    open_refused(none, 2, PE_COMBINE_ZIP, PE_EDATA, "has 0 items", "has 1");
}
END_TEST

START_TEST(inputs_with_too_many_columns_are_refused)
{
    pe_source_spec specs[PE_MAX_COLUMNS + 1];
    for (size_t s = 0; s < COUNT(specs); s++)
        specs[s] = integer_range(0, 1, 1);
    open_refused(specs, PE_MAX_COLUMNS + 1, PE_COMBINE_ZIP, PE_ECONFIG, "65", "64");
    pe_inputs_close(open_bound(specs, PE_MAX_COLUMNS, PE_COMBINE_ZIP));
    enter();
    put_text("two.csv", "a,b\n1,2\n");
    specs[5] = file("two.csv", PE_FORMAT_AUTO);
    open_refused(specs, PE_MAX_COLUMNS, PE_COMBINE_ZIP, PE_ECONFIG, "65 columns", "64");
    ck_assert_int_eq(remove("two.csv"), 0);
    leave();
}
END_TEST

START_TEST(product_beyond_two_to_63_is_refused)
{
    const pe_int128 two_32 = (pe_int128)1 << 32;
    const pe_source_spec specs[] = {integer_range(0, two_32, 1), integer_range(0, two_32, 1)};
    open_refused(specs, 2, PE_COMBINE_PRODUCT, PE_ECONFIG, "4294967296 times 4294967296", "2^63");
    const pe_source_spec most[] = {integer_range(0, two_32, 1), integer_range(0, two_32 / 2, 1)};
    pe_inputs *const inputs = open_bound(most, 2, PE_COMBINE_PRODUCT);
    ck_assert_uint_eq(pe_inputs_count(inputs), UINT64_C(1) << 63);
    pe_inputs_reader *const reader = reader_of(inputs);
    pe_error err = PE_ERROR_INIT;
    int64_t a = 0, b = 0;
    void *const columns[] = {&a, &b};
    ck_ok(pe_inputs_reader_read(reader, (pe_block){(UINT64_C(1) << 63) - 1, 1}, NULL, 0, columns, &err), err);
    ck_assert(a == 4294967295 && b == 2147483647);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
    const pe_source_spec none[] = {integer_range(0, two_32, 1), integer_range(0, two_32, 1), integer_range(0, 0, 1)};
    pe_inputs *const empty = open_bound(none, 3, PE_COMBINE_PRODUCT);
    ck_assert_uint_eq(pe_inputs_count(empty), 0);
    pe_inputs_reader_close(reader_of(empty));
    pe_inputs_close(empty);
}
END_TEST

START_TEST(zip_reads_every_source_at_the_same_place)
{
    const pe_source_spec specs[] = {integer_range(5, 25, 2), linspace(0, 9, 10), text_value("v")};
    pe_inputs *const inputs = open_bound(specs, 3, PE_COMBINE_ZIP);
    ck_assert_uint_eq(pe_inputs_count(inputs), 10);
    ck_assert_uint_eq(pe_inputs_info(inputs, 2)->count, 10);
    ck_assert_int_eq(pe_inputs_sources(inputs), 3);
    ck_assert(pe_inputs_is_local(inputs) && !pe_inputs_is_remote(inputs) && !pe_inputs_is_stream(inputs));
    pe_inputs_reader *const reader = reader_of(inputs);
    pe_error err = PE_ERROR_INIT;
    int64_t a[4];
    double b[4];
    pe_text c[4];
    void *const columns[] = {a, b, c};
    ck_ok(pe_inputs_reader_read(reader, (pe_block){6, 4}, NULL, 0, columns, &err), err);
    for (int k = 0; k < 4; k++) {
        ck_assert_int_eq(a[k], 5 + 2 * (6 + k));
        ck_assert(b[k] == 6 + k);
        check_text(c[k], "v");
    }
    size_t reader_bytes = 0;
    ck_assert_uint_gt(pe_inputs_memory(inputs, 100, &reader_bytes), 0);
    ck_assert_uint_gt(reader_bytes, 0);
    ck_assert_uint_eq(pe_inputs_chunk_bytes(inputs, 100), 0);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
}
END_TEST

/* Item g of a product of three ranges of these lengths: what itertools.product gives. */
static void check_product(const int64_t lengths[3])
{
    const pe_source_spec specs[] = {integer_range(0, lengths[0], 1), integer_range(100, 100 + 3 * lengths[1], 3),
                                    as(integer_range(0, lengths[2], 1), PE_INT8)};
    pe_inputs *const inputs = open_bound(specs, 3, PE_COMBINE_PRODUCT);
    const size_t items = (size_t)(lengths[0] * lengths[1] * lengths[2]);
    ck_assert_uint_eq(pe_inputs_count(inputs), items);
    int64_t *const expected = calloc(3 * items + 1, sizeof *expected);
    ck_assert_ptr_nonnull(expected);
    size_t g = 0;
    for (int64_t i = 0; i < lengths[0]; i++)
        for (int64_t j = 0; j < lengths[1]; j++)
            for (int64_t k = 0; k < lengths[2]; k++, g++) {
                expected[3 * g] = i;
                expected[3 * g + 1] = 100 + 3 * j;
                expected[3 * g + 2] = k;
            }
    int64_t *const a = calloc(items + 1, sizeof *a), *const b = calloc(items + 1, sizeof *b);
    int8_t *const c = calloc(items + 1, sizeof *c);
    ck_assert(a != NULL && b != NULL && c != NULL);
    void *const columns[] = {a, b, c};
    pe_inputs_reader *const reader = reader_of(inputs);
    pe_error err = PE_ERROR_INIT;
    size_t wrong = 0;
    for (size_t count = 1; count <= items; count += 1 + count / 5)
        for (size_t first = 0; first + count <= items; first += 1 + count / 3) {
            c[count] = 77;
            a[count] = -1;
            ck_ok(pe_inputs_reader_read(reader, (pe_block){first, count}, NULL, 0, columns, &err), err);
            for (size_t k = 0; k < count; k++) {
                const int64_t *const e = expected + 3 * (first + k);
                wrong += a[k] != e[0] || b[k] != e[1] || c[k] != e[2];
            }
            wrong += c[count] != 77 || a[count] != -1; /* nothing beyond the block */
        }
    ck_assert_uint_eq(wrong, 0);
    free(a);
    free(b);
    free(c);
    free(expected);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
}

START_TEST(product_gives_every_combination_last_fastest)
{
    static const int64_t lengths[][3] = {{1, 1, 1}, {2, 3, 4}, {1, 5, 1},   {5, 1, 1},   {3, 1, 7},   {1, 1, 9},
                                         {7, 2, 1}, {4, 4, 4}, {2, 2, 100}, {100, 3, 2}, {2, 300, 1}, {1, 600, 2}};
    for (size_t t = 0; t < COUNT(lengths); t++)
        check_product(lengths[t]);
}
END_TEST

START_TEST(product_with_a_value_has_an_axis_of_one)
{
    const pe_source_spec specs[] = {integer_range(0, 3, 1), real_value(0.5), integer_range(0, 2, 1)};
    pe_inputs *const inputs = open_bound(specs, 3, PE_COMBINE_PRODUCT);
    ck_assert_uint_eq(pe_inputs_count(inputs), 6);
    ck_assert_uint_eq(pe_inputs_info(inputs, 1)->count, 1);
    pe_inputs_reader *const reader = reader_of(inputs);
    pe_error err = PE_ERROR_INIT;
    int64_t a[6], c[6];
    double b[6];
    void *const columns[] = {a, b, c};
    ck_ok(pe_inputs_reader_read(reader, (pe_block){0, 6}, NULL, 0, columns, &err), err);
    for (int k = 0; k < 6; k++)
        ck_assert(a[k] == k / 2 && b[k] == 0.5 && c[k] == k % 2);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
}
END_TEST

/* words x vectors x ints, read in small blocks with a rewind between them. */
static void check_file_product(pe_inputs_reader *reader, const char *const *words, const double *vectors,
                               const int16_t *ints)
{
    pe_error err = PE_ERROR_INIT;
    pe_text a[5];
    double b[5][3];
    int16_t c[5];
    void *const columns[] = {a, b, c};
    for (uint64_t first = 0; first < 24; first += 5) {
        const uint64_t count = 24 - first < 5 ? 24 - first : 5;
        pe_inputs_reader_rewind(reader);
        ck_ok(pe_inputs_reader_read(reader, (pe_block){first, count}, NULL, 0, columns, &err), err);
        for (uint64_t k = 0; k < count; k++) {
            const uint64_t g = first + k; /* lengths 3, 2 and 4 */
            check_text(a[k], words[g / 8]);
            ck_assert_mem_eq(b[k], vectors + 3 * (g / 4 % 2), sizeof b[k]);
            ck_assert_int_eq(c[k], ints[g % 4]);
        }
    }
}

START_TEST(product_of_files_travels_with_the_export)
{
    static const char *const words[] = {"one", "tw\"o", "three, four"};
    static const double vectors[] = {1, 2, 3, 4.5, 5.5, 6.5};
    static const int16_t ints[] = {-1, 20, 300, 4000};
    static const char *const names[] = {"words.csv", "vectors.raw", "ints.raw"};
    enter();
    put_text(names[0], "w\none\n\"tw\"\"o\"\n\"three, four\"\n");
    put(names[1], vectors, sizeof vectors);
    put(names[2], ints, sizeof ints);
    const pe_source_spec specs[] = {file(names[0], PE_FORMAT_AUTO), raw(names[1], PE_FLOAT64, 3),
                                    raw(names[2], PE_INT16, 0)};
    pe_inputs *const here = open_bound(specs, 3, PE_COMBINE_PRODUCT);
    ck_assert_uint_eq(pe_inputs_count(here), 24);
    pe_inputs *const there = import_without(here, specs, 3, PE_COMBINE_PRODUCT, names, 3);
    ck_assert(pe_inputs_is_local(there));
    pe_inputs_set_remote(there);
    ck_assert(!pe_inputs_is_remote(there));
    pe_inputs *const both[] = {here, there};
    for (int i = 0; i < 2; i++) {
        pe_inputs_reader *const reader = reader_of(both[i]);
        check_file_product(reader, words, vectors, ints);
        pe_inputs_reader_close(reader);
        pe_inputs_close(both[i]);
    }
    leave();
}
END_TEST

#define LINES 3000

/* Item i is the text "line i", i * i, and the csv fields i and i / 2. */
static void make_lines(void)
{
    FILE *const text = fopen("a.txt", "w"), *const table = fopen("c.csv", "w"), *const numbers = fopen("b.raw", "wb");
    ck_assert(text != NULL && table != NULL && numbers != NULL);
    fprintf(table, "i,half\n");
    for (int64_t i = 0; i < LINES; i++) {
        const int64_t square = i * i;
        fprintf(text, "line %d\n", (int)i);
        fprintf(table, "%d,%.1f\n", (int)i, (double)i / 2);
        ck_assert_uint_eq(fwrite(&square, sizeof square, 1, numbers), 1);
    }
    ck_assert(fclose(text) == 0 && fclose(table) == 0 && fclose(numbers) == 0);
}

static void check_lines(pe_inputs_reader *reader, pe_block block, const pe_buffer *payload)
{
    pe_error err = PE_ERROR_INIT;
    pe_text a[64];
    int64_t b[64], i[64];
    double half[64];
    void *const columns[] = {a, b, i, half};
    const bool has_payload = payload != NULL;
    pe_inputs_reader_rewind(reader);
    ck_ok(pe_inputs_reader_read(reader, block, has_payload ? payload->data : NULL, has_payload ? payload->size : 0,
                                columns, &err),
          err);
    for (uint64_t k = 0; k < block.count; k++) {
        const int n = (int)(block.first + k);
        char line[32];
        snprintf(line, sizeof line, "line %d", n);
        check_text(a[k], line);
        ck_assert_int_eq(b[k], (int64_t)n * n);
        ck_assert_int_eq(i[k], n);
        ck_assert(half[k] == n / 2.0);
    }
}

static void bind_lines(pe_inputs *inputs)
{
    pe_error err = PE_ERROR_INIT;
    const pe_type want[] = {{PE_TEXT, 0}, {PE_INT64, 0}, {PE_INT64, 0}, {PE_FLOAT64, 0}};
    ck_ok(pe_inputs_bind(inputs, want, 4, &err), err);
}

/* Two workers take the chunks of each slice in turn, the second worker backwards. */
static void check_slices(pe_inputs *here, pe_inputs *there)
{
    pe_error err = PE_ERROR_INIT;
    pe_inputs_reader *const one = reader_of(there), *const two = reader_of(there);
    pe_buffer payload = {0};
    for (uint64_t first = 0; first < LINES; first += 640) {
        const pe_block slice = {first, LINES - first < 640 ? LINES - first : 640};
        payload.size = 0;
        ck_ok(pe_inputs_pack(here, slice, &payload, &err), err);
        ck_assert_uint_eq(payload.size % 16, 0);
        for (uint64_t at = 0; at < slice.count; at += 64) {
            const uint64_t count = slice.count - at < 64 ? slice.count - at : 64;
            check_lines(one, (pe_block){first + at, count}, &payload);
            check_lines(two, (pe_block){first + slice.count - at - count, count}, &payload);
            pe_inputs_release(there, (pe_block){first + at, count});
        }
    }
    pe_buffer_fini(&payload);
    pe_inputs_reader_close(one);
    pe_inputs_reader_close(two);
}

START_TEST(zip_payload_of_a_slice_serves_all_its_chunks)
{
    static const char *const names[] = {"a.txt", "b.raw", "c.csv"};
    enter();
    make_lines();
    const pe_source_spec specs[] = {file(names[0], PE_FORMAT_AUTO), raw(names[1], PE_INT64, 0),
                                    file(names[2], PE_FORMAT_AUTO)};
    pe_inputs *const here = open_bound(specs, 3, PE_COMBINE_ZIP);
    bind_lines(here);
    pe_inputs_reader *const local = reader_of(here);
    for (uint64_t first = 0; first < LINES; first += 50) {
        check_lines(local, (pe_block){first, 50}, NULL);
        pe_inputs_release(here, (pe_block){first, 50});
    }
    pe_inputs_reader_close(local);
    pe_inputs *const there = import_without(here, specs, 3, PE_COMBINE_ZIP, names + 1, 2);
    bind_lines(there);
    ck_assert(pe_inputs_is_local(here) && !pe_inputs_is_local(there) && !pe_inputs_is_remote(there));
    pe_inputs_set_remote(here);
    pe_inputs_set_remote(there);
    ck_assert(pe_inputs_is_remote(here) && pe_inputs_is_remote(there));
    check_slices(here, there);
    pe_error err = PE_ERROR_INIT;
    pe_buffer payload = {0};
    ck_ok(pe_inputs_pack(here, (pe_block){64, 64}, &payload, &err), err);
    ck_assert_uint_le(payload.size, pe_inputs_chunk_bytes(here, 64));
    pe_buffer_fini(&payload);
    pe_inputs_close(there);
    pe_inputs_close(here);
    ck_assert_int_eq(remove(names[0]), 0);
    leave();
}
END_TEST

START_TEST(zip_file_that_differs_is_not_local)
{
    enter();
    put_text("x.txt", "a\nb\n");
    const pe_source_spec specs[] = {file("x.txt", PE_FORMAT_AUTO)};
    pe_inputs *const here = open_bound(specs, 1, PE_COMBINE_ZIP);
    pe_inputs *const same = import_without(here, specs, 1, PE_COMBINE_ZIP, NULL, 0);
    ck_assert(pe_inputs_is_local(same));
    pe_error err = PE_ERROR_INIT;
    pe_buffer bytes = {0};
    ck_ok(pe_inputs_export(here, &bytes, &err), err);
    ck_assert_int_eq(remove("x.txt"), 0);
    put_text("x.txt", "a\nc\n"); /* another file of the same name and size */
    pe_inputs *other = NULL;
    ck_ok(pe_inputs_import(specs, 1, PE_COMBINE_ZIP, bytes.data, bytes.size, &other, &err), err);
    ck_assert(!pe_inputs_is_local(other));
    pe_buffer_fini(&bytes);
    pe_inputs_close(other);
    pe_inputs_close(same);
    pe_inputs_close(here);
    ck_assert_int_eq(remove("x.txt"), 0);
    leave();
}
END_TEST

START_TEST(zip_tells_the_lowest_bad_item)
{
    enter();
    put_text("late.csv", "a\n0\n1\n2\n3\nlate\n");
    put_text("early.csv", "a\n0\n1\nearly\n3\n4\n");
    const pe_source_spec specs[] = {file("late.csv", PE_FORMAT_AUTO), file("early.csv", PE_FORMAT_AUTO)};
    const pe_type want[] = {{PE_INT64, 0}, {PE_INT64, 0}};
    pe_error err = PE_ERROR_INIT;
    pe_inputs *inputs = NULL;
    ck_ok(pe_inputs_open(specs, 2, PE_COMBINE_ZIP, &inputs, &err), err);
    ck_ok(pe_inputs_bind(inputs, want, 2, &err), err);
    pe_inputs_reader *const reader = reader_of(inputs);
    int64_t a[5], b[5];
    void *const columns[] = {a, b};
    ck_assert_int_eq(pe_inputs_reader_read(reader, (pe_block){0, 5}, NULL, 0, columns, &err), PE_EDATA);
    ck_assert_uint_eq(err.item, 2);
    ck_assert_msg(strstr(err.text, "early") != NULL, "%s", err.text);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
    ck_assert(remove("late.csv") == 0 && remove("early.csv") == 0);
    leave();
}
END_TEST

/* A pipe to write to; its other end is opened as this path. */
static int pipe_at(char path[32])
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    snprintf(path, 32, "/dev/fd/%d", ends[0]);
    return ends[1];
}

static void feed(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(product_with_a_stream_is_refused)
{
    char path[32];
    const int fd = pipe_at(path);
    const pe_source_spec specs[] = {integer_range(0, 3, 1), file(path, PE_FORMAT_TXT)};
    open_refused(specs, 2, PE_COMBINE_PRODUCT, PE_ECONFIG, "stream", path);
    close(fd);
}
END_TEST

/* Takes up to `most` items and expects `count`, each equal to its number, in the first text and the int64 columns. */
static void take(pe_inputs *inputs, pe_inputs_reader *reader, uint64_t most, pe_block expected, bool is_end)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer payload = {0};
    pe_block block = {0};
    bool ended = false;
    ck_ok(pe_inputs_next(inputs, most, 1 << 20, 20, &payload, &block, &ended, &err), err);
    ck_assert_uint_eq(block.count, expected.count);
    ck_assert_int_eq(ended, is_end);
    if (block.count > 0) {
        ck_assert_uint_eq(block.first, expected.first);
        pe_text a[16];
        int64_t b[16], c[16];
        void *const columns[] = {a, b, c};
        ck_ok(pe_inputs_reader_read(reader, block, payload.data, payload.size, columns, &err), err);
        for (uint64_t k = 0; k < block.count; k++) {
            char number[24];
            snprintf(number, sizeof number, "%d", (int)(block.first + k));
            check_text(a[k], number);
            ck_assert_int_eq(b[k], (int64_t)(block.first + k));
            ck_assert_int_eq(c[k], (int64_t)(block.first + k));
        }
    } else {
        ck_assert_uint_eq(payload.size, 0);
    }
    pe_buffer_fini(&payload);
}

/* A text stream, a file of int64 0 .. 5 and a range 0 .. 5. */
static void with_stream(bool is_remote)
{
    static const int64_t numbers[] = {0, 1, 2, 3, 4, 5};
    char path[32];
    enter();
    put("b.raw", numbers, sizeof numbers);
    const int fd = pipe_at(path);
    feed(fd, "0\n1\n2\n3\n4\n"); /* a text stream's beginning is looked at when it is opened */
    const pe_source_spec specs[] = {file(path, PE_FORMAT_TXT), raw("b.raw", PE_INT64, 0), integer_range(0, 6, 1)};
    pe_inputs *const inputs = open_bound(specs, 3, PE_COMBINE_ZIP);
    ck_assert(pe_inputs_is_stream(inputs) && pe_inputs_is_remote(inputs) && pe_inputs_is_local(inputs));
    ck_assert_uint_eq(pe_inputs_count(inputs), PE_COUNT_UNKNOWN);
    if (is_remote)
        pe_inputs_set_remote(inputs);
    pe_inputs_reader *const reader = reader_of(inputs);
    take(inputs, reader, 3, (pe_block){0, 3}, false);
    take(inputs, reader, 3, (pe_block){3, 2}, false);
    feed(fd, "5");
    take(inputs, reader, 3, (pe_block){0, 0}, false);
    close(fd);
    take(inputs, reader, 3, (pe_block){5, 1}, true);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
    ck_assert_int_eq(remove("b.raw"), 0);
    leave();
}

START_TEST(stream_is_followed_by_known_sources)
{
    with_stream(false);
}
END_TEST

START_TEST(stream_is_followed_by_files_that_travel)
{
    with_stream(true);
}
END_TEST

/* Reads streams to the end, which must be an error with these in its message. */
static void next_refused(const pe_source_spec *specs, int count, const char *one, const char *other)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer payload = {0};
    pe_inputs *const inputs = open_bound(specs, count, PE_COMBINE_ZIP);
    pe_status status = PE_OK;
    for (int calls = 0; calls < 100 && status == PE_OK; calls++) {
        pe_block block = {0};
        bool ended = false;
        status = pe_inputs_next(inputs, 2, 1 << 20, CHUNK_WAIT_MS, &payload, &block, &ended, &err);
        ck_assert(!ended || status != PE_OK);
    }
    ck_assert_int_eq(status, PE_EDATA);
    ck_assert_msg(strstr(err.text, one) != NULL, "%s", err.text);
    ck_assert_msg(strstr(err.text, other) != NULL, "%s", err.text);
    pe_buffer_fini(&payload);
    pe_inputs_close(inputs);
}

START_TEST(stream_of_another_length_is_refused_at_its_end)
{
    char path[32];
    int fd = pipe_at(path);
    feed(fd, "a\nb\nc\n");
    close(fd);
    const pe_source_spec shorter[] = {integer_range(0, 4, 1), file(path, PE_FORMAT_TXT)};
    next_refused(shorter, 2, "has 3 items", "input 1 (range) has 4");
    fd = pipe_at(path);
    feed(fd, "a\nb\nc\n");
    close(fd);
    const pe_source_spec longer[] = {integer_range(0, 2, 1), file(path, PE_FORMAT_TXT)};
    next_refused(longer, 2, "has more than 2 items", "input 1 (range) has 2");
}
END_TEST

START_TEST(stream_empty_has_no_items)
{
    char path[32];
    close(pipe_at(path));
    const pe_source_spec specs[] = {file(path, PE_FORMAT_TXT), real_value(1)};
    pe_inputs *const inputs = open_bound(specs, 2, PE_COMBINE_ZIP);
    pe_inputs_reader *const reader = reader_of(inputs);
    take(inputs, reader, 3, (pe_block){0, 0}, true);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
}
END_TEST

START_TEST(stream_first_and_count_cut)
{
    char path[32];
    int fd = pipe_at(path);
    feed(fd, "x\ny\n0\n1\n2\nz\n"); /* stays open: what follows count is not waited for */
    const pe_source_spec specs[] = {only(from(file(path, PE_FORMAT_TXT), 2), 3), integer_range(0, 3, 1),
                                    integer_range(0, 3, 1)};
    pe_inputs *const inputs = open_bound(specs, 3, PE_COMBINE_ZIP);
    pe_inputs_reader *const reader = reader_of(inputs);
    take(inputs, reader, 2, (pe_block){0, 2}, false);
    take(inputs, reader, 2, (pe_block){2, 1}, true);
    close(fd);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
    fd = pipe_at(path);
    feed(fd, "x\ny\n");
    close(fd);
    const pe_source_spec early = from(file(path, PE_FORMAT_TXT), 3);
    next_refused(&early, 1, "first = 3", "2 items");
    fd = pipe_at(path);
    feed(fd, "x\ny\n");
    close(fd);
    const pe_source_spec cut = only(file(path, PE_FORMAT_TXT), 3);
    next_refused(&cut, 1, "3 items", "after 2 items");
}
END_TEST

/* Two streams and a range; the second stream's bytes are int64. */
START_TEST(streams_wait_for_one_another)
{
    char text_path[32], raw_path[32];
    const int64_t numbers[] = {0, 1, 2, 3, 4};
    const int text = pipe_at(text_path), binary = pipe_at(raw_path);
    feed(text, "0\n1\n2\n");
    const pe_source_spec specs[] = {file(text_path, PE_FORMAT_TXT), raw(raw_path, PE_INT64, 0), integer_range(0, 5, 1)};
    pe_inputs *const inputs = open_bound(specs, 3, PE_COMBINE_ZIP);
    pe_inputs_reader *const reader = reader_of(inputs);
    take(inputs, reader, 9, (pe_block){0, 0}, false);
    ck_assert_int_eq(write(binary, numbers, 12), 12); /* one item and a half */
    take(inputs, reader, 9, (pe_block){0, 0}, false);
    feed(text, "3\n4\n");
    close(text);
    take(inputs, reader, 9, (pe_block){0, 0}, false);
    ck_assert_int_eq(write(binary, (const char *)numbers + 12, sizeof numbers - 12), sizeof numbers - 12);
    take(inputs, reader, 9, (pe_block){0, 3}, false);
    take(inputs, reader, 9, (pe_block){3, 2}, false);
    take(inputs, reader, 9, (pe_block){0, 0}, false);
    close(binary);
    take(inputs, reader, 9, (pe_block){0, 0}, true);
    pe_inputs_reader_close(reader);
    pe_inputs_close(inputs);
}
END_TEST

START_TEST(streams_of_different_lengths_are_refused)
{
    for (int longer = 0; longer < 2; longer++) {
        char paths[2][32];
        for (int p = 0; p < 2; p++) {
            const int fd = pipe_at(paths[p]);
            feed(fd, p == longer ? "a\nb\nc\n" : "a\nb\n");
            close(fd);
        }
        const pe_source_spec specs[] = {file(paths[0], PE_FORMAT_TXT), file(paths[1], PE_FORMAT_TXT)};
        next_refused(specs, 2, longer == 0 ? "input 1 (/dev/fd" : "input 2 (/dev/fd", "has more than 2 items");
    }
}
END_TEST

UNIT_MAIN("inputs", inputs_with_two_on_stdin_are_refused, inputs_of_values_alone_are_refused,
          inputs_of_different_lengths_are_refused, inputs_with_too_many_columns_are_refused,
          product_beyond_two_to_63_is_refused, zip_reads_every_source_at_the_same_place,
          product_gives_every_combination_last_fastest, product_with_a_value_has_an_axis_of_one,
          product_of_files_travels_with_the_export, zip_payload_of_a_slice_serves_all_its_chunks,
          zip_file_that_differs_is_not_local, zip_tells_the_lowest_bad_item, product_with_a_stream_is_refused,
          stream_is_followed_by_known_sources, stream_is_followed_by_files_that_travel,
          stream_of_another_length_is_refused_at_its_end, stream_empty_has_no_items, stream_first_and_count_cut,
          streams_wait_for_one_another, streams_of_different_lengths_are_refused)
