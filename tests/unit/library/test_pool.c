/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* test_pool.c - a pool that stays: wrong kernels and calls, maps, sources and sinks, failed items.
 */
#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "pool_helpers.h"

/* ---- what is wrong ---- */

static void refuse(pe_pool *pool, const char *job, const char *columns, int code, const char *text)
{
    ck_assert_ptr_null(pe_pool_load(pool, job, columns, &fault));
    ck_assert_msg(fault.code == code && strstr(fault.text, text) != NULL, "%d: %s", fault.code, fault.text);
}

START_TEST(pool_wrong_kernels_are_refused)
{
    pe_pool *pool = open_pool(1);
    refuse(pool, "[kernel]\nexpr = \"x*\"", "(int64)", 69, "job:2:");
    refuse(pool, "[kernel]\nname = \"sqare\"", "(int64)", 69, "square");
    refuse(pool, "[kernel]\nexpr = \"x\"\n[input]\nrange = [0, 5]", "(int64)", 78, "input: expected [kernel]");
    refuse(pool, "[kernel]\nexpr = \"x\"\n[pool]\nthreads = 2", "(int64)", 78, "pe_pool_open");
    refuse(pool, "[kernel]\nexpr = \"x\"\nwhere = \"x > 0\"", "(int64)", 78, "kernel.where: a pool");
    refuse(pool, "[kernel]\nexpr = \"x\"", "int65", 78, "int65");
    refuse(pool, "[kernel]\nexpr = \"x\"", NULL, 78, "got \"\": expected \"(\" at character 1, got the end");
    refuse(pool, "[kernel]\nexpr = \"x\"", "(int64) -> int64", 78, "expected the end at character 9, got \"->\"");
    refuse(pool, "[kernel]\nexpr = \"x + y\"", "(int64)", 69, "y");
    refuse(pool, "[kernel]\nname = \"square\"", "(int64, int64)", 78, "gives 2");
    ck_assert_ptr_null(pe_pool_use(pool, pe_array_kernel("square", NULL), "[kernel]\nexpr = \"x\"", &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "kernel"));
    ck_assert_ptr_null(pe_pool_use(pool, NULL, NULL, &fault));
    ck_assert_int_eq(fault.code, 69);
    pe_pool_close(pool);
    ck_assert_ptr_null(pe_pool_open(&(pe_pool_options){.threads = -1}, &fault));
    ck_assert_ptr_null(pe_pool_open(&(pe_pool_options){.threads = 4097}, &fault));
    ck_assert_str_eq(fault.text, "threads: expected 1 to 4096, or 0 for the default, got 4097");
    ck_assert_int_eq(fault.code, 78);
}
END_TEST

START_TEST(pool_wrong_calls_are_refused)
{
    pe_pool *pool = open_pool(1);
    pe_pool_kernel *kernel = load(pool, "[kernel]\nname = \"square\"", "(int64)");
    const void *const nothing[] = {NULL};
    ck_assert_int_eq(pe_pool_run(kernel, &(pe_pool_call){.count = 1, .results = into}, &fault), 64);
    ck_assert_int_eq(pe_pool_run(kernel, &(pe_pool_call){.count = 1, .args = from}, &fault), 64);
    ck_assert_int_eq(pe_pool_map(kernel, 1, nothing, into, &fault), 64);
    ck_assert_ptr_nonnull(strstr(fault.text, "args[0] is NULL"));
    ck_assert_int_eq(pe_pool_map(kernel, 1, nothing, into, NULL), 64);
    ck_assert_int_eq(pe_pool_map(NULL, 1, from, into, &fault), 64);
    ck_assert_ptr_nonnull(strstr(fault.text, "pe_pool_load"));
    ck_assert_ptr_null(pe_pool_load(NULL, "[kernel]\nname = \"square\"", "(int64)", &fault));
    ck_assert_ptr_nonnull(strstr(fault.text, "pe_pool_open"));
    pe_pool_kernel *texts = load(pool, "[kernel]\nname = \"text_upper\"", "(text)");
    ck_assert_int_eq(pe_pool_map(texts, 1, from, into, &fault), 64);
    ck_assert_ptr_nonnull(strstr(fault.text, "pe_pool_start"));
    pe_pool_close(pool);
}
END_TEST

/* ---- maps ---- */

