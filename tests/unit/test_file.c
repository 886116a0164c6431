/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_file.c - whole reads and writes, mapped files, outputs that appear by rename.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char home[] = "/tmp/pengine_file_XXXXXX";

/* Every test works in a directory of its own, made here and removed at the end. */
static void enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(chdir(home), 0);
}

static void leave(void)
{
    static const char *const names[] = {"x",   "x.part", "y",   "y.part", "link", "link.part",
                                        "hop", "d/x",    "d/y", "d",      "fifo", "fifo.part"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (unlink(names[i]) != 0)
            rmdir(names[i]);
    ck_assert_int_eq(rmdir(home), 0); /* nothing else was left behind */
}

static void put(const char *name, const char *text)
{
    FILE *const file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static bool exists(const char *name)
{
    struct stat facts;
    return lstat(name, &facts) == 0;
}

static void holds(const char *name, const char *expected)
{
    pe_error err = PE_ERROR_INIT;
    char *text = NULL;
    size_t size = 0;
    ck_ok(pe_file_read_all(name, 1u << 20, &text, &size, &err), err);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(size, strlen(expected));
    free(text);
}

static void says(const pe_error *err, pe_status status, const char *text)
{
    ck_assert_int_eq(err->status, status);
    ck_assert_str_eq(err->text, text);
}

START_TEST(read_all_missing_directory_and_large_are_refused)
{
    pe_error missing = PE_ERROR_INIT, directory = PE_ERROR_INIT, large = PE_ERROR_INIT;
    char *text = NULL;
    size_t size = 0;
    enter();
    pe_file_read_all("x", 10, &text, &size, &missing);
    says(&missing, PE_ENOINPUT, "cannot read x: No such file or directory");
    pe_file_read_all(".", 10, &text, &size, &directory);
    says(&directory, PE_ENOINPUT, "cannot read .: Is a directory");
    put("x", "12345678901");
    pe_file_read_all("x", 10, &text, &size, &large);
    says(&large, PE_ENOINPUT, "cannot read x: it is larger than 10 bytes");
    ck_assert_ptr_null(text);
    leave();
}
END_TEST

START_TEST(read_all_empty_full_and_long)
{
    enter();
    put("x", "");
    holds("x", "");
    put("x", "a\nb");
    holds("x", "a\nb");
    char *const text = malloc(200001);
    ck_assert_ptr_nonnull(text);
    memset(text, 'q', 200000);
    text[200000] = '\0';
    put("x", text);
    holds("x", text);
    free(text);
    leave();
}
END_TEST

START_TEST(write_full_disk_full_is_an_io_error)
{
    pe_error err = PE_ERROR_INIT, again = PE_ERROR_INIT;
    const int fd = open("/dev/full", O_WRONLY);
    ck_assert_int_ge(fd, 0);
    pe_write_full(fd, "abc", 3, "out.npy", &err);
    says(&err, PE_EIO, "cannot write out.npy: No space left on device");
    pe_write_full(fd, NULL, 0, "out.npy", &again);
    says(&again, PE_OK, "");
    close(fd);
}
END_TEST

START_TEST(write_full_closed_reader_is_told_apart)
{
    pe_error err = PE_ERROR_INIT;
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    pe_write_full(ends[1], "abc", 3, "stdout", &err);
    says(&err, PE_ECLOSED, "the reader of stdout closed it");
    close(ends[1]);
}
END_TEST

static void *drain(void *end)
{
    static char bytes[4096];
    size_t total = 0;
    ssize_t got = 0;
    while ((got = read(*(const int *)end, bytes, sizeof bytes)) > 0)
        total += (size_t)got;
    return (void *)total;
}

/* A pipe holds 64 KiB, so this write comes in many pieces, and would block. */
START_TEST(write_full_pipe_that_does_not_block_gets_all)
{
    enum { MANY = 1000000 };
    static char bytes[MANY];
    pe_error err = PE_ERROR_INIT;
    pthread_t reader;
    void *total = NULL;
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(pthread_create(&reader, NULL, drain, &ends[0]), 0);
    ck_ok(pe_write_full(ends[1], bytes, MANY, "pipe", &err), err);
    close(ends[1]);
    ck_assert_int_eq(pthread_join(reader, &total), 0);
    ck_assert_uint_eq((size_t)total, MANY);
    close(ends[0]);
}
END_TEST

START_TEST(pwrite_full_lands_at_its_offset)
{
    pe_error err = PE_ERROR_INIT, beyond = PE_ERROR_INIT;
    enter();
    put("x", "0123456789");
    const int fd = open("x", O_WRONLY);
    ck_assert_int_ge(fd, 0);
    ck_ok(pe_pwrite_full(fd, "abc", 3, 4, "x", &err), err);
    pe_pwrite_full(fd, "abc", 3, UINT64_MAX - 1, "x", &beyond);
    says(&beyond, PE_EIO, "cannot write x: File too large");
    close(fd);
    holds("x", "0123abc789");
    leave();
}
END_TEST

START_TEST(map_what_is_no_regular_file_is_refused)
{
    pe_error missing = PE_ERROR_INIT, directory = PE_ERROR_INIT, fifo = PE_ERROR_INIT;
    pe_map map = {0};
    enter();
    pe_map_open("x", &map, &missing);
    says(&missing, PE_ENOINPUT, "cannot read x: No such file or directory");
    pe_map_open(".", &map, &directory);
    says(&directory, PE_ENOINPUT, "cannot read .: Is a directory");
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    pe_map_open("fifo", &map, &fifo);
    says(&fifo, PE_ENOINPUT, "cannot read fifo: it is not a regular file");
    ck_assert_ptr_null(map.data);
    pe_map_close(&map);
    leave();
}
END_TEST

START_TEST(map_empty_and_small_files)
{
    pe_error err = PE_ERROR_INIT;
    pe_map map = {0};
    enter();
    put("x", "");
    ck_ok(pe_map_open("x", &map, &err), err);
    ck_assert(map.data == NULL && map.size == 0);
    pe_map_release(&map, 0, 100);
    pe_map_close(&map);
    put("x", "abc");
    ck_ok(pe_map_open("x", &map, &err), err);
    ck_assert_uint_eq(map.size, 3);
    pe_map_release(&map, 0, 3);
    pe_map_release(&map, 1, SIZE_MAX);
    pe_map_release(&map, 3, 1);
    pe_map_release(&map, UINT64_MAX, 1);
    ck_assert_mem_eq(map.data, "abc", 3);
    pe_map_close(&map);
    ck_assert(map.data == NULL && map.size == 0);
    leave();
}
END_TEST

static size_t resident_file_bytes(void)
{
    char line[256];
    size_t kib = 0;
    FILE *const file = fopen("/proc/self/status", "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "RssFile:", 8) == 0)
            kib = strtoull(line + 8, NULL, 10);
    fclose(file);
    return kib * 1024;
}

static void put_zeros(const char *name, size_t mebibytes)
{
    static char zeros[1 << 20];
    pe_error err = PE_ERROR_INIT;
    const int fd = open(name, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    for (size_t i = 0; i < mebibytes; i++)
        ck_ok(pe_write_full(fd, zeros, sizeof zeros, name, &err), err);
    ck_assert_int_eq(close(fd), 0);
}

/* Pieces that share pages and come out of order, as chunks do. */
START_TEST(map_release_bounds_memory_whatever_the_order)
{
    enum { PIECE = 16411, PIECES = 3800, MIB = 64, MOST = 8 << 20 };
    pe_error err = PE_ERROR_INIT;
    pe_map map = {0};
    unsigned sum = 0;
    enter();
    put_zeros("x", MIB);
    ck_ok(pe_map_open("x", &map, &err), err);
    ck_assert_uint_le((size_t)PIECE * PIECES, map.size);
    const size_t before = resident_file_bytes();
    for (size_t i = 0; i < PIECES; i++) {
        const size_t at = (i ^ 1) * PIECE;
        for (size_t b = 0; b < PIECE; b += 512)
            sum += map.data[at + b];
        pe_map_release(&map, at, PIECE);
        if (i % 256 == 0)
            ck_assert_uint_le(resident_file_bytes(), before + MOST);
    }
    ck_assert_uint_le(resident_file_bytes(), before + MOST);
    ck_assert_uint_eq(sum, 0);
    pe_map_close(&map);
    leave();
}
END_TEST

static pe_status write_out(pe_out_file *out, const char *text, pe_error *err)
{
    return pe_write_full(out->fd, text, strlen(text), out->path, err);
}

static void cannot_begin(const char *path, bool whole, const char *message)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    ck_assert_int_eq(pe_out_begin(path, whole, &out, &err), PE_EOUTPUT);
    ck_assert_str_eq(err.text, message);
    pe_out_abort(&out); /* allowed on what never began */
    pe_out_discard(&out);
}

START_TEST(out_that_cannot_be_created_names_the_reason)
{
    enter();
    for (int whole = 0; whole <= 1; whole++) {
        cannot_begin("", whole, "cannot create the output: its path is empty");
        cannot_begin("d/x", whole, "cannot create d/x: the directory d does not exist");
        cannot_begin("d/e/x", whole, "cannot create d/e/x: the directory d/e does not exist");
        cannot_begin(".", whole, "cannot create .: Is a directory");
        put("x", "old");
        cannot_begin("x/y", whole, "cannot create x/y: Not a directory");
        holds("x", "old");
    }
    leave();
}
END_TEST

START_TEST(out_no_permission_is_refused)
{
    if (geteuid() == 0)
        return; /* root may write everywhere */
    enter();
    ck_assert_int_eq(mkdir("d", 0500), 0);
    cannot_begin("d/x", true, "cannot create d/x: Permission denied");
    cannot_begin("d/x", false, "cannot create d/x: Permission denied");
    leave();
}
END_TEST

START_TEST(out_zero_initialised_abort_does_nothing)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    pe_out_abort(&out);
    pe_out_discard(&out);
    ck_ok(pe_out_commit(&out, &err), err);
    ck_assert_int_ge(fcntl(0, F_GETFD), 0); /* descriptor 0 was not taken for its own */
}
END_TEST

START_TEST(out_whole_appears_at_commit_alone)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    enter();
    put("x", "old");
    ck_ok(pe_out_begin("x", true, &out, &err), err);
    ck_assert(out.is_regular && strcmp(out.path, "x") == 0 && strcmp(out.part, "x.part") == 0);
    ck_assert(!exists("x"));
    ck_ok(write_out(&out, "new", &err), err);
    ck_assert(!exists("x") && exists("x.part"));
    ck_ok(pe_out_commit(&out, &err), err);
    ck_assert(!exists("x.part") && out.path == NULL);
    holds("x", "new");
    leave();
}
END_TEST

START_TEST(out_whole_aborted_leaves_nothing)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    enter();
    put("x", "old");
    ck_ok(pe_out_begin("x", true, &out, &err), err);
    pe_out_abort(&out);
    ck_assert(!exists("x") && !exists("x.part"));
    ck_ok(pe_out_begin("x", true, &out, &err), err);
    pe_out_discard(&out);
    ck_assert(!exists("x") && !exists("x.part"));
    leave();
}
END_TEST

