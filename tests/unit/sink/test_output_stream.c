/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_output_stream.c - sinks on stdout, on pipes, and on disks that are full.
 *
 * Design: a limit on the size of files stands for a full disk: it cuts a write short as a disk does, then fails it.
 */
#define _XOPEN_SOURCE 700 /* pseudo-terminals */

#include "sink_helpers.h"

#include <signal.h>
#include <sys/resource.h>

START_TEST(stdout_stream_gets_items_at_once)
{
    enter();
    const int before = catch_stdout();
    pe_sink_spec spec = make_spec("-", PE_ORDER_STREAM, int64_type, 1);
    spec.format = PE_FORMAT_CSV;
    pe_sink *sink = begin(&spec);
    holds_text("stdout", ""); /* the names go with the first items */
    put_text(sink, "1\n", 1);
    holds_text("stdout", "result\n1\n");
    finish(sink);
    ck_assert_int_eq(fcntl(STDOUT_FILENO, F_GETFD), 0); /* still open */
    spec.format = PE_FORMAT_NPY;
    spec.items = 2;
    sink = begin(&spec);
    put_text(sink, "12345678", 1);
    put_text(sink, "abcdefgh", 1);
    finish(sink);
    restore_stdout(before);
    unsigned char expected[9 + 128 + 16];
    memcpy(expected, "result\n1\n", 9);
    npy_header(expected + 9, "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }");
    memcpy(expected + 9 + 128, "12345678abcdefgh", 16);
    holds("stdout", expected, sizeof expected);
    tidy();
}
END_TEST

START_TEST(stdout_whole_is_held_until_commit)
{
    static unsigned char part[300000];
    enter();
    const int before = catch_stdout();
    pe_sink_spec spec = make_spec("-", PE_ORDER_WHOLE, int64_type, 1);
    spec.format = PE_FORMAT_NPY;
    spec.items = UNKNOWN;
    pe_sink *sink = begin(&spec);
    for (int p = 0; p < 10; p++) { /* more than two segments, cut anywhere */
        memset(part, 'a' + p, sizeof part);
        put(sink, part, sizeof part, sizeof part / 8);
        ck_assert_uint_eq(load("stdout"), 0);
    }
    finish(sink);
    restore_stdout(before);
    ck_assert_uint_eq(load("stdout"), 128 + 3000000);
    unsigned char header[128];
    npy_header(header, "{'descr': '<i8', 'fortran_order': False, 'shape': (375000,), }");
    ck_assert_mem_eq(content, header, 128);
    size_t wrong = 0;
    for (size_t i = 0; i < 3000000; i++)
        wrong += content[128 + i] != 'a' + i / 300000;
    ck_assert_uint_eq(wrong, 0);
    tidy();
}
END_TEST

START_TEST(stdout_whole_aborted_gets_nothing)
{
    enter();
    const int before = catch_stdout();
    pe_sink_spec spec = make_spec("-", PE_ORDER_WHOLE, int64_type, 1);
    pe_sink *sink = begin(&spec);
    put_text(sink, "1\n", 1);
    give_up(sink);
    spec.format = PE_FORMAT_DIGEST;
    sink = begin(&spec);
    put_text(sink, "12345678", 1);
    give_up(sink);
    restore_stdout(before);
    holds_text("stdout", "");
    tidy();
}
END_TEST

START_TEST(stdout_npy_of_another_count_is_a_bug)
{
    enter();
    const int before = catch_stdout();
    pe_sink_spec spec = make_spec("-", PE_ORDER_STREAM, int64_type, 1);
    spec.format = PE_FORMAT_NPY;
    spec.items = 2;
    pe_sink *sink = begin(&spec);
    put_text(sink, "12345678", 1);
    pe_error err = PE_ERROR_INIT;
    const pe_status status = pe_sink_commit(sink, false, &err);
    restore_stdout(before);
    ck_assert_int_eq(status, PE_EBUG);
    pe_sink_free(sink);
    tidy();
}
END_TEST

START_TEST(stdout_closed_is_no_output)
{
    const int before = dup(STDOUT_FILENO);
    const pe_sink_spec spec = make_spec("-", PE_ORDER_STREAM, int64_type, 1);
    pe_error err = PE_ERROR_INIT;
    pe_sink *sink = NULL;
    close(STDOUT_FILENO);
    const pe_status status = pe_sink_begin(&spec, &sink, &err);
    restore_stdout(before);
    ck_assert_int_eq(status, PE_EOUTPUT);
    ck_assert_str_eq(err.text, "cannot write stdout: Bad file descriptor");
}
END_TEST

