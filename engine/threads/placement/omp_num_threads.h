/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* omp_num_threads.h - the value of OMP_NUM_THREADS, with our error message instead of the OpenMP runtime's.
 */
#ifndef PE_OMP_NUM_THREADS_H
#define PE_OMP_NUM_THREADS_H

#include "base/error.h"

#define PE_THREADS_MOST 4096

/* pe_omp_num_threads_begin - remove an invalid OMP_NUM_THREADS from the environment and keep its value for the message.
 * Call: by PE_BEFORE_LIBRARIES, which passes its arguments: before the libraries are initialised, libc included. */
void pe_omp_num_threads_begin(int argc, char **argv, char **env);

/* pe_omp_num_threads - the first number of OMP_NUM_THREADS ("4", or "4,2" for nested levels), 0 when it is not set.
 * Returns: PE_OK; PE_ECONFIG when it is neither a number from 1 to PE_THREADS_MOST nor a list of such */
pe_status pe_omp_num_threads(int *threads, pe_error *err);

#endif
