/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_object_cache.c - compiled objects on disk: whole or not at all, from any number of processes.
 */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/compiled/object_cache.h"
#include "os/file/file.h"
#include "os/log.h"
#include "unit.h"

#define PROCESSES 8
#define OBJECT_BYTES 300000

static char home[] = "/tmp/pengine_cache_XXXXXX";
static pe_error error = PE_ERROR_INIT;
static pe_buffer object, got;

static void enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(chdir(home), 0);
    ck_assert_int_eq(setenv("XDG_CACHE_HOME", home, 1), 0);
    ck_ok(pe_buffer_reserve(&object, OBJECT_BYTES, &error), error);
    object.size = OBJECT_BYTES;
    for (size_t b = 0; b < OBJECT_BYTES; b++)
        object.data[b] = (unsigned char)(b % 251);
}

static void leave(void)
{
    char command[64];
    (void)snprintf(command, sizeof command, "rm -rf %s", home);
    ck_assert_int_eq(system(command), 0);
    pe_buffer_fini(&object);
    pe_buffer_fini(&got);
}

static bool is_got(const char *key)
{
    got.size = 0;
    if (!pe_object_cache_get(key, &got)) {
        ck_assert_uint_eq(got.size, 0);
        return false;
    }
    ck_assert_uint_eq(got.size, object.size);
    ck_assert_int_eq(memcmp(got.data, object.data, got.size), 0);
    return true;
}

static int count_files(const char *folder)
{
    int count = 0;
    DIR *const list = opendir(folder);
    ck_assert_ptr_nonnull(list);
    for (const struct dirent *entry = readdir(list); entry != NULL; entry = readdir(list))
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

START_TEST(cache_without_the_object_gives_none)
{
    enter();
    ck_assert(!is_got("0123"));
    ck_assert_int_eq(count_files(home), 0); /* looking makes nothing */
    leave();
}
END_TEST

START_TEST(cache_gives_what_was_put_under_its_key_alone)
{
    enter();
    pe_object_cache_put("0123", &object);
    ck_assert(is_got("0123"));
    ck_assert(!is_got("0124"));
    ck_assert_int_eq(count_files("pengine"), 1);
    leave();
}
END_TEST

START_TEST(cache_file_cut_or_changed_is_no_object)
{
    static const off_t sizes[] = {0, 1, 15, 16, 17, 4096, OBJECT_BYTES, OBJECT_BYTES + 15};
    enter();
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        pe_object_cache_put("0123", &object);
        ck_assert_int_eq(truncate("pengine/0123.so", sizes[s]), 0);
        ck_assert(!is_got("0123"));
    }
    pe_object_cache_put("0123", &object);
    FILE *const file = fopen("pengine/0123.so", "r+");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 1000, SEEK_SET), 0);
    ck_assert_int_eq(fputc(77, file), 77);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert(!is_got("0123"));
    pe_object_cache_put("0123", &object); /* it is replaced */
    ck_assert(is_got("0123"));
    leave();
}
END_TEST

START_TEST(cache_of_another_user_is_not_trusted)
{
    enter();
    pe_object_cache_put("0123", &object);
    if (chown("pengine/0123.so", 12345, (gid_t)-1) == 0) /* as root alone */
        ck_assert(!is_got("0123"));
    leave();
}
END_TEST