START_TEST(pool_maps_again_and_again)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = load(pool, "[kernel]\nname = \"square\"", "(int64)");
    ck_assert_int_eq(pe_pool_threads(pool), 2);
    ck_assert_str_eq(pe_pool_signature(kernel), "(int64) -> int64");
    ck_assert_int_eq(pe_pool_result(kernel, 0).dtype, PE_INT64);
    ck_assert_int_eq(pe_pool_map(kernel, 0, from, into, &fault), 0);
    for (uint64_t count = 1; count <= MANY; count = count * 3 + 1) {
        memset(results, 0, sizeof results);
        memset(outcomes, 7, sizeof outcomes);
        const pe_pool_call call = {.count = count, .args = from, .results = into, .outcomes = outcomes};
        for (int again = 0; again < 3; again++)
            ck_assert_int_eq(pe_pool_run(kernel, &call, &fault), 0);
        ck_assert(are_squares(count));
        ck_assert(results[count] == 0 && outcomes[0] == PE_ITEM_OK && outcomes[count - 1] == PE_ITEM_OK &&
                  outcomes[count] == 7);
    }
    pe_pool_close(pool);
}
END_TEST

/* ---- speed ---- */

#define ROUNDS 2001

static double seconds[ROUNDS];

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

static double median(void)
{
    qsort(seconds, ROUNDS, sizeof *seconds, compare);
    return seconds[ROUNDS / 2];
}

/* Ten items on two open threads, beside the loop that one would write by hand. */
START_TEST(pool_map_of_ten_items_takes_under_ten_microseconds)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = load(pool, "[kernel]\nname = \"square\"", "(int64)");
    for (int round = 0; round < ROUNDS; round++) {
        const double began = omp_get_wtime();
        ck_assert_int_eq(pe_pool_map(kernel, 10, from, into, &fault), 0);
        seconds[round] = omp_get_wtime() - began;
    }
    ck_assert(are_squares(10));
    const double pooled = median();
    for (int round = 0; round < ROUNDS; round++) {
        const double began = omp_get_wtime();
#pragma omp parallel for default(none) shared(numbers, results) num_threads(2)
        for (int i = 0; i < 10; i++)
            results[i] = numbers[i] * numbers[i];
        seconds[round] = omp_get_wtime() - began;
    }
    const double by_hand = median();
    (void)printf("10 items: pool %.2f us, omp parallel for %.2f us\n", 1e6 * pooled, 1e6 * by_hand);
#ifndef PENGINE_SANITIZED
    ck_assert_msg(pooled < 10e-6 || pooled < by_hand, "%g s, by hand %g s", pooled, by_hand); /* a slow machine */
#endif
    pe_pool_close(pool);
}
END_TEST

/* A cost that was measured once does not hold for ever: what was thought to be short and is not goes to the threads. */
static int64_t nap_ns;
#define TRIES 10
static atomic_int naps[2]; /* by the calling thread, by others */
static pthread_t napper;

static int nap(pe_batch *batch)
{
    const struct timespec some = {.tv_nsec = nap_ns};
    for (size_t i = 0; i < batch->count; i++) {
        if (nap_ns > 0)
            (void)nanosleep(&some, NULL);
        ((int64_t *)batch->results[0])[i] = (int64_t)(batch->first + i) * (int64_t)(batch->first + i);
        (void)atomic_fetch_add(&naps[pthread_equal(pthread_self(), napper) ? 0 : 1], 1);
    }
    return batch->first + batch->count > 25000;
}

START_TEST(pool_map_that_becomes_slow_goes_to_the_threads)
{
    static const pe_kernel napping = {
        .abi = PE_KERNEL_ABI, .size = sizeof napping, .name = "napping", .signature = "(int64) -> int64", .map = nap};
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = pe_pool_use(pool, &napping, NULL, &fault);
    napper = pthread_self();
    bool has_both = false; /* a busy machine may make short items look long: then try again */
    for (int again = 0; again < TRIES && !has_both; again++) {
        nap_ns = 0;
        for (int call = 0; call < 20; call++)
            ck_assert_int_eq(pe_pool_map(kernel, 100, from, into, &fault), 0);
        naps[0] = naps[1] = 0;
        nap_ns = 20000;
        memset(results, 0, sizeof results);
        ck_assert_int_eq(pe_pool_map(kernel, 2000, from, into, &fault), 0);
        ck_assert(are_squares(2000) && naps[0] + naps[1] == 2000);
        has_both = naps[0] > 0 && naps[1] > 0;
    }
#ifndef PENGINE_SANITIZED
    ck_assert(has_both);
#endif
    nap_ns = 0;
    for (int again = 0; again < 4; again++) {
        ck_assert_int_eq(pe_pool_map(kernel, 30000, from, into, &fault), 69);
        ck_assert_msg(strstr(fault.text, "its map returned 1") != NULL && fault.item > 20000, "%s", fault.text);
    }
    pe_pool_close(pool);
}
END_TEST

