/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_glob.c - patterns against files made for the test.
 *
 * Design:   every test works in a directory of its own under TMPDIR, which it removes.
 * Threads:  one.
 * Not here: what is in the files.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source_helpers.h"

static char directory[] = "pengine-glob-XXXXXX";

static void enter(void)
{
    const char *const temporary = getenv("TMPDIR");
    ck_assert_int_eq(chdir(temporary != NULL ? temporary : "/tmp"), 0);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(chdir(directory), 0);
}

static void touch(const char *name)
{
    FILE *const made = fopen(name, "w");
    ck_assert_ptr_nonnull(made);
    ck_assert_int_eq(fclose(made), 0);
}

static void leave(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(remove(names[i]), 0);
    ck_assert_int_eq(chdir(".."), 0);
    ck_assert_int_eq(rmdir(directory), 0);
}

static pe_source_spec glob_of(const char *pattern)
{
    return (pe_source_spec){.kind = PE_SOURCE_GLOB, .where = WHERE, .pattern = pattern};
}

START_TEST(glob_without_a_match_is_no_input)
{
    enter();
    refused(glob_of("none/*.dat"), PE_ENOINPUT, "none/*.dat", NULL);
    refused(glob_of("*.dat"), PE_ENOINPUT, "*.dat", NULL);
    refused(glob_of(""), PE_ENOINPUT, "\"\"", NULL);
    leave(NULL, 0);
}
END_TEST

START_TEST(glob_with_another_dtype_is_refused)
{
    enter();
    touch("a");
    refused(as(glob_of("a"), PE_INT64), PE_ECONFIG, "int64", "text");
    bind_refused(glob_of("a"), (pe_type){PE_INT64, 0}, "int64");
    ck_assert_uint_eq(facts(as(glob_of("a"), PE_TEXT)).count, 1);
    leave((const char *const[]){"a"}, 1);
}
END_TEST

/* Opens, exports, imports, and removes the files in between: the other side must not look for itself. */
static void check_paths(const char *pattern, uint64_t first, const char *const *expected, size_t count,
                        const char *const *made, size_t made_count)
{
    pe_error err = PE_ERROR_INIT;
    const pe_source_spec spec = from(glob_of(pattern), first);
    pe_source *here = NULL, *there = NULL;
    pe_reader *reader = NULL;
    pe_buffer bytes = {0};
    ck_ok(pe_source_open(&spec, &here, &err), err);
    ck_ok(pe_source_export(here, &bytes, &err), err);
    leave(made, made_count);
    ck_ok(pe_source_import(&spec, bytes.data, bytes.size, &there, &err), err);
    pe_buffer_fini(&bytes);
    ck_assert(pe_source_is_local(there));
    ck_assert_uint_eq(pe_source_get_info(there)->count, count);
    ck_ok(pe_source_bind(there, &(pe_type){PE_TEXT, 0}, 1, &err), err);
    ck_ok(pe_reader_open(there, &reader, &err), err);
    pe_text items[8];
    void *const column = items;
    ck_ok(pe_reader_read(reader, (pe_block){0, count}, NULL, NULL, &column, &err), err);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(items[i].size, strlen(expected[i]));
        ck_assert_mem_eq(items[i].data, expected[i], items[i].size);
    }
    size_t reader_bytes = 0;
    ck_assert_uint_ge(pe_source_memory(there, 1000, &reader_bytes), (count + 1) * sizeof(uint64_t));
    pe_reader_close(reader);
    pe_source_close(there);
    pe_source_close(here);
}

START_TEST(glob_gives_one_path)
{
    enter();
    touch("only.dat");
    const char *const made[] = {"only.dat"};
    check_paths("*.dat", 0, made, 1, made, 1);
}
END_TEST

START_TEST(glob_sorts_by_bytes)
{
    enter();
    const char *const made[] = {"f10.dat", "f9.dat", "F2.dat", "_.dat", "\xc3\xa4.dat", "f1.txt", ".f0.dat"};
    for (size_t i = 0; i < 7; i++)
        touch(made[i]);
    /* as Python: sorted(glob.glob("*.dat"), key=os.fsencode) */
    const char *const expected[] = {"F2.dat", "_.dat", "f10.dat", "f9.dat", "\xc3\xa4.dat"};
    check_paths("*.dat", 0, expected, 5, made, 7);
}
END_TEST

START_TEST(glob_from_the_second_path_leaves_the_first)
{
    enter();
    const char *const made[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        touch(made[i]);
    check_paths("[abc]", 1, made + 1, 2, made, 3);
}
END_TEST

START_TEST(glob_keeps_directories_in_the_path)
{
    enter();
    ck_assert_int_eq(mkdir("d", 0700), 0);
    touch("d/x");
    const char *const made[] = {"d/x", "d"};
    const char *const expected[] = {"d/x"};
    check_paths("d/*", 0, expected, 1, made, 2);
}
END_TEST

UNIT_MAIN("glob", glob_without_a_match_is_no_input, glob_with_another_dtype_is_refused, glob_gives_one_path,
          glob_sorts_by_bytes, glob_from_the_second_path_leaves_the_first, glob_keeps_directories_in_the_path)
