/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* section_units.c - values of a job file that are numbers with more to them: sizes, times, shares, parts.
 *
 * Design:   bounds are such that every whole byte or nanosecond is exact as a double (below 2^53), so what is printed
 *           reads back to the same value.
 * Threads:  no state.
 * Not here: other types (section.c).
 */
#include <math.h>
#include <string.h>

#include "job/schema/schema.h"
#include "job/section.h"
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

/* "1.5 GiB" as 1.5 and the unit's row; NULL when it is not that. */
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

/* The number in the base unit, in which bare numbers are `bare`; negative when it is not that. */
static double measure(const pe_toml *node, const unit *units, size_t count, double bare)
{
    double number = 0;
    if (node->kind == PE_TOML_INT)
        return (double)node->integer * bare;
    if (node->kind == PE_TOML_FLOAT)
        return node->real * bare;
    const unit *const found = pe_section_is_text(node) ? split(node->string, units, count, &number) : NULL;
    return found == NULL ? -1 : number * found->factor;
}

pe_status pe_section_bytes(const pe_section *section, const char *key, uint64_t *out, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    const pe_key *const row = pe_schema_find(section->name, key);
    const double bytes = node->kind == PE_TOML_FLOAT ? -1 : measure(node, sizes, COUNT(sizes), 1);
    if (!(bytes >= (double)row->least && bytes <= (double)row->most))
        return pe_section_expected(section, key, node, err);
    *out = (uint64_t)bytes;
    return PE_OK;
}

pe_status pe_section_time(const pe_section *section, const char *key, uint64_t *out, pe_error *err)
{
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    const pe_key *const row = pe_schema_find(section->name, key);
    const double ns = round(measure(node, times, COUNT(times), 1e9)); /* nan fails both comparisons */
    if (!(ns >= (double)row->least && ns <= (double)row->most))
        return pe_section_expected(section, key, node, err);
    *out = (uint64_t)ns;
    return PE_OK;
}

/* 33.3 as 0.333, the nearest double, which 33.3 / 100 is not: 33.3 itself is rounded, 333 / 1000 is rounded once. */
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

pe_status pe_section_portion(const pe_section *section, const char *key, bool *is_share, uint64_t *count, double *share,
                             pe_error *err)
{
    double percent = 0;
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    if (node->kind == PE_TOML_INT && node->integer >= 0) {
        *count = (uint64_t)node->integer;
        return PE_OK;
    }
    if (!pe_section_is_text(node) || split(node->string, percents, COUNT(percents), &percent) == NULL ||
        !(percent >= 0 && percent <= 100))
        return pe_section_expected(section, key, node, err);
    *is_share = true;
    *share = share_of(percent);
    return PE_OK;
}

/* Digits alone: pe_parse_element would take a sign and blanks. */
static bool parse_count(const char *text, size_t size, int64_t *out)
{
    return size > 0 && strspn(text, "0123456789") >= size && pe_parse_element(text, size, PE_INT64, out);
}

pe_status pe_section_part(const pe_section *section, const char *key, uint64_t *number, uint64_t *of, pe_error *err)
{
    int64_t part = 0, parts = 0;
    const pe_toml *const node = pe_section_get(section, key);
    if (node == NULL)
        return PE_OK;
    const char *const slash = pe_section_is_text(node) ? strchr(node->string, '/') : NULL;
    if (slash == NULL || !parse_count(node->string, (size_t)(slash - node->string), &part) ||
        !parse_count(slash + 1, strlen(slash + 1), &parts) || part < 1 || part > parts)
        return pe_section_expected(section, key, node, err);
    *number = (uint64_t)part;
    *of = (uint64_t)parts;
    return PE_OK;
}
