/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_stream_source.c - pipes: whole records whatever the pieces they come in, waits that end, errors with their
 * lines.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "source_file_helpers.h"

static const pe_type INT64 = {PE_INT64, 0}, TEXT = {PE_TEXT, 0};

static char folder[32];

/* A source on a named pipe whose other end is `feed`. */
typedef struct pipe_end {
    pe_source *source;
    int feed;
} pipe_end;

static void put(int feed, const void *data, size_t size)
{
    if (write(feed, data, size) != (ssize_t)size) /* no assert each time: Check writes down every one */
        ck_abort_msg("a write of %zu bytes failed", size);
}

static int make_pipe(const char *name)
{
    ck_assert_int_eq(mkfifo(name, 0600), 0);
    const int feed = open(name, O_RDWR); /* both ends, so that neither open waits */
    ck_assert_int_ge(feed, 0);
    return feed;
}

/* Opens the source with the first bytes in the pipe; after hang_up the pipe ends after what was put. */
static pipe_end open_pipe(const pe_source_spec *spec, const char *first)
{
    pipe_end p = {.feed = make_pipe(spec->path)};
    pe_error err = PE_ERROR_INIT;
    put(p.feed, first, strlen(first));
    ck_ok(pe_source_open(spec, &p.source, &err), err);
    const int writer = open(spec->path, O_WRONLY);
    close(p.feed);
    p.feed = writer;
    ck_assert(pe_source_get_info(p.source)->is_stream);
    ck_assert_uint_eq(pe_source_get_info(p.source)->count, PE_COUNT_UNKNOWN);
    return p;
}

static void hang_up(pipe_end *p)
{
    close(p->feed);
    p->feed = -1;
}

static void close_pipe(pipe_end *p)
{
    pe_source_close(p->source);
    if (p->feed >= 0)
        close(p->feed);
}

typedef struct taken {
    pe_buffer bytes;
    pe_source_taken items;
    pe_error err;
} taken;

static pe_status take(pipe_end *p, uint64_t most_items, size_t most_bytes, int timeout_ms, taken *t)
{
    t->bytes.size = 0;
    t->err = (pe_error)PE_ERROR_INIT;
    return pe_source_next(p->source, &(pe_source_limits){most_items, most_bytes, timeout_ms}, &t->bytes, &t->items,
                          &t->err);
}

static void check_taken(const taken *t, uint64_t count, const char *bytes)
{
    ck_assert_uint_eq(t->items.count, count);
    ck_assert_uint_eq(t->bytes.size, strlen(bytes));
    ck_assert_msg(t->bytes.size == 0 || memcmp(t->bytes.data, bytes, t->bytes.size) == 0, "%.*s", (int)t->bytes.size,
                  (const char *)t->bytes.data);
}

START_TEST(stream_waits_no_longer_than_it_may)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.txt", PE_FORMAT_AUTO);
    pipe_end p = open_pipe(&spec, "x");
    taken t = {.items.count = 9};
    const uint64_t before = pe_clock_ns();
    ck_ok(take(&p, 10, 1000, 0, &t), t.err);
    check_taken(&t, 0, "");
    ck_assert(!t.items.ended);
    ck_ok(take(&p, 10, 1000, 30, &t), t.err);
    check_taken(&t, 0, "");
    const uint64_t waited_ms = (pe_clock_ns() - before) / 1000000;
    ck_assert_uint_ge(waited_ms, 29);
    ck_assert_uint_lt(waited_ms, 5000);
    put(p.feed, "\ny\nz", 4);
    ck_ok(take(&p, 10, 1000, 0, &t), t.err);
    check_taken(&t, 2, "x\ny\n");
    pe_buffer_fini(&t.bytes);
    close_pipe(&p);
    leave_folder(folder);
}
END_TEST