START_TEST(out_whole_takes_over_a_part_that_a_killed_run_left)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    enter();
    put("x.part", "half of something longer");
    ck_ok(pe_out_begin("x", true, &out, &err), err);
    ck_ok(write_out(&out, "new", &err), err);
    ck_ok(pe_out_commit(&out, &err), err);
    holds("x", "new");
    leave();
}
END_TEST

START_TEST(out_growing_is_seen_and_kept_by_abort)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    enter();
    put("x", "something old and longer");
    ck_ok(pe_out_begin("x", false, &out, &err), err);
    ck_assert(out.is_regular && out.part == NULL);
    holds("x", "");
    ck_ok(write_out(&out, "prefix", &err), err);
    holds("x", "prefix");
    pe_out_abort(&out);
    holds("x", "prefix");
    ck_ok(pe_out_begin("x", false, &out, &err), err);
    ck_ok(write_out(&out, "all", &err), err);
    ck_ok(pe_out_commit(&out, &err), err);
    holds("x", "all");
    ck_ok(pe_out_begin("x", false, &out, &err), err);
    pe_out_discard(&out);
    ck_assert(!exists("x"));
    leave();
}
END_TEST

START_TEST(out_second_run_is_refused_while_the_first_writes)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file whole = {0}, growing = {0};
    enter();
    ck_ok(pe_out_begin("x", true, &whole, &err), err);
    ck_ok(pe_out_begin("y", false, &growing, &err), err);
    ck_ok(write_out(&whole, "first", &err), err);
    ck_ok(write_out(&growing, "first", &err), err);
    cannot_begin("x", true, "cannot create x: another run is writing x.part");
    cannot_begin("y", false, "cannot create y: another run is writing y");
    ck_ok(pe_out_commit(&whole, &err), err);
    ck_ok(pe_out_commit(&growing, &err), err);
    holds("x", "first");
    holds("y", "first");
    ck_ok(pe_out_begin("x", true, &whole, &err), err);
    pe_out_abort(&whole);
    leave();
}
END_TEST

