/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_out_file.c - outputs that appear by rename or grow under their own name.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"
#include "scratch.h"
#include "unit.h"

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
    snprintf(target, sizeof target, "%s/x", scratch_home);
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

UNIT_MAIN("out_file", out_that_cannot_be_created_names_the_reason, out_no_permission_is_refused,
          out_zero_initialised_abort_does_nothing, out_whole_appears_at_commit_alone, out_whole_aborted_leaves_nothing,
          out_whole_takes_over_a_part_that_a_killed_run_left, out_growing_is_seen_and_kept_by_abort,
          out_second_run_is_refused_while_the_first_writes, out_link_keeps_and_its_file_is_replaced,
          out_link_to_itself_is_refused, out_link_to_an_absolute_name_is_followed, out_device_is_written_directly,
          out_fifo_is_written_directly, out_part_taken_away_is_an_error_at_commit)
