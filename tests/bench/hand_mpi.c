/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hand_mpi.c - a function of computed arguments into an npy file by MPI and OpenMP, as an expert would write it for one
 *              job.
 *
 * Usage:   mpirun hand_mpi black_scholes|collatz|uneven gatherv|mpiio COUNT PATH
 *          gatherv: MPI_Gatherv to rank 0, which writes; mpiio: MPI_File_write_at_all.
 * Design:  each rank has one contiguous slice, computed whole by its threads, collected when all are done. Counts of MPI
 *          are int, so slices are whole blocks, which are an MPI type: 2^31 items and more pass. The last block may be
 *          short: items beyond the end are neither computed nor kept in the file. Rank 0 computes in place.
 * Threads: MPI is called by the main thread; the others fill disjoint parts of the slice.
 */
#include <fcntl.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hand_fill.h"

#define BLOCK_ITEMS 8192

typedef struct slices {
    int rank, ranks;
    int64_t count;        /* of all items */
    int *counts, *begins; /* of each rank, in blocks */
    MPI_Datatype block;
    void *items; /* this rank's, whole blocks; on rank 0, where it gathers, everybody's */
} slices;

static void *allocate(size_t bytes)
{
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (!memory) {
        perror("hand_mpi");
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
    return memory;
}

static size_t block_bytes(int64_t blocks)
{
    return (size_t)blocks * BLOCK_ITEMS * ITEM_BYTES;
}

static slices cut(int64_t count, bool is_gathered)
{
    slices self = {.count = count};
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &self.rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &self.ranks);
    (void)MPI_Type_contiguous(BLOCK_ITEMS * ITEM_BYTES, MPI_BYTE, &self.block);
    (void)MPI_Type_commit(&self.block);
    const int blocks = (int)((count + BLOCK_ITEMS - 1) / BLOCK_ITEMS);
    self.counts = allocate((size_t)self.ranks * sizeof *self.counts);
    self.begins = allocate((size_t)self.ranks * sizeof *self.begins);
    for (int rank = 0, begin = 0; rank < self.ranks; rank++) {
        self.begins[rank] = begin;
        self.counts[rank] = blocks / self.ranks + (rank < blocks % self.ranks ? 1 : 0);
        begin += self.counts[rank];
    }
    const bool has_all = is_gathered && self.rank == 0;
    self.items = allocate(block_bytes(has_all ? blocks : self.counts[self.rank]));
    return self;
}

static void compute(const slices *self, fill *fill_block)
{
    const int blocks = self->counts[self->rank];
    const int64_t begin = self->begins[self->rank];
    const int64_t count = self->count;
    char *items = self->items;
#pragma omp parallel for default(none) shared(fill_block, blocks, begin, count, items) schedule(dynamic)
    for (int b = 0; b < blocks; b++) {
        const int64_t first = (begin + b) * BLOCK_ITEMS;
        const int64_t left = count - first;
        fill_block(items + block_bytes(b), first, left < BLOCK_ITEMS ? left : BLOCK_ITEMS, count);
    }
}

static void write_all(int file, const char *data, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t written = write(file, data, bytes);
        if (written <= 0) {
            perror("hand_mpi: write");
            MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
        }
        data += written;
        bytes -= (size_t)written;
    }
}

static void gather(const slices *self, const char *header, const char *path)
{
    if (self->rank != 0) {
        (void)MPI_Gatherv(self->items, self->counts[self->rank], self->block, NULL, NULL, NULL, self->block, 0,
                          MPI_COMM_WORLD);
        return;
    }
    (void)MPI_Gatherv(MPI_IN_PLACE, 0, self->block, self->items, self->counts, self->begins, self->block, 0,
                      MPI_COMM_WORLD);
    (void)unlink(path);
    const int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0) {
        perror("hand_mpi: open");
        MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    }
    write_all(file, header, HEADER_BYTES);
    write_all(file, self->items, (size_t)self->count * ITEM_BYTES);
    (void)close(file);
}

/* Failures end the program: that is the error handler set here, since that of files is to return. */
static void write_together(const slices *self, const char *header, const char *path)
{
    MPI_File file = MPI_FILE_NULL;
    (void)MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_ARE_FATAL);
    if (self->rank == 0)
        (void)unlink(path);
    (void)MPI_Barrier(MPI_COMM_WORLD);
    (void)MPI_File_open(MPI_COMM_WORLD, path, MPI_MODE_CREATE | MPI_MODE_WRONLY, MPI_INFO_NULL, &file);
    if (self->rank == 0)
        (void)MPI_File_write_at(file, 0, header, HEADER_BYTES, MPI_BYTE, MPI_STATUS_IGNORE);
    const MPI_Offset place = HEADER_BYTES + (MPI_Offset)block_bytes(self->begins[self->rank]);
    (void)MPI_File_write_at_all(file, place, self->items, self->counts[self->rank], self->block, MPI_STATUS_IGNORE);
    (void)MPI_File_set_size(file, HEADER_BYTES + self->count * ITEM_BYTES);
    (void)MPI_File_close(&file);
}

/* What can be computed, and its type in the npy header. */
static const struct {
    const char *name, *type;
    fill *fill_block;
} functions[] = {
    {"black_scholes", "<f8", fill_black_scholes}, {"collatz", "<i8", fill_collatz}, {"uneven", "<f8", fill_uneven}};
#define FUNCTIONS (sizeof functions / sizeof *functions)

static int run(size_t function, bool is_gathered, int64_t count, const char *path)
{
    char header[HEADER_BYTES + 1];
    slices self = cut(count, is_gathered);
    make_header(header, functions[function].type, count);
    compute(&self, functions[function].fill_block);
    if (is_gathered)
        gather(&self, header, path);
    else
        write_together(&self, header, path);
    (void)MPI_Type_free(&self.block);
    free(self.items);
    free(self.begins);
    free(self.counts);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    size_t function = 0;
    while (argc == 5 && function < FUNCTIONS && strcmp(argv[1], functions[function].name) != 0)
        function++;
    const bool is_gathered = argc == 5 && strcmp(argv[2], "gatherv") == 0;
    if (argc != 5 || function == FUNCTIONS || (!is_gathered && strcmp(argv[2], "mpiio") != 0)) {
        fputs("usage: mpirun hand_mpi black_scholes|collatz|uneven gatherv|mpiio COUNT PATH\n", stderr);
        return EXIT_FAILURE;
    }
    int provided = 0;
    (void)MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    const int code = run(function, is_gathered, strtoll(argv[3], NULL, 10), argv[4]);
    (void)MPI_Finalize();
    return code;
}
