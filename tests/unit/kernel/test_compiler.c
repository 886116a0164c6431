/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_compiler.c - running a compiler, loading what it made, and telling what it output.
 *
 * Some compilers here are scripts of the test's, which do what a broken one would.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/compiled/compiler/compiler.h"
#include "kernel/compiled/compiler/compiler_messages.h"
#include "kernel/compiled/object_load.h"
#include "kernel/cpu.h"
#include "unit.h"

static char home[] = "/tmp/pengine_compiler_XXXXXX";
static pe_error error = PE_ERROR_INIT;
static pe_buffer text, object, output;
static pe_compiler compiler;
static const char *const no_flags[] = {NULL};
static const char *const flags[] = {"-fPIC", NULL};

static void enter(void)
{
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(chdir(home), 0);
    ck_assert_int_eq(mkdir("tmp", 0700), 0);
    ck_assert_int_eq(setenv("TMPDIR", "tmp", 1), 0);
    ck_assert_int_eq(unsetenv("PENGINE_CC"), 0);
}

/* Nothing of the compiler's stays behind. */
static void leave(void)
{
    char command[64];
    ck_assert_int_eq(rmdir("tmp"), 0);
    (void)snprintf(command, sizeof command, "rm -rf %s", home);
    ck_assert_int_eq(system(command), 0);
    pe_compiler_fini(&compiler);
    pe_buffer_fini(&text);
    pe_buffer_fini(&object);
    pe_buffer_fini(&output);
}

static void write_script(const char *name, const char *script)
{
    FILE *const file = fopen(name, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fprintf(file, "#!/bin/sh\n%s\n", script), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(name, 0700), 0);
}

/* TMPDIR is relative: the compiler must run here. */
static pe_status compile(const char *c_text)
{
    const pe_compiler_job job = {.text = &text, .flags = flags, .compile_flags = no_flags};
    text.size = object.size = output.size = 0;
    error = (pe_error)PE_ERROR_INIT;
    (void)pe_buffer_append(&text, c_text, strlen(c_text), &error);
    return pe_compiler_run(&compiler, &job, &object, &output, &error);
}

START_TEST(compiler_named_by_path_or_name_is_found)
{
    enter();
    write_script("mycc", "echo mycc 1.0");
    ck_assert_int_eq(setenv("PENGINE_CC", "./mycc", 1), 0);
    ck_ok(pe_compiler_find(&compiler, &error), error);
    ck_assert_int_eq(compiler.path[0], '/'); /* it may run in another folder */
    ck_assert_str_eq((const char *)compiler.version.data, "mycc 1.0\n");
    pe_compiler_fini(&compiler);
    char path[200];
    (void)snprintf(path, sizeof path, "/nowhere::%s:/usr/bin:/bin", home);
    ck_assert_int_eq(setenv("PATH", path, 1), 0);
    ck_assert_int_eq(setenv("PENGINE_CC", "mycc", 1), 0);
    ck_ok(pe_compiler_find(&compiler, &error), error);
    ck_assert_str_eq((const char *)compiler.version.data, "mycc 1.0\n");
    leave();
}
END_TEST

START_TEST(compiler_that_is_no_program_is_refused)
{
    enter();
    ck_assert_int_eq(setenv("PENGINE_CC", home, 1), 0); /* a folder */
    ck_assert_int_eq(pe_compiler_find(&compiler, &error), PE_EKERNEL);
    ck_assert_ptr_nonnull(strstr(error.text, "no C compiler: PENGINE_CC names \""));
    write_script("dead", "kill -9 $$");
    ck_assert_int_eq(setenv("PENGINE_CC", "./dead", 1), 0);
    error = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(pe_compiler_find(&compiler, &error), PE_EKERNEL);
    ck_assert_ptr_nonnull(strstr(error.text, "/dead died of signal 9"));
    leave();
}
END_TEST

