/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_ranks.c - an MPI program with pools over its ranks: columns of rank 0, texts, sinks, failed items, wrong calls, blocks.
 *
 * Each check is collective; a wrong one ends the program with its line. argv[1]: single, funneled or multiple, the level of
 * threads that MPI is started with.
 */
#include <pengine/mpi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MANY 100000u

#define CHECK(is_right)                                                                                                \
    do {                                                                                                               \
        if (!(is_right)) {                                                                                             \
            (void)fprintf(stderr, "rank %d, line %d: %s\n  fault: %d, %s\n", rank, __LINE__, #is_right, fault.code,    \
                          fault.text);                                                                                 \
            (void)MPI_Abort(MPI_COMM_WORLD, 1);                                                                        \
        }                                                                                                              \
    } while (0)

static int rank, ranks;
static pe_fault fault;
static int64_t numbers[MANY], results[MANY];
static unsigned char outcomes[MANY];
static const void *const from[] = {numbers};
static void *const into[] = {results};

static pe_pool *open_pool(MPI_Comm comm)
{
    pe_pool *pool = pe_pool_open_mpi(comm, &(pe_pool_options){.threads = 2}, &fault);
    CHECK(pool != NULL);
    for (uint64_t i = 0; i < MANY; i++)
        numbers[i] = (int64_t)i;
    return pool;
}

static int are_squares(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (results[i] != (int64_t)(i * i))
            return 0;
    return 1;
}

/* The columns of rank 0; the program uses its communicator meanwhile. */
static void check_columns(pe_pool *pool, MPI_Comm comm)
{
    pe_pool_kernel *kernel = pe_pool_load(pool, "[kernel]\nexpr = \"x*x\"\n", "(int64)", &fault);
    CHECK(kernel != NULL);
    int message = -1;
    MPI_Request request;
    (void)MPI_Irecv(&message, 1, MPI_INT, (rank + 1) % ranks, 1, comm, &request);
    for (uint64_t count = 1; count <= MANY; count = 10 * count) {
        const pe_pool_call call = {.count = count, .args = from, .results = into, .outcomes = outcomes};
        memset(results, 0, sizeof results);
        CHECK(pe_pool_run(kernel, rank == 0 ? &call : NULL, &fault) == 0);
        CHECK(rank != 0 || (are_squares(count) && outcomes[0] == PE_ITEM_OK && outcomes[count - 1] == PE_ITEM_OK));
        CHECK(rank == 0 || results[1] == 0);
    }
    (void)MPI_Send(&rank, 1, MPI_INT, (rank + ranks - 1) % ranks, 1, comm);
    (void)MPI_Wait(&request, MPI_STATUS_IGNORE);
    CHECK(message == (rank + 1) % ranks);
}

/* Texts there and back, to columns and in order to a sink. */
static pe_text texts[MANY], upper[MANY];
static uint64_t taken;

static int take_texts(void *context, const pe_pool_block *block)
{
    (void)context;
    CHECK(rank == 0 && block->first == taken);
    for (uint64_t i = 0; i < block->count; i++) {
        const pe_text *text = (const pe_text *)block->results[0] + i;
        CHECK(text->size == 3 && memcmp(text->data, (block->first + i) % 2 == 0 ? "ABC" : "XYZ", 3) == 0);
    }
    taken += block->count;
    return 0;
}

static void check_texts(pe_pool *pool)
{
    const void *const args[] = {texts};
    void *const out[] = {upper};
    pe_pool_kernel *kernel = pe_pool_load(pool, "[kernel]\nname = \"text_upper\"", "(text)", &fault);
    for (uint64_t i = 0; i < MANY; i++)
        texts[i] = (pe_text){.data = i % 2 == 0 ? "abc" : "xyz", .size = 3};
    pe_pool_call call = {.count = rank == 0 ? MANY : 0, .args = args, .results = out};
    pe_pool_task *task = pe_pool_start(kernel, &call, &fault);
    CHECK(task != NULL && pe_pool_test(task, 0) == 1 && pe_pool_wait(task, &fault) == 0);
    for (uint64_t i = 0; i < MANY && rank == 0; i++)
        CHECK(upper[i].size == 3 && memcmp(upper[i].data, i % 2 == 0 ? "ABC" : "XYZ", 3) == 0);
    pe_pool_free(task);
    CHECK(pe_pool_imap(kernel, MANY, args, take_texts, NULL, &fault) == 0);
    CHECK(rank != 0 || taken == MANY);
}

