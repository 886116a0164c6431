/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_crash.c - a crash without isolation: one message with the item, exit code 1, nothing half done left behind.
 *
 * Each run is a process of its own, whose stderr and end are looked at. What an item does is in its value.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "kernel/call.h"
#include "os/exit_cleanup.h"
#include "os/file/file.h"
#include "os/file/out_file.h"
#include "unit.h"
#include "worker/crash/crash.h"

#define ADVICE "; with kernel.isolate = true that item alone would fail\n"
#define COUNT 64

enum {
    SEGV = -1,
    ABORT = -2,
    EXIT = -3,
    OVERFLOW = -4,   /* of the stack */
    IN_COMPANY = -5, /* crashes in a batch of several items alone */
    THEN_HANGS = -6, /* crashes in company, hangs alone */
    TALKS = -7,      /* prints, then crashes */
    ONLY_FAILS = -8,
    IS_SENT = -9,     /* somebody sends SIGSEGV meanwhile */
    HANGS_ALONE = -10 /* in a batch of one item */
};

typedef struct setting {
    int64_t act;
    size_t at;
    int threads;
    bool in_open;
    bool grows;       /* item by item; the fourth hangs alone */
    const char *kept; /* a file that is to go */
} setting;

/* ---- the process that crashes ---- */

static int recurse(int depth)
{
    volatile char room[4096];
    room[0] = (char)depth;
    return depth < 0 ? 0 : recurse(depth + 1) + room[0];
}

static void end_self(int64_t act)
{
    static volatile int *volatile nowhere = (volatile int *)64;
    if (act == SEGV)
        *nowhere = 1;
    else if (act == ABORT)
        abort();
    else if (act == EXIT)
        exit(3);
    else if (act == OVERFLOW)
        (void)recurse(0);
    else if (act == IS_SENT)
        (void)kill(getpid(), SIGSEGV);
}

static int map(pe_batch *batch)
{
    const int64_t *in = batch->args[0];
    int64_t *out = batch->results[0];
    size_t i = 0;
    do
        for (; i < batch->count; i++) {
            out[i] = 2 * in[i];
            end_self(in[i]);
            if (in[i] == TALKS) {
                (void)write(STDERR_FILENO, "kernel: here\n", 13);
                end_self(SEGV);
            }
            if ((in[i] == IN_COMPANY || in[i] == THEN_HANGS) && batch->count > 1)
                end_self(SEGV);
            for (; in[i] == THEN_HANGS || (in[i] == HANGS_ALONE && batch->count == 1);)
                pe_sleep_ns(1000000);
            if (in[i] == ONLY_FAILS)
                (batch->fail)(batch, i, "it should");
        }
    while (pe_call_grow(batch));
    return 0;
}

static size_t claim_one(void *context)
{
    size_t *left = context;
    if (*left == 0)
        return 0;
    (*left)--;
    return 1;
}

static int crash_in_open(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)kernel;
    (void)setup;
    (void)worker;
    end_self(SEGV);
    return 0;
}

static const pe_kernel plain = {
    PE_KERNEL_ABI, sizeof(pe_kernel), "act", "(int64) -> int64", "", map, NULL, NULL, NULL, 0};
static const pe_kernel hasty = {
    PE_KERNEL_ABI, sizeof(pe_kernel), "hasty", "(int64) -> int64", "", map, crash_in_open, NULL, NULL, 0};

static void *work(void *context)
{
    const setting *how = context;
    int64_t in[COUNT], out[COUNT];
    const void *const args[] = {in};
    void *const results[] = {out};
    pe_error err = PE_ERROR_INIT;
    pe_signature signature;
    pe_call *call = NULL;
    for (size_t i = 0; i < COUNT; i++)
        in[i] = (int64_t)i;
    in[how->at] = how->act;
    if (how->grows)
        in[3] = HANGS_ALONE;
    pe_crash_guard();
    if (pe_signature_parse("(int64) -> int64", &signature, &err) == PE_OK &&
        pe_call_make(how->in_open ? &hasty : &plain, &signature, NULL, &call, &err) == PE_OK) {
        size_t left = COUNT - 1;
        pe_call_let_grow(call, &(pe_call_growth){.context = &left, .claim = how->grows ? claim_one : NULL});
        (void)pe_call_run(call, 1000, how->grows ? 1 : COUNT, args, results, &err);
    }
    pe_call_free(call);
    pe_crash_unguard();
    return NULL;
}

