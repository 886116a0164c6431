/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_fingerprint.c - files that are known to be the same, and files that are not.
 *
 * Threads:  one.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "source/fingerprint.h"
#include "source_file_helpers.h"

static char folder[32];

static pe_fingerprint look(const char *name)
{
    pe_error err = PE_ERROR_INIT;
    pe_map map = {0};
    pe_fingerprint seen;
    ck_ok(pe_map_open(name, &map, &err), err);
    ck_ok(pe_fingerprint_take(name, &map, &seen, &err), err);
    pe_map_close(&map);
    return seen;
}

/* The file gets the time of `like`, so that only its content and inode tell. */
static void set_time_of(const char *name, const char *like)
{
    struct stat facts;
    ck_assert_int_eq(stat(like, &facts), 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, name, (struct timespec[]){facts.st_atim, facts.st_mtim}, 0), 0);
}

START_TEST(fingerprint_of_one_file_is_the_same)
{
    enter_folder(folder);
    put_text("a", "some text");
    const pe_fingerprint one = look("a"), other = look("a");
    ck_assert(pe_fingerprint_is_same(&one, &other));
    ck_assert_int_eq(link("a", "b"), 0);
    const pe_fingerprint linked = look("b");
    ck_assert(pe_fingerprint_is_same(&one, &linked));
    put_text("a", "same size");
    const pe_fingerprint changed = look("a");
    ck_assert(!pe_fingerprint_is_same(&one, &changed));
    leave_folder(folder);
}
END_TEST

START_TEST(fingerprint_of_a_copy_is_the_same_on_another_machine_only)
{
    enter_folder(folder);
    put_text("a", "some text");
    put_text("b", "some text");
    put_text("c", "soMe text");
    set_time_of("b", "a");
    set_time_of("c", "a");
    const pe_fingerprint one = look("a");
    pe_fingerprint copy = look("b"), other = look("c");
    ck_assert(!pe_fingerprint_is_same(&one, &copy));
    copy.boot++;
    other.boot++;
    ck_assert(pe_fingerprint_is_same(&one, &copy));
    ck_assert(!pe_fingerprint_is_same(&one, &other));
    copy.mtime_ns++;
    ck_assert(!pe_fingerprint_is_same(&one, &copy));
    leave_folder(folder);
}
END_TEST

START_TEST(fingerprint_of_a_large_file_samples_its_middle)
{
    const size_t size = 3 * PE_SAMPLE_BYTES;
    unsigned char *const bytes = calloc(size, 1);
    ck_assert_ptr_nonnull(bytes);
    enter_folder(folder);
    put_file("a", bytes, size);
    memset(bytes + size / 2, 1, PE_SAMPLE_BYTES / 4);
    put_file("b", bytes, size);
    ck_assert_uint_ne(look("a").sample, look("b").sample);
    leave_folder(folder);
    free(bytes);
}
END_TEST

START_TEST(fingerprint_of_nothing_has_a_sample_too)
{
    enter_folder(folder);
    put_text("a", "");
    const pe_fingerprint one = look("a");
    ck_assert_uint_eq(one.size, 0);
    ck_assert(pe_fingerprint_is_same(&one, &one));
    leave_folder(folder);
}
END_TEST

UNIT_MAIN("fingerprint", fingerprint_of_one_file_is_the_same, fingerprint_of_a_copy_is_the_same_on_another_machine_only,
          fingerprint_of_a_large_file_samples_its_middle, fingerprint_of_nothing_has_a_sample_too)