/* ---- types ---- */

/* Conversions of columns are exact: 2^53 + 1 has no float64. */
START_TEST(pool_converts_columns_or_fails_the_item)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel =
        load(pool, "[kernel]\nname = \"hypot\"\n[errors]\non_error = \"fill\"\nfill = -1.0", "(int64, float32)");
    const int64_t x[] = {3, 9007199254740993, 5};
    const float y[] = {4, 0, 12};
    double out[3];
    const pe_pool_call call = {
        .count = 3, .args = (const void *[]){x, y}, .results = (void *[]){out}, .outcomes = outcomes};
    for (int again = 0; again < 3; again++) { /* the last ones are computed by this thread */
        pe_pool_task *task = pe_pool_start(kernel, &call, &fault);
        const pe_pool_failure *failures = NULL;
        ck_assert_int_eq(pe_pool_wait(task, &fault), 0);
        ck_assert(out[0] == 5 && out[1] == -1 && out[2] == 13);
        ck_assert(outcomes[0] == PE_ITEM_OK && outcomes[1] == PE_ITEM_FAILED && outcomes[2] == PE_ITEM_OK);
        ck_assert_uint_eq(pe_pool_failures(task, &failures), 1);
        ck_assert_uint_eq(failures[0].item, 1);
        ck_assert_ptr_nonnull(strstr(failures[0].reason, "9007199254740993 is not exact as float64"));
        pe_pool_free(task);
    }
    pe_pool_close(pool);
}
END_TEST

/* Two results, vectors, texts in and out, an item that fails. */
static int map_mixed(pe_batch *batch)
{
    const pe_text *text = batch->args[0];
    const int64_t *pair = batch->args[1];
    for (size_t i = 0; i < batch->count; i++) {
        char *const twice = batch->text(batch, 0, i, 2 * text[i].size);
        if (twice == NULL)
            return 1;
        memcpy(twice, text[i].data, text[i].size);
        memcpy(twice + text[i].size, text[i].data, text[i].size);
        ((double *)batch->results[1])[2 * i] = (double)(pair[2 * i] + pair[2 * i + 1]);
        ((double *)batch->results[1])[2 * i + 1] = (double)(pair[2 * i] - pair[2 * i + 1]);
        if (pair[2 * i] == 7)
            (batch->fail)(batch, i, "it is seven"); /* Check has a macro of this name */
    }
    return 0;
}

static const pe_kernel mixed = {.abi = PE_KERNEL_ABI,
                                .size = sizeof mixed,
                                .name = "mixed",
                                .signature = "(text, int64[2]) -> (text, float64[2])",
                                .map = map_mixed};

static pe_text texts[MANY];
static char letters[MANY][8];
static int64_t pairs[MANY][2];
static pe_text doubled[MANY];
static double sums[MANY][2];

static pe_pool_kernel *load_mixed(pe_pool *pool)
{
    for (unsigned i = 0; i < MANY; i++) {
        texts[i] = (pe_text){.data = letters[i], .size = (size_t)snprintf(letters[i], 8, "%u", i % 100000)};
        pairs[i][0] = i;
        pairs[i][1] = 3;
    }
    pe_pool_kernel *kernel = pe_pool_use(pool, &mixed, "[errors]\non_error = \"skip\"", &fault);
    ck_assert_msg(kernel != NULL, "%s", fault.text);
    return kernel;
}

static bool is_mixed(uint64_t i, pe_text text, const double *pair)
{
    char expected[32];
    const int size = snprintf(expected, sizeof expected, "%u%u", (unsigned)(i % 100000), (unsigned)(i % 100000));
    if (i == 7)
        return text.size == 0 && pair[0] == 0 && pair[1] == 0;
    return text.size == (size_t)size && memcmp(text.data, expected, text.size) == 0 && pair[0] == (double)(i + 3) &&
           pair[1] == (double)i - 3;
}