static _Noreturn void crash(const setting *how)
{
    static const struct rlimit no_core = {0, 0};
    setting own = *how;
    pthread_t threads[8];
    (void)setrlimit(RLIMIT_CORE, &no_core);
    if (own.kept != NULL)
        pe_exit_cleanup_add(own.kept);
    pe_crash_begin(0, 1);
    for (int t = 0; t < own.threads; t++)
        (void)pthread_create(&threads[t], NULL, work, &own);
    for (int t = 0; t < own.threads; t++)
        (void)pthread_join(threads[t], NULL);
    if (own.threads == 0)
        (void)work(&own);
    pe_crash_end();
    _exit(42);
}

/* ---- who looks at it ---- */

typedef struct seen {
    char said[4096];
    int status;
} seen;

static seen look(void (*run)(const setting *how), const setting *how)
{
    int ends[2];
    size_t size = 0;
    seen out = {.status = -1};
    ck_assert_int_eq(pipe(ends), 0);
    const pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        run(how);
    }
    close(ends[1]);
    ssize_t got = 0;
    while ((got = read(ends[0], out.said + size, sizeof out.said - 1 - size)) > 0)
        size += (size_t)got;
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &out.status, 0), pid);
    return out;
}

static void says(setting how, const char *text)
{
    const seen got = look(crash, &how);
    ck_assert_str_eq(got.said, text);
    ck_assert(WIFEXITED(got.status));
    ck_assert_int_eq(WEXITSTATUS(got.status), how.in_open ? 69 : 1);
}

START_TEST(crash_at_any_item_names_it)
{
    says((setting){.act = SEGV, .at = 0}, "pengine: item 1000: act(-1): crashed: SIGSEGV" ADVICE);
    says((setting){.act = SEGV, .at = 31}, "pengine: item 1031: act(-1): crashed: SIGSEGV" ADVICE);
    says((setting){.act = SEGV, .at = 63}, "pengine: item 1063: act(-1): crashed: SIGSEGV" ADVICE);
}
END_TEST

START_TEST(abort_and_exit_are_reported)
{
    says((setting){.act = ABORT, .at = 5}, "pengine: item 1005: act(-2): crashed: SIGABRT" ADVICE);
    says((setting){.act = EXIT, .at = 5}, "pengine: item 1005: act(-3): exited with code 3" ADVICE);
}
END_TEST