START_TEST(stream_hands_out_no_more_than_asked)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.txt", PE_FORMAT_AUTO);
    pipe_end p = open_pipe(&spec, "1\n22\n333\n4444\n5");
    taken t = {.items.count = 9};
    hang_up(&p);
    ck_ok(take(&p, 2, 1000, 1000, &t), t.err);
    check_taken(&t, 2, "1\n22\n");
    ck_assert_uint_eq(t.items.byte_range.first, 0);
    ck_assert_uint_eq(t.items.byte_range.line, 1);
    ck_assert_uint_eq(t.items.byte_range.offset, 0);
    ck_assert_uint_eq(t.items.byte_range.bytes, 5);
    ck_ok(take(&p, 100, 2, 1000, &t), t.err);
    check_taken(&t, 1, "333\n"); /* a record longer than the bytes asked for comes whole */
    ck_assert_uint_eq(t.items.byte_range.first, 2);
    ck_assert_uint_eq(t.items.byte_range.line, 3);
    ck_assert_uint_eq(t.items.byte_range.offset, 5);
    ck_ok(take(&p, 100, 100, 1000, &t), t.err);
    check_taken(&t, 2, "4444\n5"); /* the last without its newline */
    ck_assert(t.items.ended);
    pe_buffer_fini(&t.bytes);
    close_pipe(&p);
    leave_folder(folder);
}
END_TEST

START_TEST(stream_that_is_empty_has_no_items)
{
    enter_folder(folder);
    pe_source_spec spec = file("x.txt", PE_FORMAT_AUTO);
    taken t = {.items.count = 9};
    pipe_end p = open_pipe(&spec, "\xEF\xBB\xBF");
    hang_up(&p);
    ck_ok(take(&p, 10, 100, 1000, &t), t.err);
    check_taken(&t, 0, "");
    ck_assert(t.items.ended);
    close_pipe(&p);
    spec = file("x.csv", PE_FORMAT_AUTO);
    p = open_pipe(&spec, "a,b\n");
    hang_up(&p);
    ck_ok(take(&p, 10, 100, 1000, &t), t.err);
    check_taken(&t, 0, "");
    ck_assert(t.items.ended);
    close_pipe(&p);
    pe_buffer_fini(&t.bytes);
    leave_folder(folder);
}
END_TEST

/* Two columns of every record through pieces of `piece` bytes: what must come is known from the record's number. */
static void check_pieces(size_t piece, uint64_t most_items, size_t most_bytes)
{
    enum { RECORDS = 300 };
    static char text[RECORDS * 40];
    size_t size = 0;
    for (int i = 0; i < RECORDS; i++)
        size += (size_t)sprintf(text + size, "%d,\"%.*s\"\"\n,\"\r\n", i * 7, i % 9, "abcdefghi");
    const pe_source_spec spec = file("x.csv", PE_FORMAT_AUTO);
    pipe_end p = open_pipe(&spec, "n,\"t\n2\"\n");
    pe_reader *reader = NULL;
    taken t = {.items.count = 0};
    ck_ok(pe_source_bind(p.source, (const pe_type[]){INT64, TEXT}, 2, &t.err), t.err);
    ck_ok(pe_reader_open(p.source, &reader, &t.err), t.err);
    size_t at = 0;
    uint64_t seen = 0;
    for (int calls = 0; !t.items.ended; calls++) {
        if (calls >= 100000)
            ck_abort_msg("no end");
        if (at < size) {
            const size_t now = size - at < piece ? size - at : piece;
            put(p.feed, text + at, now);
            at += now;
        } else if (p.feed >= 0) {
            hang_up(&p);
        }
        if (take(&p, most_items, most_bytes, 0, &t) != PE_OK || t.items.count > most_items ||
            (t.items.count != 0 && (t.items.byte_range.first != seen || t.items.byte_range.line != 3 + 2 * seen)))
            ck_abort_msg("at %d: %s", (int)seen, t.err.text);
        for (uint64_t i = 0; i < t.items.count; i++, seen++) { /* one by one: the cursor goes on */
            int64_t number = -1;
            pe_text string = {NULL, 0};
            if (pe_reader_read(reader, (pe_block){seen, 1}, &t.items.byte_range, t.bytes.data,
                               (void *const[]){&number, &string}, &t.err) != PE_OK ||
                number != (int64_t)seen * 7 || string.size != seen % 9 + 3 ||
                memcmp(string.data + seen % 9, "\"\n,", 3) != 0)
                ck_abort_msg("item %d: %s", (int)seen, t.err.text);
        }
    }
    ck_assert_uint_eq(seen, RECORDS);
    pe_reader_close(reader);
    close_pipe(&p);
    unlink(spec.path);
    pe_buffer_fini(&t.bytes);
}

