/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* hand_metg.c - tasks of a given length, one loop iteration each, as OpenMP hands them out.
 *
 * Usage:   hand_metg TASKS ITERATIONS; prints the seconds of the loop alone, and the sum of all results.
 * Threads: OMP_NUM_THREADS of them take one task after the other.
 */
#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

/* As in bench_kernels.c: each step waits for the one before. */
static double spin(int64_t task, int64_t iterations)
{
    double x = (double)task;
    for (int64_t i = 0; i < iterations; i++)
        x = x * 0.999999 + 1e-7;
    return x;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fputs("usage: hand_metg TASKS ITERATIONS\n", stderr);
        return EXIT_FAILURE;
    }
    const int64_t tasks = strtoll(argv[1], NULL, 10);
    const int64_t iterations = strtoll(argv[2], NULL, 10);
    double sum = 0;
    const double began = omp_get_wtime();
#pragma omp parallel for default(none) shared(tasks, iterations) schedule(dynamic, 1) reduction(+ : sum)
    for (int64_t task = 0; task < tasks; task++)
        sum += spin(task, iterations);
    printf("%.9f %.17g\n", omp_get_wtime() - began, sum);
    return EXIT_SUCCESS;
}
