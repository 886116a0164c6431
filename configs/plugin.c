/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* plugin.c - a kernel as a shared library: what an amount has grown to after some years of interest.
 *
 * cc -O3 -shared -fPIC plugin.c -o plugin.so      with the folder of pengine/kernel.h given by -I
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <pengine/kernel.h>

#define MOST_YEARS 100

/* What each worker computes once, as the initializer of a Pool would. */
typedef struct growth {
    double factor[MOST_YEARS + 1];
} growth;

static const pe_param *find_param(const pe_setup *setup, const char *name)
{
    for (size_t p = 0; p < setup->param_count; p++)
        if (strcmp(setup->params[p].name, name) == 0)
            return &setup->params[p];
    return NULL;
}

static int open_worker(const pe_kernel *kernel, const pe_setup *setup, void **worker)
{
    (void)kernel;
    const pe_param *rate = find_param(setup, "rate");
    growth *made = malloc(sizeof *made);
    if (made == NULL || rate == NULL || rate->dtype != PE_FLOAT64) {
        free(made);
        return 1; /* the job ends before its first item */
    }
    for (int year = 0; year <= MOST_YEARS; year++)
        made->factor[year] = pow(1 + rate->real, year);
    *worker = made;
    return 0;
}

/* Called with some hundred items at once: a loop over whole columns, which the compiler can turn into vector code. */
static int map(pe_batch *batch)
{
    const growth *table = batch->worker;
    const double *amount = batch->args[0];
    const int64_t *years = batch->args[1];
    double *out = batch->results[0];
    for (size_t i = 0; i < batch->count; i++) {
        if (years[i] < 0 || years[i] > MOST_YEARS)
            batch->fail(batch, i, "years are from 0 to 100");
        else
            out[i] = amount[i] * table->factor[years[i]];
    }
    return 0;
}

static const pe_kernel balance = {
    .abi = PE_KERNEL_ABI,
    .size = sizeof(pe_kernel),
    .name = "balance",
    .signature = "(float64, int64) -> float64",
    .summary = "amount * (1 + rate)^years",
    .map = map,
    .open = open_worker,
    .close = free,
};

static const pe_kernel *const kernels[] = {&balance};

/* The one symbol that pengine looks for. */
const pe_plugin pengine_plugin = {PE_KERNEL_ABI, sizeof(pe_plugin), 1, kernels};
