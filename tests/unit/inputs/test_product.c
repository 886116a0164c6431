/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_product.c - products of inputs against nested loops.
 *
 * Design:   every block of many small products is read; what it must hold comes from loops as itertools.product's.
 * Threads:  one.
 * Not here: zips (test_inputs.c).
 */
#include "inputs_helpers.h"

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
            wrong += pe_inputs_reader_read(reader, (pe_block){first, count}, NULL, 0, columns, &err) != PE_OK;
            for (size_t k = 0; k < count; k++) {
                const int64_t *const e = expected + 3 * (first + k);
                wrong += a[k] != e[0] || b[k] != e[1] || c[k] != e[2];
            }
            wrong += c[count] != 77 || a[count] != -1; /* nothing beyond the block */
        }
    ck_assert_msg(wrong == 0, "%zu wrong: %s", wrong, err.text);
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
    static const char *const words[] = {"o\"ne", "tw\"o", "three, \"four"};
    static const double vectors[] = {1, 2, 3, 4.5, 5.5, 6.5};
    static const int16_t ints[] = {-1, 20, 300, 4000};
    static const char *const names[] = {"words.csv", "vectors.raw", "ints.raw"};
    enter();
    put_text(names[0], "w\n\"o\"\"ne\"\n\"tw\"\"o\"\n\"three, \"\"four\"\n");
    put_file(names[1], vectors, sizeof vectors);
    put_file(names[2], ints, sizeof ints);
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

START_TEST(product_with_a_stream_is_refused)
{
    char path[32];
    const int fd = pipe_at(path);
    const pe_source_spec specs[] = {integer_range(0, 3, 1), file(path, PE_FORMAT_TXT)};
    open_refused(specs, 2, PE_COMBINE_PRODUCT, PE_ECONFIG, "stream", path);
    close(fd);
}
END_TEST

UNIT_MAIN("product", product_beyond_two_to_63_is_refused, product_gives_every_combination_last_fastest,
          product_with_a_value_has_an_axis_of_one, product_of_files_travels_with_the_export,
          product_with_a_stream_is_refused)
