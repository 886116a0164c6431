/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_packed_mark.c - a packed output that is given up at a mark and continued there, again and again: the bytes are those
 * of a run that was not interrupted.
 */
#include "sink_helpers.h"

#include "sink/packed/packer.h"

#define ROWS 150000u /* more than two members */
#define BATCH 500u
#define LOST 9000u /* rows after the mark, which the next run writes again */

static const uint32_t marks[] = {BATCH, 65500, 65536, 65537, 100000, 131072};

/* Row r has a length of its own; rows packed to about half. */
static size_t print_row(uint32_t row, char *out)
{
    uint32_t state = row * 2654435761u + 12345u;
    int size = snprintf(out, 32, "%u,", row);
    for (uint32_t i = 0; i < row % 97; i++) {
        state = state * 1664525u + 1013904223u;
        out[size++] = (char)('0' + (state >> 27) % 10);
    }
    out[size++] = '\n';
    return (size_t)size;
}

static void write_rows(pe_sink *sink, uint32_t from, uint32_t end)
{
    static char text[BATCH * 140];
    for (uint32_t row = from; row < end;) {
        const uint32_t first = row;
        size_t size = 0;
        for (; row < end && row < first + BATCH; row++)
            size += print_row(row, text + size);
        put(sink, text, size, row - first);
    }
}

static pe_sink_spec packed_spec(const char *path, pe_order order)
{
    pe_sink_spec spec = make_spec(path, order, int64_type, 1);
    spec.format = PE_FORMAT_CSV;
    return spec;
}

/* Where the sink stands; the state is copied. */
static pe_sink_mark mark_of(pe_sink *sink, pe_buffer *state)
{
    pe_error err = PE_ERROR_INIT;
    pe_sink_mark mark;
    state->size = 0;
    ck_ok(pe_sink_mark_now(sink, &mark, state, &err), err);
    return mark;
}

static size_t write_at_once(const char *path, pe_order order, unsigned char **out)
{
    const pe_sink_spec spec = packed_spec(path, order);
    pe_sink *sink = begin(&spec);
    write_rows(sink, 0, ROWS);
    finish(sink);
    const size_t size = load(path);
    ck_assert(size > 1000000 && size < sizeof content);
    *out = malloc(size);
    ck_assert_ptr_nonnull(*out);
    memcpy(*out, content, size);
    ck_assert_int_eq(unlink(path), 0);
    return size;
}

static void write_in_parts(const char *path, pe_order order)
{
    pe_sink_spec spec = packed_spec(path, order);
    pe_buffer state = {0};
    pe_sink_mark mark = {0};
    pe_sink *sink = begin(&spec);
    uint32_t done = 0;
    for (size_t m = 0; m < sizeof marks / sizeof *marks; m++) {
        write_rows(sink, done, marks[m]);
        done = marks[m];
        mark = mark_of(sink, &state);
        ck_assert_uint_lt(state.size, (size_t)128 << 10);
        const uint32_t more = done + LOST < ROWS ? done + LOST : ROWS;
        write_rows(sink, done, m % 2 == 0 ? more : done);
        pe_sink_suspend(sink);
        pe_sink_free(sink);
        spec.resumed = &mark;
        sink = begin(&spec);
    }
    write_rows(sink, done, ROWS);
    finish(sink);
    pe_buffer_fini(&state);
}

START_TEST(packed_output_goes_on_at_any_mark_with_the_same_bytes)
{
    static const char *const paths[] = {"x.csv.gz", "x.csv.zst"};
    static const pe_order orders[] = {PE_ORDER_WHOLE, PE_ORDER_STREAM};
    enter();
    for (size_t p = 0; p < 2; p++) {
        for (size_t o = 0; o < 2; o++) {
            unsigned char *expected = NULL;
            const size_t size = write_at_once(paths[p], orders[o], &expected);
            write_in_parts(paths[p], orders[o]);
            ck_assert_uint_eq(load(paths[p]), size);
            ck_assert_msg(memcmp(content, expected, size) == 0, "%s: other bytes", paths[p]);
            ck_assert_int_eq(unlink(paths[p]), 0);
            free(expected);
        }
    }
    tidy();
}
END_TEST

/* Begins again at the mark and fails with this status. */
static void is_refused(const pe_sink_mark *mark, pe_status status, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    pe_sink_spec spec = packed_spec("x.csv.gz", PE_ORDER_WHOLE);
    pe_sink *sink = NULL;
    spec.resumed = mark;
    ck_assert_int_eq(pe_sink_begin(&spec, &sink, &err), status);
    ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

START_TEST(packed_output_that_was_changed_or_has_no_state_is_refused)
{
    enter();
    const pe_sink_spec spec = packed_spec("x.csv.gz", PE_ORDER_WHOLE);
    pe_buffer state = {0};
    pe_sink *sink = begin(&spec);
    write_rows(sink, 0, 100000);
    pe_sink_mark mark = mark_of(sink, &state);
    pe_sink_suspend(sink);
    pe_sink_free(sink);
    pe_sink_mark damaged = mark;
    damaged.state_bytes = 7;
    is_refused(&damaged, PE_EDATA, "does not say where its last member begins");
    const size_t size = load("x.csv.gz.part"); /* it is still there */
    content[size - 30000] ^= 0x55;
    FILE *const file = fopen("x.csv.gz.part", "r+b");
    ck_assert(file != NULL && fwrite(content, 1, size, file) == size && fclose(file) == 0);
    pe_error err = PE_ERROR_INIT;
    pe_sink_spec again = spec;
    again.resumed = &mark;
    ck_assert_int_ne(pe_sink_begin(&again, &sink, &err), PE_OK);
    ck_assert_msg(strstr(err.text, "x.csv.gz") != NULL, "%s", err.text);
    damaged = mark;
    damaged.bytes = 100; /* before the member begins */
    is_refused(&damaged, PE_EDATA, "does not say where its last member begins");
    ck_assert(unlink("x.csv.gz.part") == 0 && unlink("x.csv.gz.checkpoint") == 0);
    pe_buffer_fini(&state);
    tidy();
}
END_TEST

/* As after a lack of memory: no write has failed, which would mark the file as torn as well. */
START_TEST(packer_cut_within_a_member_leaves_the_members_before_it)
{
    enter();
    static char text[140];
    const pe_sink_spec spec = packed_spec("x.csv.gz", PE_ORDER_STREAM);
    pe_error err = PE_ERROR_INIT;
    pe_output_stream stream = {0};
    pe_packer *packer = NULL;
    ck_ok(pe_output_stream_begin(&stream, &spec, spec.order, &err), err);
    ck_ok(pe_packer_open(PE_PACKING_GZIP, pe_dialect_of(','), &stream, &packer, &err), err);
    for (uint32_t row = 0; row < 100000; row++)
        ck_ok(pe_packer_write(packer, text, print_row(row, text), &err), err);
    ck_ok(pe_packer_flush(packer, &err), err);
    const uint64_t whole = pe_packer_tell(packer);
    ck_assert(whole > 0 && stream.bytes > whole);
    pe_packer_cut(packer);
    pe_packer_close(packer);
    pe_output_stream_fini(&stream);
    ck_assert_uint_eq(load("x.csv.gz"), whole);
    ck_assert_int_eq(unlink("x.csv.gz"), 0);
    tidy();
}
END_TEST

UNIT_MAIN("packed_mark", packed_output_goes_on_at_any_mark_with_the_same_bytes,
          packed_output_that_was_changed_or_has_no_state_is_refused,
          packer_cut_within_a_member_leaves_the_members_before_it)