START_TEST(stream_records_are_whole_whatever_the_pieces)
{
    enter_folder(folder);
    static const size_t pieces[] = {1, 5, 64, 1000, 4000};
    for (size_t i = 0; i < LENGTH(pieces); i++) {
        check_pieces(pieces[i], 1, 100000);
        check_pieces(pieces[i], 7, 30);
        check_pieces(pieces[i], 1000, 500);
        check_pieces(pieces[i], 1000, 100000);
    }
    leave_folder(folder);
}
END_TEST

START_TEST(stream_final_empty_line_is_no_record)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.csv", PE_FORMAT_AUTO);
    taken t = {.items.count = 9};
    pipe_end p = open_pipe(&spec, "a,b\n1,2\n\n");
    ck_ok(take(&p, 10, 100, 0, &t), t.err);
    check_taken(&t, 1, "1,2\n"); /* the empty line may be the last */
    ck_ok(take(&p, 10, 100, 0, &t), t.err);
    check_taken(&t, 0, "");
    hang_up(&p);
    ck_ok(take(&p, 10, 100, 1000, &t), t.err);
    check_taken(&t, 0, "");
    ck_assert(t.items.ended);
    close_pipe(&p);
    unlink(spec.path);
    p = open_pipe(&spec, "a,b\n1,2\n\n");
    ck_ok(take(&p, 10, 100, 0, &t), t.err);
    put(p.feed, "3,4\n", 4);
    ck_ok(take(&p, 10, 100, 0, &t), t.err);
    check_taken(&t, 2, "\n3,4\n"); /* it was not: the reader tells */
    ck_assert_uint_eq(t.items.byte_range.line, 3);
    close_pipe(&p);
    unlink(spec.path);
    p = open_pipe(&spec, "a,b\n1,2\n\n");
    ck_ok(take(&p, 1, 100, 0, &t), t.err);
    check_taken(&t, 1, "1,2\n");
    hang_up(&p);
    ck_ok(take(&p, 1, 100, 1000, &t), t.err);
    check_taken(&t, 0, "");
    ck_assert(t.items.ended);
    close_pipe(&p);
    pe_buffer_fini(&t.bytes);
    leave_folder(folder);
}
END_TEST

START_TEST(stream_lines_count_on_across_payloads)
{
    enter_folder(folder);
    pe_source_spec spec = file("x.csv", PE_FORMAT_AUTO);
    taken t = {.items.count = 9};
    pipe_end p = open_pipe(&spec, "a,b\n1,\"\n\n\"\n2,3\n4,x\n5\n");
    pe_reader *reader = NULL;
    int64_t number[2];
    pe_text texts[2];
    hang_up(&p);
    ck_ok(pe_source_bind(p.source, (const pe_type[]){INT64, TEXT}, 2, &t.err), t.err);
    ck_ok(pe_reader_open(p.source, &reader, &t.err), t.err);
    ck_ok(take(&p, 2, 1000, 1000, &t), t.err);
    ck_ok(take(&p, 2, 1000, 1000, &t), t.err);
    ck_assert_uint_eq(t.items.byte_range.line, 6);
    ck_assert_int_eq(pe_reader_read(reader, (pe_block){2, 2}, &t.items.byte_range, t.bytes.data,
                                    (void *const[]){number, texts}, &t.err),
                     PE_EDATA);
    ck_assert_str_eq(t.err.text, "x.csv:7: expected 2 fields, got 1");
    ck_assert_uint_eq(t.err.item, 3);
    pe_reader_close(reader);
    close_pipe(&p);
    pe_buffer_fini(&t.bytes);
    leave_folder(folder);
}
END_TEST

