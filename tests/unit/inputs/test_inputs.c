/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_inputs.c - several inputs that go together or do not; zips and the payloads of their slices.
 *
 * Design:   what a file must give comes from how the test wrote it.
 * Threads:  one.
 * Not here: products (test_product.c), streams (test_streams.c), each kind of source by itself.
 */
#include "inputs_helpers.h"

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

#define LINES 3000
#define SKIPPED 7 /* lines before the first item */

/* Line i is the text "line i", i * i, and the csv fields i and i / 2; item 0 is line SKIPPED. */
static void make_lines(void)
{
    FILE *const text = fopen("a.txt", "w"), *const table = fopen("c.csv", "w"), *const numbers = fopen("b.raw", "wb");
    ck_assert(text != NULL && table != NULL && numbers != NULL);
    size_t written = 0;
    fprintf(table, "i,half\n");
    for (int64_t i = 0; i < LINES + SKIPPED; i++) {
        const int64_t square = i * i;
        fprintf(text, "line %d\n", (int)i);
        fprintf(table, "%d,%.1f\n", (int)i, (double)i / 2);
        written += fwrite(&square, sizeof square, 1, numbers);
    }
    ck_assert_uint_eq(written, LINES + SKIPPED);
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
        const int n = (int)(block.first + k) + SKIPPED;
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
    const pe_source_spec specs[] = {from(file(names[0], PE_FORMAT_AUTO), SKIPPED),
                                    from(raw(names[1], PE_INT64, 0), SKIPPED),
                                    from(file(names[2], PE_FORMAT_AUTO), SKIPPED)};
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

UNIT_MAIN("inputs", inputs_with_two_on_stdin_are_refused, inputs_of_values_alone_are_refused,
          inputs_of_different_lengths_are_refused, inputs_with_too_many_columns_are_refused,
          zip_reads_every_source_at_the_same_place, zip_payload_of_a_slice_serves_all_its_chunks,
          zip_file_that_differs_is_not_local, zip_tells_the_lowest_bad_item)