START_TEST(out_link_keeps_and_its_file_is_replaced)
{
    pe_error err = PE_ERROR_INIT;
    enter();
    ck_assert_int_eq(mkdir("d", 0700), 0);
    ck_assert_int_eq(symlink("hop", "link"), 0);
    ck_assert_int_eq(symlink("d/x", "hop"), 0);
    for (int whole = 0; whole <= 1; whole++) { /* the first time the link leads to no file yet */
        pe_out_file out = {0};
        ck_ok(pe_out_begin("link", whole, &out, &err), err);
        ck_assert_str_eq(out.path, "d/x");
        ck_ok(write_out(&out, whole ? "whole" : "growing", &err), err);
        ck_ok(pe_out_commit(&out, &err), err);
        holds("d/x", whole ? "whole" : "growing");
        struct stat facts;
        ck_assert(lstat("link", &facts) == 0 && S_ISLNK(facts.st_mode));
        ck_assert(lstat("hop", &facts) == 0 && S_ISLNK(facts.st_mode));
    }
    leave();
}
END_TEST

START_TEST(out_link_to_itself_is_refused)
{
    enter();
    ck_assert_int_eq(symlink("link", "link"), 0);
    cannot_begin("link", true, "cannot create link: Too many levels of symbolic links");
    leave();
}
END_TEST