START_TEST(terminal_gets_text_but_nothing_binary)
{
    static const pe_format formats[] = {PE_FORMAT_NPY, PE_FORMAT_RAW, PE_FORMAT_TXT};
    const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert_int_ge(terminal, 0);
    ck_assert(grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    const int end = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(end, 0);
    const int before = dup(STDOUT_FILENO), talk_before = dup(STDERR_FILENO);
    pe_error errs[3] = {PE_ERROR_INIT, PE_ERROR_INIT, PE_ERROR_INIT};
    pe_status statuses[3], piped_talk = PE_OK;
    (void)dup2(end, STDOUT_FILENO); /* under mpirun only stdout is one */
    pe_sink_spec spec = make_spec("-", PE_ORDER_WHOLE, int64_type, 1);
    pe_sink *sink = NULL;
    spec.format = PE_FORMAT_RAW;
    const bool is_talk_terminal = isatty(STDERR_FILENO) == 1;
    if (!is_talk_terminal) {
        piped_talk = pe_sink_begin(&spec, &sink, &errs[0]);
        give_up(sink);
    }
    (void)dup2(end, STDERR_FILENO);
    for (size_t f = 0; f < 3; f++) {
        spec.format = formats[f];
        statuses[f] = pe_sink_begin(&spec, &sink, &errs[f]);
    }
    give_up(sink);
    (void)dup2(talk_before, STDERR_FILENO);
    restore_stdout(before);
    ck_assert_int_eq(piped_talk, PE_OK);
    ck_assert_int_eq(statuses[0], PE_ECONFIG);
    ck_assert_ptr_nonnull(strstr(errs[0].text, "npy is binary and stdout is a terminal"));
    ck_assert_int_eq(statuses[1], PE_ECONFIG);
    ck_assert_int_eq(statuses[2], PE_OK);
}
END_TEST

START_TEST(pipe_whole_is_held_until_commit)
{
    enter();
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    const int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(reader, 0);
    pe_sink_spec spec = make_spec("fifo", PE_ORDER_WHOLE, int64_type, 1);
    spec.format = PE_FORMAT_TXT;
    spec.items = 1;
    ck_assert_uint_ge(pe_sink_memory(&spec, 21), 21);
    pe_sink *sink = begin(&spec);
    put_text(sink, "1\n", 1);
    ck_assert_int_eq((int)read(reader, content, 10), -1);
    finish(sink);
    ck_assert_int_eq((int)read(reader, content, 10), 2);
    close(reader);
    tidy();
}
END_TEST

START_TEST(write_to_a_closed_pipe_is_closed)
{
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    const int before = dup(STDOUT_FILENO);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    pe_sink_spec spec = make_spec("-", PE_ORDER_STREAM, int64_type, 1);
    pe_error err = PE_ERROR_INIT, whole_err = PE_ERROR_INIT;
    pe_sink *sink = begin(&spec);
    const pe_status status = pe_sink_write(sink, "1\n", 2, 1, &err);
    give_up(sink);
    spec.order = PE_ORDER_WHOLE;
    sink = begin(&spec);
    put_text(sink, "1\n", 1);
    const pe_status whole_status = pe_sink_commit(sink, false, &whole_err);
    pe_sink_free(sink);
    restore_stdout(before);
    ck_assert_int_eq(status, PE_ECLOSED);
    ck_assert_int_eq(whole_status, PE_ECLOSED);
}
END_TEST

START_TEST(write_to_a_full_device_names_it)
{
    static const pe_format formats[] = {PE_FORMAT_TXT, PE_FORMAT_CSV, PE_FORMAT_NPY, PE_FORMAT_DIGEST};
    for (size_t f = 0; f < 4; f++) {
        pe_sink_spec spec = make_spec("/dev/full", f % 2 == 0 ? PE_ORDER_WHOLE : PE_ORDER_STREAM, int64_type, 1);
        pe_error err = PE_ERROR_INIT;
        spec.format = formats[f];
        spec.items = 1;
        pe_sink *sink = begin(&spec);
        pe_status status = pe_sink_write(sink, "12345678", 8, 1, &err);
        if (status == PE_OK)
            status = pe_sink_commit(sink, false, &err);
        give_up(sink);
        ck_assert_int_eq(status, PE_EIO);
        ck_assert_str_eq(err.text, "cannot write /dev/full: No space left on device");
    }
    ck_assert(exists("/dev/full"));
}
END_TEST

/* A file of at most this many bytes stands for a full disk: the write that goes beyond it is cut short, then fails. */
static pe_status fill(const char *path, pe_order order, size_t most, uint64_t writes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = most;
    const int lowered = setrlimit(RLIMIT_FSIZE, &limit); /* Check keeps a file too: no ck_ until the limit is gone */
    const pe_sink_spec spec = make_spec(path, order, int64_type, 1);
    pe_error err = PE_ERROR_INIT;
    pe_sink *sink = NULL;
    pe_status status = pe_sink_begin(&spec, &sink, &err);
    for (uint64_t w = 0; w < writes && status == PE_OK; w++)
        status = pe_sink_write(sink, "11111111222222223333333344444444", 32, 4, &err);
    if (sink != NULL)
        give_up(sink);
    limit.rlim_cur = before;
    const int raised = setrlimit(RLIMIT_FSIZE, &limit);
    ck_assert(lowered == 0 && raised == 0);
    ck_assert_msg(status != PE_EIO || strstr(err.text, path) != NULL, "told \"%s\"", err.text);
    return status;
}

START_TEST(disk_full_keeps_whole_records_alone)
{
    enter();
    for (size_t more = 0; more < 32; more++) {
        ck_assert_int_eq(fill("x.npy", PE_ORDER_STREAM, 128 + 96 + more, 10), PE_EIO);
        ck_assert_uint_eq(load("x.npy"), 128 + 96);
        ck_assert_uint_eq(promised_rows("x.npy", 8), 12);
        ck_assert_int_eq(fill("x.raw", PE_ORDER_UNORDERED, 96 + more, 10), PE_EIO);
        ck_assert_uint_eq(load("x.raw"), 96);
        ck_assert_int_eq(fill("x.raw", PE_ORDER_STREAM, more, 10), PE_EIO);
        ck_assert_uint_eq(load("x.raw"), 96); /* not one item: the earlier file stays */
        ck_assert_int_eq(fill("x.npy", PE_ORDER_STREAM, 100 + more, 10), PE_EIO);
        ck_assert_uint_eq(load("x.npy"), 128 + 96);
    }
    tidy();
}
END_TEST

START_TEST(write_after_a_failure_gives_it_again)
{
    pe_sink_spec spec = make_spec("/dev/full", PE_ORDER_STREAM, int64_type, 1);
    spec.format = PE_FORMAT_TXT;
    pe_sink *sink = begin(&spec);
    for (int times = 0; times < 3; times++) {
        pe_error err = PE_ERROR_INIT;
        ck_assert_int_eq(times < 2 ? pe_sink_write(sink, "1\n", 2, 1, &err) : pe_sink_commit(sink, false, &err),
                         PE_EIO);
        ck_assert_str_eq(err.text, "cannot write /dev/full: No space left on device");
    }
    pe_sink_free(sink);
}
END_TEST

START_TEST(disk_full_leaves_no_whole_file)
{
    enter();
    ck_assert_int_eq(fill("x.npy", PE_ORDER_WHOLE, 200, 10), PE_EIO);
    ck_assert_int_eq(fill("x.csv", PE_ORDER_WHOLE, 100, 10), PE_EIO);
    ck_assert_int_eq(fill("x.csv", PE_ORDER_WHOLE, 3, 10), PE_EIO);
    ck_assert(!exists("x.npy") && !exists("x.npy.part") && !exists("x.csv") && !exists("x.csv.part"));
    tidy();
}
END_TEST

UNIT_MAIN("outlet", stdout_stream_gets_items_at_once, stdout_whole_is_held_until_commit,
          stdout_whole_aborted_gets_nothing, stdout_npy_of_another_count_is_a_bug, stdout_closed_is_no_output,
          terminal_gets_text_but_nothing_binary, pipe_whole_is_held_until_commit, write_to_a_closed_pipe_is_closed,
          write_to_a_full_device_names_it, write_after_a_failure_gives_it_again, disk_full_keeps_whole_records_alone,
          disk_full_leaves_no_whole_file)