START_TEST(pool_texts_and_vectors_to_columns)
{
    pe_pool *pool = open_pool(2);
    const pe_pool_call call = {.count = MANY,
                               .args = (const void *[]){texts, pairs},
                               .results = (void *[]){doubled, sums},
                               .outcomes = outcomes};
    pe_pool_kernel *kernel = load_mixed(pool);
    pe_pool_task *task = pe_pool_start(kernel, &call, &fault);
    const pe_pool_failure *failures = NULL;
    bool is_right = true;
    ck_assert_msg(pe_pool_wait(task, &fault) == 0, "%s", fault.text);
    for (uint64_t i = 0; i < MANY; i++)
        is_right &= is_mixed(i, doubled[i], sums[i]) && outcomes[i] == (i == 7 ? PE_ITEM_FAILED : PE_ITEM_OK);
    ck_assert(is_right);
    ck_assert_uint_eq(pe_pool_failures(task, &failures), 1);
    ck_assert(failures[0].item == 7 && failures[0].outcome == PE_ITEM_FAILED);
    ck_assert_uint_eq(pe_pool_items(task), MANY);
    pe_pool_close(pool); /* a task stays */
    ck_assert(is_mixed(8, doubled[8], sums[8]));
    pe_pool_free(task);
}
END_TEST

/* ---- sources and sinks ---- */

typedef struct stream {
    uint64_t given, taken, failed, items;
    bool is_right, is_ordered;
    bool is_given_right; /* the source's: it may run beside the sink */
    uint64_t stop_at;
} stream;

static int take_mixed(void *context, const pe_pool_block *block)
{
    stream *self = context;
    const pe_text *text = block->results[0];
    const double *const pair = block->results[1];
    self->is_ordered &= block->first == self->taken;
    for (uint64_t i = 0; i < block->count; i++) {
        self->is_right &= is_mixed(block->first + i, text[i], pair + 2 * i);
        self->failed += block->outcomes != NULL && block->outcomes[i] == PE_ITEM_FAILED;
    }
    self->taken += block->count;
    return self->taken > self->stop_at;
}

static int64_t give_mixed(void *context, uint64_t first, uint64_t most, void *const *columns)
{
    stream *self = context;
    char(*made)[8] = letters; /* overwritten by every call: texts are copied */
    const uint64_t left = self->items - first, count = left < most ? left : most, some = count < 1000 ? count : 1000;
    self->is_given_right &= first == self->given;
    for (uint64_t i = 0; i < some; i++) {
        ((pe_text *)columns[0])[i] =
            (pe_text){.data = made[i], .size = (size_t)snprintf(made[i], 8, "%u", (unsigned)((first + i) % 100000))};
        ((int64_t(*)[2])columns[1])[i][0] = (int64_t)(first + i);
        ((int64_t(*)[2])columns[1])[i][1] = 3;
    }
    self->given += some;
    return (int64_t)some;
}

START_TEST(pool_source_to_sink_in_order)
{
    pe_pool *pool = open_pool(3);
    pe_pool_kernel *kernel = load_mixed(pool);
    for (int is_unordered = 0; is_unordered < 2; is_unordered++) {
        stream self = {.items = MANY, .is_right = true, .is_given_right = true, .is_ordered = true, .stop_at = MANY};
        const pe_pool_call call = {.source = give_mixed,
                                   .source_context = &self,
                                   .sink = take_mixed,
                                   .sink_context = &self,
                                   .is_unordered = is_unordered};
        ck_assert_msg(pe_pool_run(kernel, &call, &fault) == 0, "%s", fault.text);
        ck_assert(self.is_right && self.is_given_right && self.taken == MANY && self.failed == 1);
        ck_assert(self.is_ordered || is_unordered);
    }
    pe_pool_close(pool);
}
END_TEST

/* The sink ends the call; a source may end at any item, fail, or give too much. */
static int64_t give_bad(void *context, uint64_t first, uint64_t most, void *const *columns)
{
    const int64_t *const what = context;
    memset(columns[0], 0, 50 * sizeof *numbers);
    return first < 100 ? 50 : *what == 0 ? (int64_t)most + 1 : *what;
}

static int64_t give_numbers(void *context, uint64_t first, uint64_t most, void *const *columns)
{
    const uint64_t *const end = context, left = *end - first, count = left < most ? left : most;
    memcpy(columns[0], numbers + first, count * sizeof *numbers);
    return (int64_t)count;
}

