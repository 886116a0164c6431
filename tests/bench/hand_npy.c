/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hand_npy.c - a float64 function of computed arguments into an npy file, as an expert would write it for one job.
 *
 * Usage:   hand_npy square|black_scholes COUNT PATH
 *          square: x * x for x = 0.0, 1.0, ...; black_scholes: five linspaces, the ones of bench.py.
 * Design:  threads fill buffers that stay in their own cache and pwrite each to its place: no order, no copy, no shared
 *          memory. The file is made anew, as pengine does.
 * Threads: each has its own buffer; the file is written at disjoint places.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hand_fill.h"

#define BUFFER_BYTES ((size_t)1024 * 1024)

static void write_all(int file, const void *data, size_t bytes, int64_t offset)
{
    const char *from = data;
    while (bytes > 0) {
        const ssize_t written = pwrite(file, from, bytes, offset);
        if (written <= 0) {
            perror("hand_npy: pwrite");
            exit(EXIT_FAILURE);
        }
        from += written;
        offset += written;
        bytes -= (size_t)written;
    }
}

static void write_header(int file, int64_t count)
{
    char header[HEADER_BYTES + 1];
    make_header(header, "<f8", count);
    write_all(file, header, HEADER_BYTES, 0);
}

static void write_items(int file, fill *fill_chunk, int64_t count)
{
    const int64_t chunk = (int64_t)(BUFFER_BYTES / sizeof(double));
    const int64_t chunks = (count + chunk - 1) / chunk;
#pragma omp parallel default(none) shared(file, fill_chunk, count, chunk, chunks)
    {
        double *buffer = aligned_alloc(4096, BUFFER_BYTES);
        if (!buffer)
            exit(EXIT_FAILURE);
#pragma omp for schedule(dynamic)
        for (int64_t c = 0; c < chunks; c++) {
            const int64_t first = c * chunk;
            const int64_t items = count - first < chunk ? count - first : chunk;
            fill_chunk(buffer, first, items, count);
            write_all(file, buffer, (size_t)items * sizeof(double), HEADER_BYTES + first * (int64_t)sizeof(double));
        }
        free(buffer);
    }
}

int main(int argc, char **argv)
{
    fill *fill_chunk = argc != 4                               ? NULL
                       : strcmp(argv[1], "square") == 0        ? fill_square
                       : strcmp(argv[1], "black_scholes") == 0 ? fill_black_scholes
                                                               : NULL;
    if (!fill_chunk) {
        fputs("usage: hand_npy square|black_scholes COUNT PATH\n", stderr);
        return EXIT_FAILURE;
    }
    const int64_t count = (int64_t)strtoull(argv[2], NULL, 10);
    (void)unlink(argv[3]);
    const int file = open(argv[3], O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0) {
        perror("hand_npy: open");
        return EXIT_FAILURE;
    }
    write_header(file, count);
    write_items(file, fill_chunk, count);
    return close(file) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