/* ThreadSanitizer has a stack of its own beside the stack, and dies of that one first. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HAS_SECOND_STACK 1
#endif
#endif
#if !defined(HAS_SECOND_STACK)
#define HAS_SECOND_STACK 0
#endif

START_TEST(overflow_of_the_stack_is_reported)
{
    if (HAS_SECOND_STACK)
        return;
    says((setting){.act = OVERFLOW, .at = 7}, "pengine: item 1007: act(-4): crashed: SIGSEGV" ADVICE);
    says((setting){.act = OVERFLOW, .at = 7, .threads = 1}, "pengine: item 1007: act(-4): crashed: SIGSEGV" ADVICE);
}
END_TEST

START_TEST(several_threads_that_crash_say_it_once)
{
    for (int turn = 0; turn < 5; turn++)
        says((setting){.act = SEGV, .at = 9, .threads = 8}, "pengine: item 1009: act(-1): crashed: SIGSEGV" ADVICE);
}
END_TEST

START_TEST(crash_of_no_item_alone_names_the_batch)
{
    says((setting){.act = IN_COMPANY, .at = 3},
         "pengine: kernel \"act\": one of the items 1000 to 1063 crashed: SIGSEGV" ADVICE);
    says((setting){.act = THEN_HANGS, .at = 3},
         "pengine: kernel \"act\": one of the items 1000 to 1063 crashed: SIGSEGV" ADVICE);
}
END_TEST

START_TEST(crash_in_what_a_batch_has_grown_by_names_it)
{
    says((setting){.act = SEGV, .at = 9, .grows = true}, "pengine: item 1009: act(-1): crashed: SIGSEGV" ADVICE);
    says((setting){.act = IN_COMPANY, .at = 9, .grows = true},
         "pengine: kernel \"act\": one of the items 1009 to 1009 crashed: SIGSEGV" ADVICE);
}
END_TEST

START_TEST(crash_in_open_names_the_kernel)
{
    says((setting){.in_open = true}, "pengine: kernel \"hasty\" could not start a worker: its open crashed: SIGSEGV\n");
}
END_TEST

START_TEST(what_the_kernel_printed_is_not_printed_again)
{
    says((setting){.act = TALKS, .at = 3}, "kernel: here\npengine: item 1003: act(-7): crashed: SIGSEGV" ADVICE);
}
END_TEST

START_TEST(failed_item_is_no_crash)
{
    const seen got = look(crash, &(setting){.act = ONLY_FAILS, .at = 3});
    ck_assert_str_eq(got.said, "");
    ck_assert_int_eq(WEXITSTATUS(got.status), 42);
}
END_TEST

START_TEST(crash_removes_what_is_not_complete)
{
    char path[] = "/tmp/pengine_crash_XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    says((setting){.act = SEGV, .at = 0, .kept = path}, "pengine: item 1000: act(-1): crashed: SIGSEGV" ADVICE);
    ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

static void write_out(const setting *how)
{
    pe_out_file out;
    pe_error err = PE_ERROR_INIT;
    if (pe_out_begin(how->kept, PE_OUT_RESULT, NULL, &out, &err) != PE_OK ||
        pe_write_full(out.fd, "half", 4, "out", &err) != PE_OK)
        _exit(7);
    if (how->at == 1 && pe_out_commit(&out, false, &err) != PE_OK)
        _exit(8);
    crash(&(setting){.act = SEGV});
}

START_TEST(crash_leaves_no_part_of_an_output)
{
    char home[] = "/tmp/pengine_crash_XXXXXX", path[64], part[80];
    ck_assert_ptr_nonnull(mkdtemp(home));
    (void)snprintf(path, sizeof path, "%s/out", home);
    (void)snprintf(part, sizeof part, "%s.part", path);
    for (size_t is_committed = 0; is_committed < 2; is_committed++) {
        const seen got = look(write_out, &(setting){.kept = path, .at = is_committed});
        ck_assert_int_eq(WEXITSTATUS(got.status), 1);
        ck_assert_int_ne(access(part, F_OK), 0);
        ck_assert_int_eq(access(path, F_OK), is_committed == 1 ? 0 : -1); /* what is complete stays */
    }
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir(home), 0);
}
END_TEST

static void crash_outside(const setting *how)
{
    struct sigaction now, standard = {.sa_handler = SIG_DFL}; /* not a sanitizer's */
    (void)sigaction(SIGSEGV, &standard, NULL);
    pe_exit_cleanup_add(how->kept);
    pe_crash_begin(0, 1);
    if (how->at == 1)
        pe_crash_end();
    if (how->at == 1 && (sigaction(SIGSEGV, NULL, &now) != 0 || now.sa_handler != SIG_DFL))
        _exit(9);
    if (how->at == 2)
        (void)work(&(setting){.act = IS_SENT});
    else
        end_self(SEGV);
    pe_sleep_ns(1000000000);
    _exit(0);
}

START_TEST(crash_outside_of_kernels_is_as_ever)
{
    char path[] = "/tmp/pengine_crash_XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    for (size_t way = 0; way < 3; way++) { /* in the engine; after the end; in a kernel, but sent by somebody */
        const seen got = look(crash_outside, &(setting){.at = way, .kept = path});
        ck_assert_str_eq(got.said, "");
        ck_assert(WIFSIGNALED(got.status));
        ck_assert_int_eq(WTERMSIG(got.status), SIGSEGV);
        ck_assert_int_eq(access(path, F_OK), 0);
    }
    ck_assert_int_eq(unlink(path), 0);
}
END_TEST

UNIT_MAIN("crash", crash_at_any_item_names_it, abort_and_exit_are_reported, overflow_of_the_stack_is_reported,
          several_threads_that_crash_say_it_once, crash_of_no_item_alone_names_the_batch,
          crash_in_what_a_batch_has_grown_by_names_it, crash_in_open_names_the_kernel,
          what_the_kernel_printed_is_not_printed_again, failed_item_is_no_crash, crash_removes_what_is_not_complete,
          crash_leaves_no_part_of_an_output, crash_outside_of_kernels_is_as_ever)
