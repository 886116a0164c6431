/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* values_units.c - reads and prints numbers with a unit or a sign: sizes, times, shares in percent, parts such as 3/16.
 *
 * Invariant: a printed value reads back as the same value: the bounds are below 2^53, so every whole byte or nanosecond
 *            is exact as a double.
 * Threads:  no state.
 * Not here: plain numbers (values_plain.c).
 */
#include <math.h>
#include <string.h>

#include "job/section/values.h"
#include "types/number.h"

typedef struct unit {
    const char *name;
    double factor;
} unit;

static const unit sizes[] = {
    {"", 1},      {"B", 1},        {"kB", 1e3},     {"KB", 1e3},        {"MB", 1e6},           {"GB", 1e9},
    {"TB", 1e12}, {"KiB", 1024.0}, {"kiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0},
};
static const unit times[] = {
    {"", 1e9}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9},
};
static const unit percents[] = {{"%", 1}};

#define COUNT(units) (sizeof(units) / sizeof *(units))

/* Splits "1.5 GiB" into 1.5 and the row of the unit; NULL when the text has another form. */
static const unit *split(const char *text, const unit *units, size_t count, double *number)
{
    const size_t digits = strspn(text, units == sizes ? "0123456789." : "0123456789.e-+");
    const char *const name = text + digits + strspn(text + digits, " ");
    if (digits == 0 || !pe_parse_element(text, digits, PE_FLOAT64, number))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(units[i].name, name) == 0)
            return &units[i];
    return NULL;
}

/* The value in the base unit; a number without a unit is multiplied by `bare`. Negative when the node is no such value.
 */
static double measure(const pe_toml *node, const unit *units, size_t count, double bare)
{
    double number = 0;
    if (node->kind == PE_TOML_INT)
        return (double)node->integer * bare;
    if (node->kind == PE_TOML_FLOAT)
        return node->real * bare;
    const unit *const found = pe_value_is_text(node) ? split(node->string, units, count, &number) : NULL;
    return found == NULL ? -1 : number * found->factor;
}

static pe_status read_bytes(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const pe_key *const key = to->key;
    const double bytes = node->kind == PE_TOML_FLOAT ? -1 : measure(node, sizes, COUNT(sizes), 1);
    if (!(bytes >= (double)key->least && bytes <= (double)key->most))
        return pe_section_expected(to->section, to->key->name, node, err);
    *(uint64_t *)pe_place_field(key, to->base) = (uint64_t)bytes;
    return PE_OK;
}

static void print_bytes(pe_writer *to, const pe_key *key, const void *base)
{
    pe_writer_size(to, key->name, *(const uint64_t *)pe_place_value(key, base));
}

static pe_status read_time(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const pe_key *const key = to->key;
    const double ns = round(measure(node, times, COUNT(times), 1e9)); /* nan fails both comparisons */
    if (!(ns >= (double)key->least && ns <= (double)key->most))
        return pe_section_expected(to->section, to->key->name, node, err);
    *(uint64_t *)pe_place_field(key, to->base) = (uint64_t)ns;
    return PE_OK;
}

/* Prints a time; 0 means that the key was not given. */
static void print_time(pe_writer *to, const pe_key *key, const void *base)
{
    const uint64_t ns = *(const uint64_t *)pe_place_value(key, base);
    if (ns > 0)
        pe_writer_time(to, key->name, ns);
}

static pe_status read_limit(const pe_place *to, const pe_toml *node, pe_error *err)
{
    const char *const text = pe_value_is_text(node) ? node->string : "";
    const bool is_auto = strcmp(text, "auto") == 0;
    if (!is_auto && strcmp(text, "none") != 0)
        return read_time(to, node, err);
    *(uint64_t *)pe_place_field(to->key, to->base) = is_auto ? PE_TIME_LIMIT_AUTO : PE_TIME_LIMIT_NONE;
    return PE_OK;
}

static void print_limit(pe_writer *to, const pe_key *key, const void *base)
{
    const uint64_t ns = *(const uint64_t *)pe_place_value(key, base);
    if (ns == PE_TIME_LIMIT_AUTO || ns == PE_TIME_LIMIT_NONE)
        pe_writer_pair(to, key->name, ns == PE_TIME_LIMIT_AUTO ? "auto" : "none");
    else
        pe_writer_time(to, key->name, ns);
}

/* The double nearest to percent / 100: 33.3 gives 0.333. The division 33.3 / 100 would round twice, since 33.3 is
 * rounded already; 333 / 1000 rounds once. */
static double share_of(double percent)
{
    for (uint64_t power = 1; power <= UINT64_C(1000000000000000000); power *= 10) {
        const double scale = (double)power; /* exact: 5^18 has 42 bits */
        const double digits = round(percent * scale);
        if (digits / scale == percent && digits < 0x1p53)
            return digits / (scale * 100);
    }
    return percent / 100;
}

static pe_status read_portion(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_job_portion *const out = pe_place_field(to->key, to->base);
    double percent = 0;
    if (node->kind == PE_TOML_INT && node->integer >= 0) {
        *out = (pe_job_portion){.is_given = true, .count = (uint64_t)node->integer};
        return PE_OK;
    }
    if (!pe_value_is_text(node) || split(node->string, percents, COUNT(percents), &percent) == NULL ||
        !(percent >= 0 && percent <= 100))
        return pe_section_expected(to->section, to->key->name, node, err);
    *out = (pe_job_portion){.is_given = true, .is_share = true, .share = share_of(percent)};
    return PE_OK;
}

static void print_portion(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_job_portion *const value = pe_place_value(key, base);
    if (value->is_given && value->is_share)
        pe_writer_share(to, key->name, value->share);
    else if (value->is_given)
        pe_writer_number(to, key->name, value->count);
}

/* Parses digits only: pe_parse_element would also accept a sign and spaces. */
static bool parse_count(const char *text, size_t size, int64_t *out)
{
    return size > 0 && strspn(text, "0123456789") >= size && pe_parse_element(text, size, PE_INT64, out);
}

static pe_status read_part(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_job_part *const out = pe_place_field(to->key, to->base);
    int64_t part = 0, parts = 0;
    const char *const slash = pe_value_is_text(node) ? strchr(node->string, '/') : NULL;
    if (slash == NULL || !parse_count(node->string, (size_t)(slash - node->string), &part) ||
        !parse_count(slash + 1, strlen(slash + 1), &parts) || part < 1 || part > parts)
        return pe_section_expected(to->section, to->key->name, node, err);
    out->number = (uint64_t)part;
    out->of = (uint64_t)parts;
    return pe_section_where(to->section, to->key->name, node, &out->where, err);
}

static void print_part(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_job_part *const part = pe_place_value(key, base);
    if (part->of == 0)
        return;
    pe_writer_key(to, key->name);
    pe_writer_put(to, "\"");
    pe_writer_count(to, part->number);
    pe_writer_put(to, "/");
    pe_writer_count(to, part->of);
    pe_writer_put(to, "\"\n");
}

static void free_part(const pe_key *key, void *base)
{
    pe_job_part *const part = pe_place_field(key, base);
    pe_value_drop(&part->where);
}

const pe_value_ops pe_value_bytes = {read_bytes, print_bytes, NULL};
const pe_value_ops pe_value_time = {read_time, print_time, NULL};
const pe_value_ops pe_value_limit = {read_limit, print_limit, NULL};
const pe_value_ops pe_value_portion = {read_portion, print_portion, NULL};
const pe_value_ops pe_value_part = {read_part, print_part, free_part};
