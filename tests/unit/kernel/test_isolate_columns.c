/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_isolate_columns.c - texts and large batches go to an isolated kernel and come back whole.
 */
#define _GNU_SOURCE
#include "isolate_helpers.h"

/* "x" n times for the text "nx"; "!" crashes. */
static int map_texts(pe_batch *batch)
{
    const pe_text *in = batch->args[0];
    for (size_t i = 0; i < batch->count; i++) {
        const int64_t *times = batch->args[1];
        const size_t size = in[i].size * (size_t)times[i];
        if (in[i].size == 1 && in[i].data[0] == '!')
            end_self(SEGV);
        char *out = batch->text(batch, 0, i, size);
        if (out == NULL)
            return 1;
        for (size_t at = 0; at < size; at++)
            out[at] = in[i].data[at % in[i].size];
    }
    return 0;
}

static void check_text(pe_text text, const char *unit, int64_t times)
{
    const size_t size = strlen(unit);
    ck_assert_uint_eq(text.size, size * (size_t)times);
    for (size_t at = 0; at < text.size; at++)
        if (text.data[at] != unit[at % size])
            ck_abort_msg("byte %zu of %zu differs", at, text.size);
}

START_TEST(texts_go_in_and_out)
{
    static const char *const words[] = {"a", "", "bcd", "\xc3\xa9", "z"};
    const int64_t times[5] = {3, 4, 2, 5, 0};
    pe_text in[5], out[5];
    const void *const args[] = {in, times};
    void *const results[] = {out};
    isolated *r = opened("(text, int64) -> text", map_texts, 0);
    for (size_t i = 0; i < 5; i++)
        in[i] = (pe_text){words[i], strlen(words[i])};
    in[1].data = NULL;
    ck_ok(pe_call_run(r->call, 0, 5, args, results, &r->err), r->err);
    for (size_t i = 0; i < 5; i++)
        check_text(out[i], words[i], i == 1 ? 0 : times[i]);
    finish(r);
}
END_TEST

START_TEST(texts_larger_than_the_area_make_it_grow)
{
    static char large[20u << 20]; /* more than the first area takes */
    const int64_t times[3] = {2, 1, 3};
    pe_text in[3] = {{"ab", 2}, {large, sizeof large}, {"q", 1}}, out[3];
    const void *const args[] = {in, times};
    void *const results[] = {out};
    isolated *r = opened("(text, int64) -> text", map_texts, 0);
    memset(large, 'L', sizeof large);
    for (int turn = 0; turn < 2; turn++) {
        ck_ok(pe_call_run(r->call, 0, 3, args, results, &r->err), r->err);
        check_text(out[0], "ab", 2);
        check_text(out[1], "L", (int64_t)sizeof large);
        check_text(out[2], "q", 3);
    }
    ck_assert_int_eq(atomic_load(&shared->opens), 3); /* more room for arguments, then for results, then it is enough */
    finish(r);
}
END_TEST

START_TEST(texts_of_a_batch_with_a_crash_are_kept)
{
    const int64_t times[4] = {2, 1, 3, 1};
    pe_text in[4] = {{"ab", 2}, {"!", 1}, {"q", 1}, {"xyz", 3}}, out[4];
    const void *const args[] = {in, times};
    void *const results[] = {out};
    size_t failed = 0;
    isolated *r = opened("(text, int64) -> text", map_texts, 0);
    ck_ok(pe_call_run(r->call, 0, 4, args, results, &r->err), r->err);
    const pe_failure *failures = pe_call_failures(r->call, &failed);
    ck_assert_uint_eq(failed, 1);
    ck_assert_uint_eq(failures[0].item, 1);
    check_text(out[0], "ab", 2);
    check_text(out[2], "q", 3);
    check_text(out[3], "xyz", 1);
    finish(r);
}
END_TEST

/* More items than the first area has places for. */
START_TEST(batch_larger_than_the_area_makes_it_grow)
{
    const size_t count = 100000;
    int64_t *in = malloc(count * sizeof *in), *out = malloc(count * sizeof *out);
    const void *const args[] = {in};
    void *const results[] = {out};
    isolated *r = opened("(int64) -> int64", map_numbers, 0);
    numbers(in, count);
    ck_ok(pe_call_run(r->call, 0, count, args, results, &r->err), r->err);
    for (size_t i = 0; i < count; i++)
        ck_assert_int_eq(out[i], in[i] * in[i]);
    ck_assert_int_eq(atomic_load(&shared->opens), 2);
    finish(r);
    free(in);
    free(out);
}
END_TEST

UNIT_MAIN("isolate_columns", texts_go_in_and_out, texts_larger_than_the_area_make_it_grow,
          texts_of_a_batch_with_a_crash_are_kept, batch_larger_than_the_area_makes_it_grow)
