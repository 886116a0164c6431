/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_sink.c - what each format accepts, and what stands under a file's name when.
 *
 * Design: digests are what xxhsum -H2 0.8.1 prints of the same bytes.
 */
#include "sink/output_stream.h"
#include "sink/sink_vtable.h"
#include "sink_helpers.h"

static void refused(const pe_sink_spec *spec, const char *told)
{
    pe_error err = PE_ERROR_INIT;
    pe_format format;
    ck_assert_int_eq(pe_sink_check(spec, &format, &err), PE_ECONFIG);
    ck_assert_msg(strncmp(err.text, "job.toml:14:1: output: ", 23) == 0 && strstr(err.text, told) != NULL,
                  "told \"%s\"", err.text);
    pe_error again = PE_ERROR_INIT;
    pe_sink *sink = NULL;
    ck_assert_int_eq(pe_sink_begin(spec, &sink, &again), PE_ECONFIG);
    ck_assert_ptr_null(sink);
}

static pe_format accepted(const pe_sink_spec *spec)
{
    pe_error err = PE_ERROR_INIT;
    pe_format format = PE_FORMAT_AUTO;
    ck_ok(pe_sink_check(spec, &format, &err), err);
    return format;
}

START_TEST(check_unknown_suffix_is_refused)
{
    pe_sink_spec spec = make_spec("x.dat", PE_ORDER_STREAM, int64_type, 1);
    refused(&spec, "the suffix of \"x.dat\" names no format; set output.format, to one of npy");
    spec.format = PE_FORMAT_RAW;
    ck_assert_int_eq(accepted(&spec), PE_FORMAT_RAW);
}
END_TEST

START_TEST(check_format_follows_the_path)
{
    static const struct {
        const char *path;
        pe_format format;
    } cases[] = {{"-", PE_FORMAT_TXT},     {"/dev/stdout", PE_FORMAT_TXT}, {"/dev/null", PE_FORMAT_NULL},
                 {"x.npy", PE_FORMAT_NPY}, {"a.b/x.CSV", PE_FORMAT_CSV},   {"x.digest", PE_FORMAT_DIGEST},
                 {"x.raw", PE_FORMAT_RAW}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const pe_sink_spec spec = make_spec(cases[c].path, PE_ORDER_STREAM, int64_type, 1);
        ck_assert_int_eq(accepted(&spec), cases[c].format);
    }
}
END_TEST

START_TEST(check_types_that_do_not_fit_are_refused)
{
    const pe_type wide[] = {{PE_INT64, 0}, {PE_INT128, 0}}, mixed[] = {{PE_INT64, 0}, {PE_TEXT, 0}};
    pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, wide, 2);
    refused(&spec, "npy has no int128 (result 1); use format raw, csv, tsv or txt");
    spec = make_spec("x.npy", PE_ORDER_STREAM, text_type, 1);
    refused(&spec, "npy has no text");
    spec = make_spec("x.raw", PE_ORDER_STREAM, mixed, 2);
    refused(&spec, "raw cannot tell where a text ends");
    spec = make_spec("x.digest", PE_ORDER_STREAM, text_type, 1);
    ck_assert_int_eq(accepted(&spec), PE_FORMAT_DIGEST);
    spec.has_index = true;
    refused(&spec, "digest cannot tell where a text ends");
}
END_TEST

START_TEST(check_digest_unordered_is_refused)
{
    pe_sink_spec spec = make_spec("-", PE_ORDER_UNORDERED, int64_type, 1);
    spec.format = PE_FORMAT_DIGEST;
    refused(&spec, "digest depends on the order");
}
END_TEST

START_TEST(check_names_must_match_the_columns)
{
    static const char *const names[] = {"a", "b", "c", "d", "a"};
    pe_sink_spec spec = make_spec("x.csv", PE_ORDER_STREAM, divmod_types, 2);
    spec.names = names;
    spec.name_count = 3;
    refused(&spec, "names: got 3, expected 2, one for each result, or 4, one for each column");
    spec.name_count = 2;
    accepted(&spec);
    spec.name_count = 4;
    accepted(&spec);
    spec = make_spec("x.csv", PE_ORDER_STREAM, int64_type, 1);
    spec.names = names;
    spec.name_count = 2;
    refused(&spec, "names: got 2, expected 1, one for each result");
}
END_TEST

START_TEST(check_npy_fields_need_names_of_their_own)
{
    static const char *const twice[] = {"a", "a"}, *const empty[] = {"a", ""}, *const index[] = {"a", "index"};
    pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, divmod_types, 2);
    spec.name_count = 2;
    spec.names = twice;
    refused(&spec, "two columns of npy cannot both be called \"a\"");
    spec.names = empty;
    refused(&spec, "empty name");
    spec.names = index;
    accepted(&spec);
    spec.has_index = true;
    refused(&spec, "both be called \"index\"");
}
END_TEST