START_TEST(stream_quote_never_closed_is_reported_after_what_is_whole)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.csv", PE_FORMAT_AUTO);
    taken t = {.items.count = 9};
    pipe_end p = open_pipe(&spec, "a,b\n1,2\n3,\"4\n5,6\n");
    hang_up(&p);
    ck_ok(take(&p, 10, 1000, 1000, &t), t.err);
    check_taken(&t, 1, "1,2\n");
    ck_assert(!t.items.ended);
    ck_assert_int_eq(take(&p, 10, 1000, 1000, &t), PE_EDATA);
    ck_assert_str_eq(t.err.text, "x.csv:3:3: the quote that opens here is never closed");
    close_pipe(&p);
    pe_buffer_fini(&t.bytes);
    leave_folder(folder);
}
END_TEST

START_TEST(stream_first_and_count_cut_it)
{
    enter_folder(folder);
    pe_source_spec spec = only(from(file("x.txt", PE_FORMAT_AUTO), 2), 2);
    taken t = {.items.count = 9};
    pipe_end p = open_pipe(&spec, "a\nb\nc\nd\ne\n");
    ck_ok(take(&p, 10, 1000, 1000, &t), t.err);
    check_taken(&t, 2, "c\nd\n");
    ck_assert_uint_eq(t.items.byte_range.first, 0);
    ck_assert_uint_eq(t.items.byte_range.line, 3);
    ck_assert(t.items.ended);
    close_pipe(&p);
    unlink(spec.path);
    p = open_pipe(&spec, "a\nb\nc\n");
    hang_up(&p);
    ck_assert_int_eq(take(&p, 10, 1000, 1000, &t), PE_EDATA);
    ck_assert_msg(strstr(t.err.text, "3 items") != NULL, "%s", t.err.text);
    close_pipe(&p);
    pe_buffer_fini(&t.bytes);
    leave_folder(folder);
}
END_TEST

START_TEST(stream_raw_hands_out_whole_items)
{
    enter_folder(folder);
    const pe_source_spec spec = as(file("x.raw", PE_FORMAT_AUTO), PE_INT64);
    taken t = {.items.count = 9};
    pipe_end p = open_pipe(&spec, "");
    put(p.feed, "0123456789ab", 12);
    ck_ok(take(&p, 10, 1000, 0, &t), t.err);
    check_taken(&t, 1, "01234567");
    put(p.feed, "cdefghijklmnop", 14);
    ck_ok(take(&p, 1, 1000, 0, &t), t.err);
    check_taken(&t, 1, "89abcdef");
    ck_assert_uint_eq(t.items.byte_range.offset, 8);
    ck_assert_uint_eq(t.items.byte_range.first, 1);
    hang_up(&p);
    ck_ok(take(&p, 10, 1, 1000, &t), t.err);
    check_taken(&t, 1, "ghijklmn");
    ck_assert(!t.items.ended);
    ck_assert_int_eq(take(&p, 10, 1000, 1000, &t), PE_EDATA);
    ck_assert_str_eq(t.err.text,
                     "x.raw: ends within item 3: 2 bytes are left where an item takes 8: is the dtype right?");
    close_pipe(&p);
    pe_buffer_fini(&t.bytes);
    leave_folder(folder);
}
END_TEST

static const char header[] = "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 2), }"
                             "                                                          \n";

