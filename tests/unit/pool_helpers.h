/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* pool_helpers.h - opens a pool, and has numbers for it to square.
 */
#ifndef PE_TEST_POOL_HELPERS_H
#define PE_TEST_POOL_HELPERS_H

#include <pengine/pool.h>

#include <stdbool.h>

#include "unit.h"

#define MANY 200000u

static int64_t numbers[MANY], results[MANY];
static unsigned char outcomes[MANY];
static pe_fault fault;

static inline pe_pool *open_pool(int threads)
{
    pe_pool *pool = pe_pool_open(&(pe_pool_options){.threads = threads}, &fault);
    ck_assert_msg(pool != NULL, "%s", fault.text);
    for (uint64_t i = 0; i < MANY; i++)
        numbers[i] = (int64_t)i;
    return pool;
}

static inline pe_pool_kernel *load(pe_pool *pool, const char *job, const char *columns)
{
    pe_pool_kernel *kernel = pe_pool_load(pool, job, columns, &fault);
    ck_assert_msg(kernel != NULL, "%s", fault.text);
    return kernel;
}

static inline bool are_squares(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (results[i] != (int64_t)(i * i))
            return false;
    return true;
}

static void *const into[] = {results};
static const void *const from[] = {numbers};

#endif
