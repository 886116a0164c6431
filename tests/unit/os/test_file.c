/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_file.c - whole reads, whole writes, mapped files.
 */
#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file/file.h"
#include "scratch_folder.h"
#include "unit.h"

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

START_TEST(write_full_closed_reader_is_distinguished)
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

UNIT_MAIN("file", read_all_missing_directory_and_large_are_refused, read_all_empty_full_and_long,
          write_full_disk_full_is_an_io_error, write_full_closed_reader_is_distinguished,
          write_full_pipe_that_does_not_block_gets_all, pwrite_full_lands_at_its_offset,
          map_what_is_no_regular_file_is_refused, map_empty_and_small_files,
          map_release_bounds_memory_whatever_the_order)