START_TEST(out_link_to_an_absolute_name_is_followed)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    char target[64];
    enter();
    snprintf(target, sizeof target, "%s/x", home);
    ck_assert_int_eq(symlink(target, "link"), 0);
    ck_ok(pe_out_begin("link", true, &out, &err), err);
    ck_assert_str_eq(out.path, target);
    ck_ok(pe_out_commit(&out, &err), err);
    holds("x", "");
    leave();
}
END_TEST

START_TEST(out_device_is_written_directly)
{
    for (int whole = 0; whole <= 1; whole++) {
        pe_error err = PE_ERROR_INIT, full = PE_ERROR_INIT;
        pe_out_file out = {0};
        ck_ok(pe_out_begin("/dev/null", whole, &out, &err), err);
        ck_assert(!out.is_regular && out.part == NULL);
        ck_ok(write_out(&out, "abc", &err), err);
        ck_ok(pe_out_commit(&out, &err), err);
        ck_ok(pe_out_begin("/dev/full", whole, &out, &err), err);
        write_out(&out, "abc", &full);
        says(&full, PE_EIO, "cannot write /dev/full: No space left on device");
        pe_out_discard(&out);
        ck_assert(exists("/dev/null") && exists("/dev/full") && !exists("/dev/null.part"));
    }
}
END_TEST

START_TEST(out_fifo_is_written_directly)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    char got[8] = "";
    enter();
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    const int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(reader, 0);
    ck_ok(pe_out_begin("fifo", true, &out, &err), err);
    ck_ok(write_out(&out, "abc", &err), err);
    ck_ok(pe_out_commit(&out, &err), err);
    ck_assert_int_eq(read(reader, got, sizeof got), 3);
    ck_assert_str_eq(got, "abc");
    close(reader);
    ck_assert(exists("fifo") && !exists("fifo.part"));
    leave();
}
END_TEST

START_TEST(out_part_taken_away_is_an_error_at_commit)
{
    pe_error err = PE_ERROR_INIT, gone = PE_ERROR_INIT;
    pe_out_file out = {0};
    enter();
    ck_ok(pe_out_begin("x", true, &out, &err), err);
    ck_assert_int_eq(unlink("x.part"), 0);
    pe_out_commit(&out, &gone);
    says(&gone, PE_EIO, "cannot rename x.part to x: No such file or directory");
    ck_assert(out.path == NULL && !exists("x"));
    leave();
}
END_TEST

UNIT_MAIN("file", read_all_missing_directory_and_large_are_refused, read_all_empty_full_and_long,
          write_full_disk_full_is_an_io_error, write_full_closed_reader_is_told_apart,
          write_full_pipe_that_does_not_block_gets_all, pwrite_full_lands_at_its_offset,
          map_what_is_no_regular_file_is_refused, map_empty_and_small_files,
          map_release_bounds_memory_whatever_the_order, out_that_cannot_be_created_names_the_reason,
          out_no_permission_is_refused, out_zero_initialised_abort_does_nothing, out_whole_appears_at_commit_alone,
          out_whole_aborted_leaves_nothing, out_whole_takes_over_a_part_that_a_killed_run_left,
          out_growing_is_seen_and_kept_by_abort, out_second_run_is_refused_while_the_first_writes,
          out_link_keeps_and_its_file_is_replaced, out_link_to_itself_is_refused,
          out_link_to_an_absolute_name_is_followed, out_device_is_written_directly, out_fifo_is_written_directly,
          out_part_taken_away_is_an_error_at_commit)