START_TEST(check_npy_of_unknown_length_on_a_pipe_is_refused)
{
    pe_sink_spec spec = make_spec("-", PE_ORDER_STREAM, int64_type, 1);
    spec.format = PE_FORMAT_NPY;
    refused(&spec, "npy on stdout needs the number of items beforehand");
    spec.items = 3;
    accepted(&spec);
    spec.items = UNKNOWN;
    spec.order = PE_ORDER_WHOLE; /* held back until the number is known */
    accepted(&spec);
    spec.path = "/dev/full";
    pe_error err = PE_ERROR_INIT;
    pe_sink *sink = NULL;
    ck_assert_int_eq(pe_sink_begin(&spec, &sink, &err), PE_ECONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "npy on /dev/full needs the number of items"));
}
END_TEST

START_TEST(begin_missing_directory_is_no_output)
{
    enter();
    const pe_sink_spec spec = make_spec("none/x.txt", PE_ORDER_WHOLE, int64_type, 1);
    pe_error err = PE_ERROR_INIT;
    pe_sink *sink = NULL;
    ck_assert_int_eq(pe_sink_begin(&spec, &sink, &err), PE_EOUTPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "none"));
    ck_assert_ptr_null(sink);
    tidy();
}
END_TEST

START_TEST(null_takes_and_drops)
{
    pe_sink_spec spec = make_spec("/no/such/place", PE_ORDER_WHOLE, int64_type, 1);
    spec.format = PE_FORMAT_NULL;
    pe_sink *sink = begin(&spec);
    put(sink, "", 0, 1000);
    finish(sink);
    pe_sink_free(NULL);
}
END_TEST

START_TEST(whole_file_appears_at_commit)
{
    enter();
    const pe_sink_spec spec = make_spec("x.txt", PE_ORDER_WHOLE, int64_type, 1);
    pe_sink *sink = begin(&spec);
    put_text(sink, "1\n4\n", 2);
    ck_assert(!exists("x.txt") && exists("x.txt.part"));
    put_text(sink, "9\n", 1);
    finish(sink);
    holds_text("x.txt", "1\n4\n9\n");
    ck_assert(!exists("x.txt.part"));
    tidy();
}
END_TEST

START_TEST(whole_file_aborted_leaves_the_earlier_one)
{
    static const char *const paths[] = {"x.txt", "x.csv", "x.npy", "x.raw", "x.digest"};
    enter();
    for (size_t p = 0; p < 5; p++) {
        const pe_sink_spec spec = make_spec(paths[p], PE_ORDER_WHOLE, int64_type, 1);
        pe_sink *sink = begin(&spec);
        finish(sink);
        ck_assert(exists(paths[p])); /* an older result of that name */
        sink = begin(&spec);
        put(sink, "12345678", 8, 1);
        give_up(sink);
        char part[20];
        snprintf(part, sizeof part, "%s.part", paths[p]);
        ck_assert_msg(exists(paths[p]) && !exists(part), "%s", paths[p]);
    }
    tidy();
}
END_TEST

START_TEST(growing_file_aborted_keeps_its_items)
{
    static const pe_order orders[] = {PE_ORDER_STREAM, PE_ORDER_UNORDERED};
    enter();
    for (size_t o = 0; o < 2; o++) {
        const pe_sink_spec spec = make_spec("x.csv", orders[o], int64_type, 1);
        pe_sink *sink = begin(&spec);
        holds_text("x.csv.part", "result\n");
        put_text(sink, "1\n4\n", 2);
        holds_text("x.csv", "result\n1\n4\n");
        give_up(sink);
        holds_text("x.csv", "result\n1\n4\n");
        sink = begin(&spec);
        give_up(sink);
        holds_text("x.csv", "result\n1\n4\n"); /* no item: the earlier file stays */
        sink = begin(&spec);
        pe_sink_free(sink); /* free without an end aborts */
        holds_text("x.csv", "result\n1\n4\n");
        ck_assert(!exists("x.csv.part"));
        sink = begin(&spec);
        put_text(sink, "1\n", 1);
        pe_sink_free(sink);
        holds_text("x.csv", "result\n1\n");
    }
    tidy();
}
END_TEST

/* The write fails after its bytes are in the file. A checkpoint then lists the bytes before it, and no item. */
static void fails_after_its_bytes(pe_sink *sink, uint64_t bytes_before)
{
    const int64_t row = 1;
    pe_error err = PE_ERROR_INIT, ignored = PE_ERROR_INIT;
    pe_sink_mark mark;
    pe_buffer state = {0};
    ck_assert_int_eq(pe_sink_write(sink, &row, sizeof row, 1, &err), PE_EIO);
    ck_ok(pe_sink_mark_now(sink, &mark, &state, &ignored), ignored);
    ck_assert_uint_eq(mark.items, 0);
    ck_assert_uint_eq(mark.bytes, bytes_before);
    pe_buffer_fini(&state);
}

