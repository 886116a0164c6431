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

#include "os/exit_cleanup.h"
#include "os/file/file.h"
#include "os/file/out_file.h"
#include "scratch_folder.h"
#include "unit.h"

static pe_status write_out(pe_out_file *out, const char *text, pe_error *err)
{
    return pe_write_full(out->fd, text, strlen(text), out->path, err);
}

static void cannot_begin(const char *path, pe_out_kind kind, const char *message)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    ck_assert_int_eq(pe_out_begin(path, kind, NULL, &out, &err), PE_EOUTPUT);
    ck_assert_str_eq(err.text, message);
    pe_out_abort(&out); /* allowed on a file that was not begun */
}

static pe_out_file begin(const char *path, pe_out_kind kind)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    ck_ok(pe_out_begin(path, kind, NULL, &out, &err), err);
    return out;
}

static void put_out(pe_out_file *out, const char *text)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(write_out(out, text, &err), err);
}

static void publish(pe_out_file *out)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_out_publish(out, &err), err);
}

static void commit(pe_out_file *out)
{
    pe_error err = PE_ERROR_INIT;
    ck_ok(pe_out_commit(out, true, &err), err);
    ck_assert(out->path == NULL && out->fd < 0);
}

START_TEST(out_that_cannot_be_created_names_the_reason)
{
    enter();
    for (int kind = PE_OUT_RESULT; kind <= PE_OUT_LOG; kind++) {
        cannot_begin("", (pe_out_kind)kind, "cannot create the output: its path is empty");
        cannot_begin("d/x", (pe_out_kind)kind, "cannot create d/x: the directory d does not exist");
        cannot_begin("d/e/x", (pe_out_kind)kind, "cannot create d/e/x: the directory d/e does not exist");
        cannot_begin(".", (pe_out_kind)kind, "cannot create .: Is a directory");
        put("x", "old");
        cannot_begin("x/y", (pe_out_kind)kind, "cannot create x/y: Not a directory");
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
    cannot_begin("d/x", PE_OUT_RESULT, "cannot create d/x: Permission denied");
    cannot_begin("d/x", PE_OUT_LOG, "cannot create d/x: Permission denied");
    leave();
}
END_TEST

START_TEST(out_zero_initialised_abort_does_nothing)
{
    pe_error err = PE_ERROR_INIT;
    pe_out_file out = {0};
    pe_out_abort(&out);
    ck_ok(pe_out_commit(&out, false, &err), err);
    ck_assert_int_ge(fcntl(0, F_GETFD), 0); /* descriptor 0 was not taken for its own */
}
END_TEST

START_TEST(out_result_replaces_the_earlier_file_at_commit)
{
    enter();
    put("x", "old");
    pe_out_file out = begin("x", PE_OUT_RESULT);
    ck_assert(out.is_regular && strcmp(out.path, "x") == 0 && strcmp(out.part, "x.part") == 0);
    put_out(&out, "new");
    holds("x", "old");
    ck_assert(exists("x.part") && exists("x.checkpoint"));
    commit(&out);
    ck_assert(!exists("x.part") && !exists("x.checkpoint"));
    holds("x", "new");
    leave();
}
END_TEST

START_TEST(out_result_aborted_leaves_the_earlier_file)
{
    enter();
    put("x", "old");
    pe_out_file out = begin("x", PE_OUT_RESULT);
    put_out(&out, "new");
    pe_out_abort(&out);
    ck_assert(!exists("x.part") && !exists("x.checkpoint"));
    holds("x", "old");
    leave();
}
END_TEST

/* As SIGKILL leaves them: the temporary file beside its marker, both unlocked. */
START_TEST(out_part_that_a_killed_run_left_is_taken_over)
{
    enter();
    put("x.checkpoint", PE_OUT_MARKER_MAGIC "1\n");
    put("x.part", "half of something longer");
    pe_out_file out = begin("x", PE_OUT_RESULT);
    put_out(&out, "new");
    commit(&out);
    holds("x", "new");
    put("x.checkpoint", ""); /* killed before the marker was written */
    out = begin("x", PE_OUT_RESULT);
    commit(&out);
    holds("x", "");
    ck_assert(!exists("x.part") && !exists("x.checkpoint"));
    leave();
}
END_TEST

START_TEST(out_files_that_are_not_pengines_are_refused_and_stay)
{
    enter();
    put("x.part", "mine");
    cannot_begin(
        "x", PE_OUT_RESULT,
        "cannot create x: x.part exists and is not pengine's, since there is no x.checkpoint beside it: move it "
        "away, or write to another output");
    holds("x.part", "mine");
    ck_assert(!exists("x.checkpoint") && !exists("x"));
    put("x.checkpoint", "a saved model");
    for (int part = 0; part <= 1; part++) {
        cannot_begin("x", PE_OUT_RESULT,
                     "cannot create x: x.checkpoint exists and is no checkpoint of pengine: move it away, or write to "
                     "another output");
        holds("x.checkpoint", "a saved model");
        (void)unlink("x.part");
    }
    ck_assert(!exists("x.part"));
    leave();
}
END_TEST

START_TEST(out_link_of_a_temporary_name_is_refused)
{
    enter();
    put("y", "mine");
    put("x.checkpoint", PE_OUT_MARKER_MAGIC "1\n");
    ck_assert_int_eq(symlink("y", "x.part"), 0);
    cannot_begin("x", PE_OUT_RESULT, "cannot create x: Too many levels of symbolic links");
    ck_assert_int_eq(unlink("x.part") + unlink("x.checkpoint"), 0);
    ck_assert_int_eq(symlink("y", "x.checkpoint"), 0);
    cannot_begin("x", PE_OUT_RESULT,
                 "cannot create x: x.checkpoint exists and is no checkpoint of pengine: move it away, or write to "
                 "another output");
    holds("y", "mine");
    leave();
}
END_TEST

START_TEST(out_published_is_seen_and_stays_after_abort)
{
    enter();
    put("x", "something old and longer");
    pe_out_file out = begin("x", PE_OUT_RESULT);
    put_out(&out, "prefix");
    publish(&out);
    ck_assert(out.part == NULL && !exists("x.part") && exists("x.checkpoint"));
    holds("x", "prefix");
    put_out(&out, " and more");
    holds("x", "prefix and more");
    publish(&out);
    pe_out_abort(&out);
    holds("x", "prefix and more");
    ck_assert(!exists("x.checkpoint"));
    leave();
}
END_TEST

START_TEST(out_log_needs_no_other_name_once_published)
{
    enter();
    put("x", "old");
    put("x.part", "mine");
    put("x.checkpoint", "mine");
    pe_out_file out = begin("x", PE_OUT_LOG);
    holds("x", "old");
    put_out(&out, "header\n");
    publish(&out);
    holds("x", "header\n");
    commit(&out);
    out = begin("x", PE_OUT_LOG);
    pe_out_abort(&out);
    holds("x", "header\n");
    holds("x.part", "mine");
    holds("x.checkpoint", "mine");
    leave(); /* which finds no other file */
}
END_TEST

START_TEST(out_second_run_is_refused_while_the_first_writes)
{
    enter();
    pe_out_file out = begin("x", PE_OUT_RESULT);
    put_out(&out, "first");
    cannot_begin("x", PE_OUT_RESULT, "cannot create x: another run is writing x.part");
    publish(&out);
    for (int kind = PE_OUT_RESULT; kind <= PE_OUT_LOG; kind++)
        cannot_begin("x", (pe_out_kind)kind, "cannot create x: another run is writing x");
    ck_assert(exists("x.checkpoint") && !exists("x.part"));
    commit(&out);
    holds("x", "first");
    out = begin("x", PE_OUT_RESULT);
    pe_out_abort(&out);
    holds("x", "first");
    leave();
}
END_TEST

START_TEST(out_link_stays_and_its_file_is_replaced)
{
    enter();
    ck_assert_int_eq(mkdir("d", 0700), 0);
    ck_assert_int_eq(symlink("hop", "link"), 0);
    ck_assert_int_eq(symlink("d/x", "hop"), 0);
    for (int again = 0; again <= 1; again++) { /* the first time the link leads to no file yet */
        pe_out_file out = begin("link", PE_OUT_RESULT);
        ck_assert_str_eq(out.path, "d/x");
        put_out(&out, again ? "second" : "first");
        commit(&out);
        holds("d/x", again ? "second" : "first");
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
    cannot_begin("link", PE_OUT_RESULT, "cannot create link: Too many levels of symbolic links");
    leave();
}
END_TEST

START_TEST(out_link_to_an_absolute_name_is_followed)
{
    char target[64];
    enter();
    snprintf(target, sizeof target, "%s/x", scratch_home);
    ck_assert_int_eq(symlink(target, "link"), 0);
    pe_out_file out = begin("link", PE_OUT_RESULT);
    ck_assert_str_eq(out.path, target);
    commit(&out);
    holds("x", "");
    leave();
}
END_TEST

START_TEST(out_device_is_written_directly)
{
    pe_error full = PE_ERROR_INIT;
    pe_out_file out = begin("/dev/null", PE_OUT_RESULT);
    ck_assert(!out.is_regular && out.part == NULL && out.marker == NULL);
    put_out(&out, "abc");
    publish(&out);
    commit(&out);
    out = begin("/dev/full", PE_OUT_RESULT);
    write_out(&out, "abc", &full);
    says(&full, PE_EIO, "cannot write /dev/full: No space left on device");
    pe_out_abort(&out);
    ck_assert(exists("/dev/null") && exists("/dev/full") && !exists("/dev/null.part"));
}
END_TEST

START_TEST(out_fifo_is_written_directly)
{
    char got[8] = "";
    enter();
    ck_assert_int_eq(mkfifo("fifo", 0600), 0);
    const int reader = open("fifo", O_RDONLY | O_NONBLOCK);
    ck_assert_int_ge(reader, 0);
    pe_out_file out = begin("fifo", PE_OUT_RESULT);
    put_out(&out, "abc");
    commit(&out);
    ck_assert_int_eq(read(reader, got, sizeof got), 3);
    ck_assert_str_eq(got, "abc");
    close(reader);
    ck_assert(exists("fifo") && !exists("fifo.part"));
    leave();
}
END_TEST

START_TEST(out_part_taken_away_is_an_error_at_commit)
{
    pe_error gone = PE_ERROR_INIT;
    enter();
    pe_out_file out = begin("x", PE_OUT_RESULT);
    ck_assert_int_eq(unlink("x.part"), 0);
    pe_out_commit(&out, false, &gone);
    says(&gone, PE_EIO, "cannot rename x.part to x: No such file or directory");
    ck_assert(out.path == NULL && !exists("x") && !exists("x.checkpoint"));
    leave();
}
END_TEST

START_TEST(out_removed_before_its_end_cannot_be_described)
{
    enter();
    pe_out_file kept = begin("x", PE_OUT_RESULT), gone = begin("y", PE_OUT_RESULT);
    ck_assert(pe_out_stay_at_exit(&kept));
    pe_exit_cleanup_now();
    ck_assert(!exists("y.part") && !exists("y.checkpoint") && exists("x.part") && exists("x.checkpoint"));
    ck_assert(pe_out_stay_at_exit(&kept) && !pe_out_stay_at_exit(&gone));
    pe_out_abort(&gone);
    pe_out_abort(&kept);
    leave();
}
END_TEST

/* The library's host may have closed its own 0, 1 and 2. */
START_TEST(out_never_takes_a_standard_descriptor)
{
    enter();
    const int before = dup(STDIN_FILENO);
    close(STDIN_FILENO);
    pe_out_file out = begin("x", PE_OUT_RESULT);
    const bool is_free = fcntl(STDIN_FILENO, F_GETFD) < 0;
    ck_assert_int_eq(dup2(before, STDIN_FILENO), STDIN_FILENO);
    close(before);
    ck_assert(is_free && out.fd > STDERR_FILENO && out.lock_fd > STDERR_FILENO);
    commit(&out);
    leave();
}
END_TEST

UNIT_MAIN("out_file", out_that_cannot_be_created_names_the_reason, out_no_permission_is_refused,
          out_zero_initialised_abort_does_nothing, out_result_replaces_the_earlier_file_at_commit,
          out_result_aborted_leaves_the_earlier_file, out_part_that_a_killed_run_left_is_taken_over,
          out_files_that_are_not_pengines_are_refused_and_stay, out_link_of_a_temporary_name_is_refused,
          out_published_is_seen_and_stays_after_abort, out_log_needs_no_other_name_once_published,
          out_second_run_is_refused_while_the_first_writes, out_link_stays_and_its_file_is_replaced,
          out_link_to_itself_is_refused, out_link_to_an_absolute_name_is_followed, out_device_is_written_directly,
          out_fifo_is_written_directly, out_part_taken_away_is_an_error_at_commit,
          out_removed_before_its_end_cannot_be_described, out_never_takes_a_standard_descriptor)