/* A pipe with the header of three rows of two int16; returned once the source has read it. */
static pipe_end open_npy(const pe_source_spec *spec)
{
    pipe_end p = {.feed = make_pipe(spec->path)};
    pe_error err = PE_ERROR_INIT;
    put(p.feed, "\x93NUMPY\x01\x00v\x00", 10);
    put(p.feed, header, sizeof header - 1);
    ck_ok(pe_source_open(spec, &p.source, &err), err);
    const int writer = open(spec->path, O_WRONLY);
    close(p.feed);
    p.feed = writer;
    return p;
}

START_TEST(stream_npy_goes_on_as_rows)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    taken t = {.items.count = 9};
    pipe_end p = open_npy(&spec);
    put(p.feed, "aabbccddeeffgghh", 16);
    ck_ok(take(&p, 2, 1000, 0, &t), t.err);
    check_taken(&t, 2, "aabbccdd");
    ck_ok(take(&p, 10, 1000, 0, &t), t.err);
    check_taken(&t, 1, "eeff"); /* what follows the array is no part of it */
    ck_assert(t.items.ended);
    ck_assert_uint_eq(t.items.byte_range.offset, 128 + 8);
    close_pipe(&p);
    unlink(spec.path);
    p = open_npy(&spec);
    put(p.feed, "aabbcc", 6);
    hang_up(&p);
    ck_ok(take(&p, 10, 1000, 1000, &t), t.err);
    check_taken(&t, 1, "aabb");
    ck_assert_int_eq(take(&p, 10, 1000, 1000, &t), PE_EDATA);
    ck_assert_str_eq(t.err.text, "x.npy: truncated: its header has 3 items of 4 bytes, but it ended within item 1 "
                                 "(2 bytes of it)");
    close_pipe(&p);
    pe_buffer_fini(&t.bytes);
    leave_folder(folder);
}
END_TEST

START_TEST(stream_npy_without_a_header_is_refused)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.npy", PE_FORMAT_AUTO);
    pe_source *source = NULL;
    pe_error err = PE_ERROR_INIT;
    const int feed = make_pipe("x.npy");
    put(feed, "1,2,3\n4,5,6\n7,8,9\n", 18);
    ck_assert_int_eq(pe_source_open(&spec, &source, &err), PE_EDATA);
    ck_assert_ptr_null(source);
    close(feed);
    leave_folder(folder);
}
END_TEST

START_TEST(stream_long_record_grows_the_buffer)
{
    enter_folder(folder);
    const pe_source_spec spec = file("x.txt", PE_FORMAT_AUTO);
    taken t = {.items.count = 9};
    static char part[4096];
    memset(part, 'x', sizeof part);
    pipe_end p = open_pipe(&spec, "a\n");
    ck_ok(take(&p, 10, 100, 0, &t), t.err);
    check_taken(&t, 1, "a\n");
    for (int i = 0; i < 1000; i++) {
        put(p.feed, part, sizeof part);
        ck_ok(take(&p, 10, 100, 0, &t), t.err);
        ck_assert_uint_eq(t.items.count, 0);
    }
    put(p.feed, "\nb\n", 3);
    ck_ok(take(&p, 10, 100, 0, &t), t.err);
    ck_assert_uint_eq(t.items.count, 1);
    ck_assert_uint_eq(t.bytes.size, 4096001);
    ck_ok(take(&p, 10, 100, 0, &t), t.err);
    check_taken(&t, 1, "b\n");
    close_pipe(&p);
    pe_buffer_fini(&t.bytes);
    leave_folder(folder);
}
END_TEST

UNIT_MAIN("stream_source", stream_waits_no_longer_than_it_may, stream_hands_out_no_more_than_asked,
          stream_that_is_empty_has_no_items, stream_records_are_whole_whatever_the_pieces,
          stream_final_empty_line_is_no_record, stream_lines_count_on_across_payloads,
          stream_quote_never_closed_is_reported_after_what_is_whole, stream_first_and_count_cut_it,
          stream_raw_hands_out_whole_items, stream_npy_goes_on_as_rows, stream_npy_without_a_header_is_refused,
          stream_long_record_grows_the_buffer)