/* The first failed item ends the call: all items before it are done, whichever rank had them. */
static void check_all_before_failure(pe_pool *pool)
{
    const pe_pool_call call = {.count = MANY, .args = from, .results = into, .outcomes = outcomes};
    pe_pool_kernel *kernel = pe_pool_use(pool, pe_array_kernel("square", NULL), NULL, &fault);
    for (int round = 0; round < 3; round++) {
        memset(results, 0, sizeof results);
        CHECK(pe_pool_run(kernel, &call, &fault) == 1 && fault.item == 77777);
        CHECK(rank != 0 || (are_squares(77777) && outcomes[77777] == PE_ITEM_FAILED));
        for (uint64_t i = 0; i < 77777 && rank == 0; i++)
            CHECK(outcomes[i] == PE_ITEM_OK);
    }
    pe_pool_unload(kernel);
}

/* One error on every rank, and the pool works afterwards. */
static void check_errors(pe_pool *pool)
{
    CHECK(pe_pool_load(pool, "[kernel]\nexpr = \"x*\"", "(int64)", &fault) == NULL && fault.code == 69);
    const int is_last = ranks > 1 && rank == ranks - 1;
    CHECK((pe_pool_load(pool, "[kernel]\nexpr = \"x*x\"", is_last ? "(int32)" : "(int64)", &fault) == NULL) ==
          (ranks > 1));
    CHECK((pe_pool_use(pool, pe_array_kernel("square", NULL), is_last ? "[errors]\nretries = 1" : NULL, &fault) ==
           NULL) == (ranks > 1));
    CHECK(ranks == 1 ||
          (fault.code == 64 && strstr(fault.text, "loads a kernel with another job or other columns") != NULL));
    pe_pool_kernel *kernel = pe_pool_use(pool, pe_array_kernel("square", NULL), NULL, &fault);
    CHECK(kernel != NULL);
    CHECK(pe_pool_run(kernel, &(pe_pool_call){.count = 5}, &fault) == 64);
    numbers[77777] = INT64_MAX;
    CHECK(pe_pool_map(kernel, MANY, from, into, &fault) == 1 && fault.item == 77777);
    CHECK(strstr(fault.text, "item 77777: square(9223372036854775807): result does not fit int64") != NULL);
    pe_pool_unload(kernel);
    check_all_before_failure(pool);
    kernel = pe_pool_use(pool, pe_array_kernel("square", NULL), "[errors]\non_error = \"fill\"\nfill = -1", &fault);
    const pe_pool_failure *failures = NULL;
    const pe_pool_call call = {.count = MANY, .args = from, .results = into, .outcomes = outcomes};
    pe_pool_task *task = pe_pool_start(kernel, &call, &fault);
    CHECK(pe_pool_wait(task, &fault) == 0);
    CHECK(rank != 0 || (pe_pool_failures(task, &failures) == 1 && failures[0].item == 77777 && results[77777] == -1 &&
                        outcomes[77777] == PE_ITEM_FAILED && outcomes[77778] == PE_ITEM_OK));
    pe_pool_free(task);
    numbers[77777] = 77777;
}

/* A block on each rank, of very different sizes and costs; results come back to where the items are. */
static int slow_first(pe_batch *batch)
{
    const int64_t *x = batch->args[0];
    for (size_t i = 0; i < batch->count; i++) {
        const struct timespec some = {.tv_nsec = 100000};
        if (x[i] < 4000)
            (void)nanosleep(&some, NULL);
        if (x[i] == -1)
            batch->fail(batch, i, "is missing");
        ((int64_t *)batch->results[0])[i] = x[i] * x[i];
        ((int64_t *)batch->results[1])[i] = (int64_t)(batch->first + i); /* counted over all ranks */
        ((int64_t *)batch->results[2])[i] = rank;
    }
    return 0;
}

static const pe_kernel slow_kernel = {.abi = PE_KERNEL_ABI,
                                      .size = sizeof slow_kernel,
                                      .name = "slow_first",
                                      .signature = "(int64, text) -> (int64, int64, int64)",
                                      .map = slow_first};
static int64_t places[MANY], workers[MANY];