START_TEST(compiler_that_fails_leaves_its_words)
{
    enter();
    write_script("cc1", "test \"$1\" = --version && exit 0; echo out; echo err >&2; exit 3");
    ck_assert_int_eq(setenv("PENGINE_CC", "./cc1", 1), 0);
    ck_ok(pe_compiler_find(&compiler, &error), error);
    ck_assert_int_eq(compile("x"), PE_EKERNEL);
    ck_assert_str_eq((const char *)output.data, "out\nerr\n");
    ck_assert_uint_eq(object.size, 0);
    leave();
}
END_TEST

/* It ends well, and made nothing. */
START_TEST(compiler_that_makes_nothing_is_refused)
{
    enter();
    write_script("cc2", "exit 0");
    ck_assert_int_eq(setenv("PENGINE_CC", "./cc2", 1), 0);
    ck_ok(pe_compiler_find(&compiler, &error), error);
    ck_assert_int_ne(compile("x"), PE_OK);
    ck_assert_uint_eq(object.size, 0);
    leave();
}
END_TEST

START_TEST(compiler_that_says_much_comes_to_its_end)
{
    enter();
    write_script("cc3", "test \"$1\" = --version && exit 0; head -c 5000000 /dev/zero | tr '\\0' 'a'; exit 1");
    ck_assert_int_eq(setenv("PENGINE_CC", "./cc3", 1), 0);
    ck_ok(pe_compiler_find(&compiler, &error), error);
    ck_assert_int_eq(compile("x"), PE_EKERNEL);
    ck_assert_uint_gt(output.size, 1000000);
    ck_assert_uint_lt(output.size, 2000000);
    leave();
}
END_TEST

START_TEST(compiler_without_room_for_its_files_is_refused)
{
    enter();
    ck_ok(pe_compiler_find(&compiler, &error), error);
    ck_assert_int_eq(setenv("TMPDIR", "/nowhere", 1), 0);
    ck_assert_int_eq(compile("int x;"), PE_EIO);
    ck_assert_str_eq(error.text, "the compiler's files cannot be written to /nowhere: No such file or directory");
    leave();
}
END_TEST

#define DESCRIPTOR                                                                                                     \
    "__attribute__((visibility(\"default\"))) const struct { unsigned abi, size; int a, b; const int *d; const char "  \
    "*f; void *m, "                                                                                                    \
    "*n; } "                                                                                                           \
    "pe_object = "

START_TEST(object_of_another_abi_or_processor_is_refused)
{
    pe_object_image image = PE_OBJECT_IMAGE_INIT;
    enter();
    ck_ok(pe_compiler_find(&compiler, &error), error);
    ck_ok(compile("int x;"), error);
    ck_assert_int_eq(pe_object_load(&object, &image, &error), PE_EKERNEL);
    ck_assert_str_eq(error.text, "the compiled kernel does not hold pe_object");
    pe_object_unload(&image);
    ck_ok(compile(DESCRIPTOR "{77, 5, 0, 0, 0, \"\", 0};"), error);
    ck_assert_int_eq(pe_object_load(&object, &image, &error), PE_EKERNEL);
    ck_assert_str_eq(error.text, "the compiled kernel is of ABI 77 and 5 bytes, but this pengine's is 5 and 48");
    pe_object_unload(&image);
    error = (pe_error)PE_ERROR_INIT;
    object.size = 100;
    ck_assert_int_eq(pe_object_load(&object, &image, &error), PE_EKERNEL);
    pe_object_unload(&image);
    pe_object_unload(&image); /* twice is fine */
    leave();
}
END_TEST

/* The descriptor of the second is not that of the first, though both may get the same file number. */
START_TEST(objects_loaded_one_after_another_are_their_own)
{
    pe_object_image images[2] = {PE_OBJECT_IMAGE_INIT, PE_OBJECT_IMAGE_INIT};
    enter();
    ck_ok(pe_compiler_find(&compiler, &error), error);
    ck_ok(compile(DESCRIPTOR "{5, 48, 5, 1, 0, \"\", 0};"), error);
    ck_ok(pe_object_load(&object, &images[0], &error), error);
    ck_ok(compile(DESCRIPTOR "{5, 48, 6, 1, 0, \"\", 0};"), error);
    ck_ok(pe_object_load(&object, &images[1], &error), error);
    ck_assert_int_eq(images[0].descriptor->dtype, 5);
    ck_assert_int_eq(images[1].descriptor->dtype, 6);
    pe_object_unload(&images[0]);
    ck_assert_int_eq(images[1].descriptor->dtype, 6);
    pe_object_unload(&images[1]);
    leave();
}
END_TEST