START_TEST(growing_file_that_cannot_be_renamed_counts_no_rows)
{
    static const char *const paths[] = {"x.raw", "x.npy"};
    static const uint64_t header_bytes[] = {0, 128};
    enter();
    for (size_t p = 0; p < 2; p++) {
        const pe_sink_spec spec = make_spec(paths[p], PE_ORDER_STREAM, int64_type, 1);
        pe_sink *sink = begin(&spec);
        ck_assert_int_eq(mkdir(paths[p], 0700), 0); /* which a rename does not replace */
        fails_after_its_bytes(sink, header_bytes[p]);
        pe_sink_trim(sink);
        char part[16];
        snprintf(part, sizeof part, "%s.part", paths[p]);
        ck_assert_uint_eq(load(part), header_bytes[p]);
        give_up(sink);
        ck_assert_int_eq(rmdir(paths[p]), 0);
    }
    tidy();
}
END_TEST

START_TEST(npy_whose_header_cannot_be_written_counts_no_rows)
{
    int ends[2];
    enter();
    const pe_sink_spec spec = make_spec("x.npy", PE_ORDER_STREAM, int64_type, 1);
    pe_sink *sink = begin(&spec);
    ck_assert_int_eq(pipe(ends), 0); /* takes the row, and has no beginning to go back to */
    ck_assert_int_eq(dup2(ends[1], sink->stream->fd), sink->stream->fd);
    fails_after_its_bytes(sink, 128);
    give_up(sink);
    close(ends[0]);
    close(ends[1]);
    tidy();
}
END_TEST

static void opens_with(pe_sink_spec spec, const char *const *names, int name_count, bool has_index, const char *line)
{
    spec.names = names;
    spec.name_count = name_count;
    spec.has_index = has_index;
    finish(begin(&spec));
    holds_text(spec.path, line);
}

START_TEST(raw_rows_have_row_file_in_a_whole_file_alone)
{
    static const pe_order orders[] = {PE_ORDER_WHOLE, PE_ORDER_STREAM, PE_ORDER_UNORDERED};
    pe_error err = PE_ERROR_INIT;
    enter();
    for (size_t o = 0; o < 3; o++) {
        const pe_sink_spec spec = make_spec("x.raw", orders[o], int64_type, 1);
        pe_sink *sink = begin(&spec);
        pe_row_file row_file = open_row_file(sink, 8);
        ck_assert_int_eq(pe_row_file_is_open(&row_file), orders[o] == PE_ORDER_WHOLE);
        if (pe_row_file_is_open(&row_file)) {
            ck_ok(pe_row_file_write(&row_file, 1, "89abcdef", 8, &err), err);
            ck_ok(pe_row_file_write(&row_file, 0, "01234567", 8, &err), err);
            ck_ok(pe_row_file_close(&row_file, false, &err), err);
            advance(sink, 8, 1);
            advance(sink, 8, 1);
            finish(sink);
            holds_text("x.raw", "0123456789abcdef");
        } else {
            give_up(sink);
        }
        unlink("x.raw");
    }
    tidy();
}
END_TEST

START_TEST(row_file_marks_are_seen_through_another_descriptor)
{
    const unsigned char one[PE_PROBE_BYTES] = "fifteen letters", two[PE_PROBE_BYTES] = "FIFTEEN LETTERS";
    pe_error err = PE_ERROR_INIT;
    pe_row_file row_file, elsewhere;
    enter();
    ck_assert_int_eq(pe_row_file_open("x.raw", 0, 8, &row_file, &err), PE_EOUTPUT);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot write x.raw"));
    ck_assert(!pe_row_file_is_open(&row_file));
    fclose(fopen("x.raw", "w"));
    fclose(fopen("x.txt", "w"));
    err = (pe_error)PE_ERROR_INIT;
    ck_ok(pe_row_file_open("x.raw", 24, 8, &row_file, &err), err);
    ck_ok(pe_row_file_open("x.txt", 24, 8, &elsewhere, &err), err);
    ck_assert(pe_row_file_write_probe(&row_file, 0, one) && pe_row_file_write_probe(&row_file, 1, two));
    ck_assert(pe_row_file_has_probe(&row_file, 0, one) && pe_row_file_has_probe(&row_file, 1, two));
    ck_assert(!pe_row_file_has_probe(&row_file, 0, two) && !pe_row_file_has_probe(&row_file, 2, one));
    ck_assert(!pe_row_file_has_probe(&elsewhere, 0, one));
    ck_ok(pe_row_file_close(&row_file, false, &err), err);
    ck_ok(pe_row_file_close(&elsewhere, false, &err), err);
    ck_assert_uint_eq(load("x.raw"), 24 + 2 * PE_PROBE_BYTES);
    tidy();
}
END_TEST

