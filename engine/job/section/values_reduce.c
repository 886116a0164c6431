/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* values_reduce.c - reads, prints and frees the quantiles and the histogram of [reduce].
 *
 * Threads:  no state.
 */
#include <math.h>

#include "base/alloc.h"
#include "job/section/values.h"
#include "job/toml/quote.h"

/* A finite number, integer or float. */
static bool take_number(const pe_toml *node, double *out)
{
    if (node->kind == PE_TOML_INT)
        *out = (double)node->integer;
    else if (node->kind == PE_TOML_FLOAT)
        *out = node->real;
    else
        return false;
    return isfinite(*out);
}

static pe_status read_shares(const pe_place *to, const pe_toml *node, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    double **const field = pe_place_field(to->key, to->base);
    int *const count = pe_place_count(to->key, to->base);
    if (node->kind != PE_TOML_ARRAY || node->count == 0 || (int64_t)node->count > to->key->most)
        return pe_section_expected(to->section, to->key->name, node, err);
    const pe_status status = pe_make_array(field, node->count, sizeof **field, err);
    if (status != PE_OK)
        return status;
    for (size_t i = 0; i < node->count; i++) {
        const pe_toml *const child = &node->children[i];
        if (!take_number(child, &(*field)[i]) || (*field)[i] < 0 || (*field)[i] > 1)
            return pe_section_refuse(to->section, to->key->name, child, err, "expected a number from 0 to 1, got %s",
                                     pe_quote_node(child, seen));
    }
    *count = (int)node->count;
    return PE_OK;
}

static void print_share(pe_writer *to, const pe_key *key, const void *list, int i)
{
    (void)key;
    pe_writer_float(to, ((const double *)list)[i]);
}

static void print_shares(pe_writer *to, const pe_key *key, const void *base)
{
    pe_value_print_list(to, key, *(const double *const *)pe_place_value(key, base), pe_place_counted(key, base),
                        print_share);
}

static pe_status read_histogram(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_job_histogram *const out = pe_place_field(to->key, to->base);
    double first = 0, last = 0;
    const bool is_array = node->kind == PE_TOML_ARRAY && node->count == 3;
    const pe_toml *const bins = is_array ? &node->children[2] : node;
    if (!is_array || !take_number(&node->children[0], &first) || !take_number(&node->children[1], &last) ||
        bins->kind != PE_TOML_INT || bins->integer < 1 || bins->integer > to->key->most || !(first < last) ||
        !isfinite(last - first))
        return pe_section_expected(to->section, to->key->name, node, err);
    *out = (pe_job_histogram){.first = first, .last = last, .bins = (uint64_t)bins->integer};
    return PE_OK;
}

static void print_histogram(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_job_histogram *const histogram = pe_place_value(key, base);
    if (histogram->bins == 0)
        return;
    pe_writer_key(to, key->name);
    pe_writer_put(to, "[");
    pe_writer_float(to, histogram->first);
    pe_writer_put(to, ", ");
    pe_writer_float(to, histogram->last);
    pe_writer_put(to, ", ");
    pe_writer_count(to, histogram->bins);
    pe_writer_put(to, "]\n");
}

const pe_value_ops pe_value_shares = {read_shares, print_shares, pe_value_free_list};
const pe_value_ops pe_value_histogram = {read_histogram, print_histogram, NULL};