START_TEST(pool_source_and_sink_end_a_call)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = load_mixed(pool), *square = load(pool, "[kernel]\nname = \"square\"", "(int64)");
    stream self = {.is_right = true, .is_ordered = true, .stop_at = 1000};
    int64_t what = -5;
    uint64_t end = 70000;
    pe_pool_call call = {.source = give_bad, .source_context = &what, .results = into, .count = MANY};
    ck_assert_int_eq(pe_pool_imap(kernel, MANY, (const void *[]){texts, pairs}, take_mixed, &self, &fault), 75);
    ck_assert_ptr_nonnull(strstr(fault.text, "ended by the caller"));
    ck_assert(self.taken > 1000 && self.taken < MANY && self.is_right && self.is_ordered);
    ck_assert_int_eq(pe_pool_run(square, &call, &fault), 66);
    ck_assert_ptr_nonnull(strstr(fault.text, "item 100: it returned -5"));
    what = 0;
    ck_assert_int_eq(pe_pool_run(square, &call, &fault), 65);
    call = (pe_pool_call){.source = give_numbers, .source_context = &end, .results = into, .count = MANY};
    ck_assert_int_eq(pe_pool_run(square, &call, &fault), 0);
    ck_assert(are_squares(end));
    call.count = end - 1;
    ck_assert_int_eq(pe_pool_run(square, &call, &fault), 65);
    ck_assert_ptr_nonnull(strstr(fault.text, "69999 items that the results have room for"));
    pe_pool_close(pool);
}
END_TEST

/* ---- failed items ---- */

START_TEST(pool_failed_item_ends_a_call_and_the_next_one_works)
{
    pe_pool *pool = open_pool(2);
    pe_pool_kernel *kernel = pe_pool_use(pool, pe_array_kernel("square", NULL), NULL, &fault);
    const pe_pool_call call = {.count = MANY, .args = from, .results = into, .outcomes = outcomes};
    for (int again = 0; again < 3; again++) {
        numbers[123456] = 3037000500;
        ck_assert_int_eq(pe_pool_run(kernel, &call, &fault), 1);
        ck_assert_uint_eq(fault.item, 123456);
        ck_assert_str_eq(fault.text, "item 123456: square(3037000500): result does not fit int64");
        ck_assert_int_eq(outcomes[123456], PE_ITEM_FAILED);
        numbers[123456] = 123456;
        ck_assert_int_eq(pe_pool_run(kernel, &call, &fault), 0);
        ck_assert(are_squares(MANY));
    }
    pe_pool_close(pool);
}
END_TEST

START_TEST(pool_max_failures_and_log)
{
    static const char errors[] = "[errors]\non_error = \"skip\"\nmax_failures = 10\nlog = \"failed_items.csv\"";
    pe_pool *pool = open_pool(2);
    char line[200] = "";
    pe_pool_kernel *kernel = pe_pool_use(pool, pe_array_kernel("square", NULL), errors, &fault);
    ck_assert_msg(kernel != NULL, "%s", fault.text);
    for (size_t i = 0; i < 10; i++)
        numbers[i * 7919] = INT64_MAX;
    ck_assert_int_eq(pe_pool_map(kernel, MANY, from, into, &fault), 0);
    FILE *file = fopen("failed_items.csv", "r");
    ck_assert(file != NULL && fgets(line, sizeof line, file) != NULL);
    ck_assert_str_eq(line, "index,x,reason,attempts,rank,seconds\n");
    ck_assert(fgets(line, sizeof line, file) != NULL &&
              strncmp(line, "0,9223372036854775807,result does not fit int64,1,0,", 52) == 0);
    (void)fclose(file);
    numbers[MANY - 1] = INT64_MAX;
    ck_assert_int_eq(pe_pool_map(kernel, MANY, from, into, &fault), 1);
    ck_assert_ptr_nonnull(strstr(fault.text, "11 items failed, 10 were allowed"));
    (void)remove("failed_items.csv");
    pe_pool_close(pool);
}
END_TEST

UNIT_MAIN("pool", pool_wrong_kernels_are_refused, pool_wrong_calls_are_refused, pool_maps_again_and_again,
          pool_map_of_ten_items_takes_under_ten_microseconds, pool_map_that_becomes_slow_goes_to_the_threads,
          pool_converts_columns_or_fails_the_item, pool_texts_and_vectors_to_columns, pool_source_to_sink_in_order,
          pool_source_and_sink_end_a_call, pool_failed_item_ends_a_call_and_the_next_one_works,
          pool_max_failures_and_log)