START_TEST(cpu_lacks_nothing_that_it_has)
{
    pe_buffer features = {0};
    ck_ok(pe_cpu_features(&features, &error), error);
    ck_ok(pe_buffer_append(&features, "", 1, &error), error);
    ck_assert_ptr_null(pe_cpu_lacks((const char *)features.data));
    ck_assert_ptr_null(pe_cpu_lacks(""));
    ck_assert_ptr_null(pe_cpu_lacks("nothing known "));
    pe_buffer_fini(&features);
}
END_TEST

static const char *tell(const char *words, const char *source)
{
    const pe_compiler_failure failure = {.where = "j.toml:1:1",
                                         .name = "f",
                                         .source = source,
                                         .prototype = "int f(int)",
                                         .signature = "(a) -> b",
                                         .output = words,
                                         .reason = "it ended"};
    error = (pe_error)PE_ERROR_INIT;
    ck_assert_int_eq(pe_compiler_messages_refuse(&failure, PE_EKERNEL, &error), PE_EKERNEL);
    return error.text;
}

START_TEST(messages_become_one_error)
{
    ck_assert_str_eq(tell("", NULL), "j.toml:1:1: it ended");
    ck_assert_str_eq(tell("strange words\nand more", NULL),
                     "j.toml:1:1: \"f\" does not compile:\nstrange words\nand more");
    ck_assert_str_eq(tell("a.c: In function 'f':\na.c:1:2: error: no\n    1 | x\n      | ^\na.c:1:2: error: no, again\n"
                          "a.c:3:2: warning: w\na.c:4:5: error: other\n<pengine>:1:1: error: so\n",
                          "a.c"),
                     "j.toml:1:1: \"f\" does not compile:\na.c:1:2: error: no\na.c:4:5: error: other");
    ck_assert_str_eq(
        tell("<pengine>:1:1: error: expected expression before ')' token\n<pengine>:2:1: error: x\n", NULL),
        "j.toml:1:1: \"f\" does not compile: at its end: expected expression before ')' token");
    ck_assert_str_eq(tell("<kernel.signature>:3:1: error: 'f' undeclared\n", "a.c"),
                     "j.toml:1:1: a.c has no function \"f\"; kernel.signature (a) -> b asks for int f(int)");
    ck_assert_str_eq(
        tell("<kernel.signature>:3:1: error: static assertion failed\n", "a.c"),
        "j.toml:1:1: function \"f\" of a.c has another C type than kernel.signature (a) -> b asks for: int "
        "f(int)");
}
END_TEST

START_TEST(messages_without_end_are_cut)
{
    char words[9000] = "";
    size_t size = 0;
    for (int line = 0; line < 200; line++)
        size += (size_t)snprintf(words + size, sizeof words - size, "a.c:%03d:1: error: a sentence.\n", line);
    const char *told = tell(words, "a.c");
    ck_assert_uint_lt(strlen(told), 900);
    ck_assert_uint_gt(strlen(told), 600);
    ck_assert_int_eq(told[strlen(told) - 1], '.'); /* whole lines */
}
END_TEST

UNIT_MAIN("compiler", compiler_named_by_path_or_name_is_found, compiler_that_is_no_program_is_refused,
          compiler_that_fails_leaves_its_words, compiler_that_makes_nothing_is_refused,
          compiler_that_says_much_comes_to_its_end, compiler_without_room_for_its_files_is_refused,
          object_of_another_abi_or_processor_is_refused, objects_loaded_one_after_another_are_their_own,
          cpu_lacks_nothing_that_it_has, messages_become_one_error, messages_without_end_are_cut)