/* A file where the folder should be, and a name that is no path: root can write to any folder. */
START_TEST(cache_that_cannot_be_written_is_done_without)
{
    enter();
    pe_log_init(0, PE_LOG_ERROR);
    FILE *const file = fopen("pengine", "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fclose(file), 0);
    pe_object_cache_put("0123", &object);
    ck_assert(!is_got("0123"));
    ck_assert_int_eq(setenv("XDG_CACHE_HOME", "relative", 1), 0);
    ck_assert_int_eq(unsetenv("HOME"), 0);
    pe_object_cache_put("0123", &object);
    ck_assert(!is_got("0123"));
    ck_assert_int_eq(count_files(home), 1);
    leave();
}
END_TEST

START_TEST(cache_without_xdg_is_in_the_home_folder)
{
    enter();
    ck_assert_int_eq(unsetenv("XDG_CACHE_HOME"), 0);
    ck_assert_int_eq(setenv("HOME", home, 1), 0);
    pe_object_cache_put("0123", &object);
    ck_assert(is_got("0123"));
    ck_assert_int_eq(count_files(".cache/pengine"), 1);
    leave();
}
END_TEST

START_TEST(cache_of_many_processes_gives_whole_objects)
{
    enter();
    for (int p = 0; p < PROCESSES; p++) {
        const pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid > 0)
            continue;
        for (int turn = 0; turn < 30; turn++) {
            pe_object_cache_put("0123", &object);
            got.size = 0;
            if (!pe_object_cache_get("0123", &got) || got.size != object.size ||
                memcmp(got.data, object.data, got.size) != 0)
                _exit(1);
        }
        _exit(0);
    }
    for (int p = 0; p < PROCESSES; p++) {
        int status = 1;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    ck_assert_int_eq(count_files("pengine"), 1); /* no part stays */
    leave();
}
END_TEST

/* A key as the engine makes it, of a short name. */
static const char *key_of(const char *name)
{
    static char keys[4][PE_OBJECT_KEY_ROOM];
    static unsigned next;
    const pe_buffer parts = {.data = (unsigned char *)(uintptr_t)name, .size = strlen(name)};
    pe_object_cache_key(&parts, keys[next % 4]);
    return keys[next++ % 4];
}

/* A file of the cache that was last used in the second `used`. */
static void fake(const char *key, off_t bytes, time_t used)
{
    char path[128];
    const struct timespec times[] = {{.tv_sec = used}, {.tv_sec = used}};
    (void)snprintf(path, sizeof path, "pengine/%s.so", key);
    FILE *const file = fopen(path, "a");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fclose(file), 0);
    if (bytes > 0)
        ck_assert_int_eq(truncate(path, bytes), 0);
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static bool is_there(const char *key)
{
    char path[128];
    (void)snprintf(path, sizeof path, "pengine/%s.so", key);
    return access(path, F_OK) == 0;
}

START_TEST(cache_of_too_many_loses_the_longest_unused)
{
    enter();
    pe_object_cache_put(key_of("used"), &object);
    fake(key_of("used"), 0, 1); /* the oldest of all, but asked for now */
    for (int f = 0; f < 300; f++) {
        char key[16];
        (void)snprintf(key, sizeof key, "old%d", f);
        fake(key_of(key), 1, 1000 + f);
    }
    ck_assert(is_got(key_of("used")));
    pe_object_cache_put(key_of("new"), &object);
    ck_assert_int_eq(count_files("pengine"), 256);
    ck_assert(is_got(key_of("used")));
    ck_assert(is_got(key_of("new")));
    ck_assert(!is_there(key_of("old45")));
    ck_assert(is_there(key_of("old46")));
    leave();
}
END_TEST

START_TEST(cache_of_too_many_bytes_loses_the_longest_unused)
{
    enter();
    pe_object_cache_put(key_of("first"), &object);
    fake(key_of("first"), 0, 1003);
    fake(key_of("b"), 30 << 20, 1002);
    fake(key_of("c"), 30 << 20, 1001);
    fake(key_of("d"), 30 << 20, 1000);
    pe_object_cache_put(key_of("new"), &object);
    ck_assert(is_there(key_of("first")));
    ck_assert(is_there(key_of("c")));
    ck_assert(!is_there(key_of("d")));
    leave();
}
END_TEST

/* Nothing that the cache did not make is removed or followed: these are a user's own files. */
START_TEST(cache_touches_no_file_of_the_users)
{
    static const char *const mine[] = {"thesis1.pdf", "notes.so", "0123456789abcdef0123456789abcdef.txt",
                                       "part-abcdef"};
    enter();
    pe_object_cache_put(key_of("first"), &object);
    for (size_t m = 0; m < sizeof mine / sizeof *mine; m++) {
        char path[128];
        (void)snprintf(path, sizeof path, "pengine/%s", mine[m]);
        FILE *const file = fopen(path, "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(fclose(file), 0);
        ck_assert_int_eq(truncate(path, 100 << 20), 0);
    }
    pe_object_cache_put(key_of("new"), &object);
    ck_assert_int_eq(count_files("pengine"), 6);
    ck_assert_int_eq(rename("pengine", "elsewhere"), 0);
    ck_assert_int_eq(symlink("elsewhere", "pengine"), 0);
    ck_assert(!is_got(key_of("new")));
    pe_object_cache_put(key_of("newer"), &object);
    ck_assert_int_eq(count_files("elsewhere"), 6);
    leave();
}
END_TEST

/* XXH3-128 of the empty input, as xxhsum -H2 prints it. */
START_TEST(key_is_the_hash_of_the_parts)
{
    char key[PE_OBJECT_KEY_ROOM], other[PE_OBJECT_KEY_ROOM];
    const pe_buffer empty = {0};
    pe_object_cache_key(&empty, key);
    ck_assert_str_eq(key, "99aa06d3014798d86001c324468d497f");
    enter();
    pe_object_cache_key(&object, key);
    object.data[OBJECT_BYTES - 1]++;
    pe_object_cache_key(&object, other);
    ck_assert_str_ne(key, other);
    leave();
}
END_TEST

UNIT_MAIN("object_cache", cache_touches_no_file_of_the_users, cache_of_too_many_loses_the_longest_unused,
          cache_of_too_many_bytes_loses_the_longest_unused, cache_without_the_object_gives_none,
          cache_gives_what_was_put_under_its_key_alone, cache_file_cut_or_changed_is_no_object,
          cache_of_another_user_is_not_trusted, cache_that_cannot_be_written_is_done_without,
          cache_without_xdg_is_in_the_home_folder, cache_of_many_processes_gives_whole_objects,
          key_is_the_hash_of_the_parts)