START_TEST(csv_without_items_has_its_names)
{
    static const char *const two[] = {"q,1", "r"}, *const four[] = {"q", "x", "y", "z\""}, *const empty[] = {""};
    enter();
    const pe_sink_spec one = make_spec("x.csv", PE_ORDER_WHOLE, int64_type, 1);
    opens_with(one, NULL, 0, false, "result\n");
    opens_with(one, NULL, 0, true, "index,result\n");
    opens_with(one, two, 1, true, "index,\"q,1\"\n");
    opens_with(one, empty, 1, false, "\"\"\n");
    const pe_sink_spec vector = make_spec("x.tsv", PE_ORDER_STREAM, vector_type, 1);
    opens_with(vector, NULL, 0, false, "result_0\tresult_1\tresult_2\n");
    opens_with(vector, two, 1, false, "q,1_0\tq,1_1\tq,1_2\n");
    const pe_sink_spec several = make_spec("x.csv", PE_ORDER_WHOLE, divmod_types, 2);
    opens_with(several, NULL, 0, true, "index,f0,f1_0,f1_1,f1_2\n");
    opens_with(several, two, 2, false, "\"q,1\",r_0,r_1,r_2\n");
    opens_with(several, four, 4, true, "index,q,x,y,\"z\"\"\"\n");
    tidy();
}
END_TEST

START_TEST(digest_equals_xxhsum)
{
    enter();
    const pe_sink_spec spec = make_spec("x.digest", PE_ORDER_STREAM, int64_type, 1);
    finish(begin(&spec));
    holds_text("x.digest", "items=0 bytes=0 xxh3_128=99aa06d3014798d86001c324468d497f\n");
    for (size_t cut = 1; cut <= 800; cut += 57) { /* however it is cut */
        int64_t squares[100];
        pe_sink *sink = begin(&spec);
        for (int64_t i = 0; i < 100; i++)
            squares[i] = i * i;
        for (size_t at = 0; at < sizeof squares; at += cut) {
            const size_t part = sizeof squares - at < cut ? sizeof squares - at : cut;
            put(sink, (const unsigned char *)squares + at, part, at == 0 ? 100 : 0);
        }
        holds_text("x.digest.part", "");
        finish(sink);
        holds_text("x.digest", "items=100 bytes=800 xxh3_128=a61b843abfd7caf81891a553dbd03dc1\n");
    }
    const int before = catch_stdout();
    pe_sink_spec text = make_spec("-", PE_ORDER_WHOLE, text_type, 1);
    text.format = PE_FORMAT_DIGEST;
    pe_sink *sink = begin(&text);
    put_text(sink, "Nobody inspects the spammish repetition\n", 1);
    finish(sink);
    restore_stdout(before);
    holds_text("stdout", "items=1 bytes=40 xxh3_128=e3197057495feff8e4d2d8470cd95149\n");
    tidy();
}
END_TEST

START_TEST(memory_is_what_is_held)
{
    pe_sink_spec spec = make_spec("x.txt", PE_ORDER_WHOLE, int64_type, 1);
    spec.items = 1000000;
    ck_assert_uint_eq(pe_sink_memory(&spec, 21), 0);
    spec.path = "-";
    ck_assert_uint_ge(pe_sink_memory(&spec, 21), 21000000);
    ck_assert_uint_le(pe_sink_memory(&spec, 21), 21000000 + (4 << 20));
    spec.items = UINT64_C(1) << 62;
    ck_assert_uint_ge(pe_sink_memory(&spec, 21), SIZE_MAX / 4);
    spec.order = PE_ORDER_STREAM;
    ck_assert_uint_eq(pe_sink_memory(&spec, 21), 0);
    spec.order = PE_ORDER_WHOLE;
    spec.format = PE_FORMAT_DIGEST;
    ck_assert_uint_eq(pe_sink_memory(&spec, 8), 0);
}
END_TEST

UNIT_MAIN("sink", check_unknown_suffix_is_refused, check_format_follows_the_path,
          check_types_that_do_not_fit_are_refused, check_digest_unordered_is_refused,
          check_names_must_match_the_columns, check_npy_fields_need_names_of_their_own,
          check_npy_of_unknown_length_on_a_pipe_is_refused, begin_missing_directory_is_no_output, null_takes_and_drops,
          whole_file_appears_at_commit, whole_file_aborted_leaves_the_earlier_one, growing_file_aborted_keeps_its_items,
          growing_file_that_cannot_be_renamed_counts_no_rows, npy_whose_header_cannot_be_written_counts_no_rows,
          raw_rows_have_row_file_in_a_whole_file_alone, row_file_marks_are_seen_through_another_descriptor,
          csv_without_items_has_its_names, digest_equals_xxhsum, memory_is_what_is_held)