/* The block of rank r has items_of(r) items, and begins at the sum of those before. */
static uint64_t items_of(int r)
{
    return r == 1 ? 0 : r == 0 ? MANY / 2 : MANY / 4 + (uint64_t)r;
}

static void check_blocks(pe_pool *pool)
{
    const uint64_t count = items_of(rank);
    const void *const args[] = {numbers, texts};
    void *const out[] = {results, places, workers};
    uint64_t first = 0, elsewhere = 0, all_elsewhere = 0;
    pe_pool_kernel *kernel = pe_pool_use(pool, &slow_kernel, "[errors]\non_error = \"fill\"\nfill = -7", &fault);
    CHECK(kernel != NULL);
    for (int r = 0; r < rank; r++)
        first += items_of(r);
    for (uint64_t i = 0; i < count; i++) /* rank 0 has all slow items, and it shall not compute all of them */
        numbers[i] = rank == 0 ? (int64_t)i : (int64_t)(i + 10000);
    for (int again = 0; again < 3; again++) {
        memset(results, 0, sizeof results);
        memset(places, 0, sizeof places);
        if (count > 5)
            numbers[5] = again == 2 ? -1 : 5;
        CHECK(pe_pool_map_blocks(kernel, count, args, out, outcomes, &fault) == 0);
        for (uint64_t i = 0; i < count; i++) {
            const int has_failed = i == 5 && again == 2;
            CHECK(results[i] == (has_failed ? -7 : numbers[i] * numbers[i]));
            CHECK(has_failed || places[i] == (int64_t)(first + i));
            CHECK(outcomes[i] == (has_failed ? PE_ITEM_FAILED : PE_ITEM_OK));
            elsewhere += workers[i] != rank && !has_failed;
        }
    }
    (void)MPI_Allreduce(&elsewhere, &all_elsewhere, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    CHECK(ranks == 1 || all_elsewhere > 100);
    pe_pool_unload(kernel);
    kernel = pe_pool_use(pool, &slow_kernel, NULL, &fault); /* the first failed item of all ranks ends the call */
    uint64_t last = items_of(0);
    for (int r = 1; r < ranks - 1; r++)
        last += items_of(r);
    CHECK(pe_pool_map_blocks(kernel, count, args, out, outcomes, &fault) == 1);
    CHECK(strstr(fault.text, "is missing") != NULL);
    if (count > 5)
        numbers[5] = rank == ranks - 1 ? -1 : 20005;
    CHECK(ranks == 2 || pe_pool_map_blocks(kernel, count, args, out, NULL, &fault) == 1);
    CHECK(ranks <= 2 || fault.item == last + 5);
    if (count > 5)
        numbers[5] = 20005;
    CHECK(pe_pool_map_blocks(kernel, count, args, out, NULL, &fault) == 0 && (count == 0 || results[5] == 400200025));
    CHECK(pe_pool_map_blocks(kernel, 0, NULL, NULL, NULL, &fault) == 0);
    CHECK(pe_pool_map_blocks(kernel, rank == 0 ? 3 : 0, NULL, NULL, NULL, &fault) == 64);
}

int main(int argc, char **argv)
{
    const int level = argc > 1 && strcmp(argv[1], "single") == 0     ? MPI_THREAD_SINGLE
                      : argc > 1 && strcmp(argv[1], "funneled") == 0 ? MPI_THREAD_FUNNELED
                                                                     : MPI_THREAD_MULTIPLE;
    MPI_Comm own = MPI_COMM_NULL;
    int provided = 0;
    if (pe_pool_open_mpi(MPI_COMM_WORLD, NULL, &fault) != NULL || fault.code != 64)
        return 1; /* before MPI_Init */
    (void)MPI_Init_thread(&argc, &argv, level, &provided);
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    CHECK(pe_pool_open_mpi(MPI_COMM_NULL, NULL, &fault) == NULL && fault.code == 64);
    (void)MPI_Comm_dup(MPI_COMM_WORLD, &own);
    pe_pool *pool = open_pool(own);
    check_columns(pool, own);
    check_texts(pool);
    check_errors(pool);
    check_blocks(pool);
    pe_pool_close(pool);
    (void)MPI_Comm_free(&own);
    (void)MPI_Finalize();
    if (rank == 0)
        (void)printf("fine on %d\n", ranks);
    return 0;
}
