/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_streams.c - pipes as inputs: cut into blocks, followed by known sources, waiting for one another.
 *
 * Design:   the test writes to the pipes itself between the calls, so every arrival is as it says.
 * Threads:  one.
 * Not here: how a stream's bytes become items (the kinds).
 */
#include "inputs_helpers.h"

#define CHUNK_WAIT_MS 1000

/* Takes up to `most` items and expects `count`, each equal to its number, in the first text and the int64 columns. */
static void take(pe_inputs *inputs, pe_inputs_reader *reader, uint64_t most, pe_block expected, bool is_end)
{
    pe_error err = PE_ERROR_INIT;
    pe_buffer payload = {0};
    pe_block block = {0};
    bool ended = false;
    ck_ok(pe_inputs_next(inputs, &(pe_source_limits){most, 1 << 20, 20}, &payload, &block, &ended, &err), err);
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
    put_file("b.raw", numbers, sizeof numbers);
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
        status = pe_inputs_next(inputs, &(pe_source_limits){2, 1 << 20, CHUNK_WAIT_MS}, &payload, &block, &ended, &err);
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

UNIT_MAIN("streams", stream_is_followed_by_known_sources, stream_is_followed_by_files_that_travel,
          stream_of_another_length_is_refused_at_its_end, stream_empty_has_no_items, stream_first_and_count_cut,
          streams_wait_for_one_another, streams_of_different_lengths_are_refused)
