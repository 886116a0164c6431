/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_ranks.c - an MPI program with pools over its ranks: columns of rank 0, texts, sinks, failed items, wrong calls.
 *
 * Each check is collective; a wrong one ends the program with its line. argv[1]: single, funneled or multiple, the level of
 * threads that MPI is started with.
 */
#include <pengine/mpi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* One error on every rank, and the pool works afterwards. */
static void check_errors(pe_pool *pool)
{
    CHECK(pe_pool_load(pool, "[kernel]\nexpr = \"x*\"", "(int64)", &fault) == NULL && fault.code == 69);
    pe_pool_kernel *kernel = pe_pool_use(pool, pe_array_kernel("square", NULL), NULL, &fault);
    CHECK(kernel != NULL);
    CHECK(pe_pool_run(kernel, &(pe_pool_call){.count = 5}, &fault) == 64);
    numbers[77777] = INT64_MAX;
    CHECK(pe_pool_map(kernel, MANY, from, into, &fault) == 1 && fault.item == 77777);
    CHECK(strstr(fault.text, "item 77777: square(9223372036854775807): result does not fit int64") != NULL);
    pe_pool_unload(kernel);
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
    pe_pool_close(pool);
    (void)MPI_Comm_free(&own);
    (void)MPI_Finalize();
    if (rank == 0)
        (void)printf("fine on %d\n", ranks);
    return 0;
}
