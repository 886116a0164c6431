/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* values_numbers.c - reads and prints the values of a job file that are made of numbers: range, linspace, a scalar.
 *
 * Invariant: numbers stay exact or are refused: among floats, an integer becomes a float only when it is exact as one.
 * Design:   a range whose step leads away from stop is refused here, so that the message has line and column. An empty
 *           range (start = stop) is valid.
 * Threads:  no state.
 * Not here: the items (source/computed/range.c).
 */
#include <math.h>

#include "base/alloc.h"
#include "job/section/values.h"
#include "job/toml/quote.h"
#include "types/number.h"

static void keep_integer(pe_scalar *out, pe_int128 value)
{
    out->dtype = value >= INT64_MIN && value <= INT64_MAX ? PE_INT64 : PE_INT128;
    out->integer = value;
}

/* Reads one bound: an integer, an integer in quotes, or a finite float. */
static pe_status read_bound(const pe_place *to, const pe_toml *node, pe_scalar *out, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    pe_int128 wide = 0;
    if (node->kind == PE_TOML_INT) {
        keep_integer(out, node->integer);
        return PE_OK;
    }
    if (node->kind == PE_TOML_STRING && pe_parse_element(node->string, node->string_size, PE_INT128, &wide)) {
        keep_integer(out, wide);
        return PE_OK;
    }
    if (node->kind == PE_TOML_FLOAT && isfinite(node->real)) {
        *out = (pe_scalar){.dtype = PE_FLOAT64, .real = node->real};
        return PE_OK;
    }
    return pe_section_refuse(to->section, to->key->name, node, err,
                             "expected an integer, an integer of at most 128 bits in quotes, or a finite float, got %s",
                             pe_quote_node(node, seen));
}

static pe_status make_float(const pe_place *to, const pe_toml *node, pe_scalar *bound, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    if (bound->dtype == PE_FLOAT64)
        return PE_OK;
    const double real = (double)bound->integer;
    /* 2^127 is beyond int128: the cast back would be undefined */
    if (fabs(real) >= 0x1p127 || (pe_int128)real != bound->integer)
        return pe_section_refuse(to->section, to->key->name, node, err,
                                 "%s is not exact as float64, which the floats beside it ask for",
                                 pe_quote_node(node, seen));
    *bound = (pe_scalar){.dtype = PE_FLOAT64, .real = real};
    return PE_OK;
}

/* Converts all bounds to floats when one of them is a float. */
static pe_status unify(const pe_place *to, const pe_toml *array, pe_scalar *bounds, size_t count, bool is_float,
                       pe_error *err)
{
    for (size_t i = 0; i < count; i++)
        is_float = is_float || bounds[i].dtype == PE_FLOAT64;
    pe_status status = PE_OK;
    for (size_t i = 0; is_float && i < count && status == PE_OK; i++)
        status = make_float(to, &array->children[i], &bounds[i], err);
    return status;
}

static int sign_of(const pe_scalar *value)
{
    if (value->dtype == PE_FLOAT64)
        return (value->real > 0) - (value->real < 0);
    return (value->integer > 0) - (value->integer < 0);
}

static int compare(const pe_scalar *a, const pe_scalar *b)
{
    if (a->dtype == PE_FLOAT64)
        return (a->real > b->real) - (a->real < b->real);
    return (a->integer > b->integer) - (a->integer < b->integer);
}

/* Is stop at most 2^63 - 1 steps from start? The sign of the step was checked before. */
static bool is_countable(const pe_scalar *range)
{
    if (range[0].dtype == PE_FLOAT64)
        return (range[1].real - range[0].real) / range[2].real < 0x1p63;
    const bool is_up = range[2].integer > 0;
    const pe_uint128 start = (pe_uint128)range[0].integer, stop = (pe_uint128)range[1].integer;
    const pe_uint128 span = is_up ? stop - start : start - stop;
    const pe_uint128 step = is_up ? (pe_uint128)range[2].integer : -(pe_uint128)range[2].integer;
    return span == 0 || (span - 1) / step < (pe_uint128)INT64_MAX;
}

static pe_status check_range(const pe_place *to, const pe_toml *node, const pe_scalar *range, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    const int way = compare(&range[1], &range[0]); /* 1: stop is above start */
    const int step = sign_of(&range[2]);
    pe_quote_node(node, seen);
    if (step == 0)
        return pe_section_refuse(to->section, to->key->name, &node->children[2], err,
                                 "expected a step that is not 0, got %s", seen);
    if (way != 0 && way != step)
        return pe_section_refuse(
            to->section, to->key->name, node, err,
            "%s counts %s from the start and never gets to the stop; expected %s", seen, step > 0 ? "up" : "down",
            step > 0 ? "a stop above the start, or a negative step" : "a stop below the start, or a positive step");
    if (!is_countable(range))
        return pe_section_refuse(to->section, to->key->name, node, err, "expected at most 2^63 - 1 items, got %s",
                                 seen);
    return PE_OK;
}

/* Reads a range; the field is the whole source. */
static pe_status read_range(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_source_spec *const out = pe_place_field(to->key, to->base);
    pe_scalar range[3] = {{0}, {0}, {.dtype = PE_INT64, .integer = 1}};
    if (node->kind != PE_TOML_ARRAY || node->count < 2 || node->count > 3)
        return pe_section_expected(to->section, to->key->name, node, err);
    pe_status status = PE_OK;
    for (size_t i = 0; i < node->count && status == PE_OK; i++)
        status = read_bound(to, &node->children[i], &range[i], err);
    if (status == PE_OK)
        status = unify(to, node, range, node->count, false, err);
    if (node->count == 2 && range[0].dtype == PE_FLOAT64)
        range[2] = (pe_scalar){.dtype = PE_FLOAT64, .real = 1};
    if (status == PE_OK)
        status = check_range(to, node, range, err);
    out->start = range[0];
    out->stop = range[1];
    out->step = range[2];
    return status;
}

/* Prints a range, without the step when it is 1, the default. */
static void print_range(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_source_spec *const spec = pe_place_value(key, base);
    const bool is_float = spec->step.dtype == PE_FLOAT64;
    const bool has_step = is_float ? spec->step.real != 1 : spec->step.integer != 1;
    pe_writer_key(to, key->name);
    pe_writer_put(to, "[");
    pe_writer_scalar(to, &spec->start);
    pe_writer_put(to, ", ");
    pe_writer_scalar(to, &spec->stop);
    if (has_step) {
        pe_writer_put(to, ", ");
        pe_writer_scalar(to, &spec->step);
    }
    pe_writer_put(to, "]\n");
}

/* Reads a linspace; the field is the whole source. */
static pe_status read_linspace(const pe_place *to, const pe_toml *node, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    pe_source_spec *const out = pe_place_field(to->key, to->base);
    pe_scalar ends[2] = {{0}, {0}};
    if (node->kind != PE_TOML_ARRAY || node->count != 3)
        return pe_section_expected(to->section, to->key->name, node, err);
    pe_status status = PE_OK;
    for (size_t i = 0; i < 2 && status == PE_OK; i++)
        status = read_bound(to, &node->children[i], &ends[i], err);
    if (status == PE_OK)
        status = unify(to, node, ends, 2, true, err);
    if (status != PE_OK)
        return status;
    const pe_toml *const count = &node->children[2];
    if (count->kind != PE_TOML_INT || count->integer < 0)
        return pe_section_refuse(to->section, to->key->name, count, err, "expected a count of 0 or more, got %s",
                                 pe_quote_node(count, seen));
    out->first_value = ends[0].real;
    out->last_value = ends[1].real;
    out->points = (uint64_t)count->integer;
    return PE_OK;
}

static void print_linspace(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_source_spec *const spec = pe_place_value(key, base);
    pe_writer_key(to, key->name);
    pe_writer_put(to, "[");
    pe_writer_float(to, spec->first_value);
    pe_writer_put(to, ", ");
    pe_writer_float(to, spec->last_value);
    pe_writer_put(to, ", ");
    pe_writer_count(to, spec->points);
    pe_writer_put(to, "]\n");
}

static pe_status take_scalar(const pe_place *to, const pe_toml *node, pe_scalar *out, pe_error *err)
{
    return pe_value_is_scalar(node) ? pe_value_take_scalar(node, out, err)
                                    : pe_section_expected(to->section, to->key->name, node, err);
}

static pe_status read_scalar(const pe_place *to, const pe_toml *node, pe_error *err)
{
    return take_scalar(to, node, pe_place_field(to->key, to->base), err);
}

static void print_scalar(pe_writer *to, const pe_key *key, const void *base)
{
    pe_writer_value(to, key->name, pe_place_value(key, base));
}

static void free_scalar(const pe_key *key, void *base)
{
    pe_scalar *const value = pe_place_field(key, base);
    pe_value_drop(&value->text.data);
}

static bool is_number(pe_toml_kind kind)
{
    return kind == PE_TOML_INT || kind == PE_TOML_FLOAT;
}

static pe_status check_values(const pe_place *to, const pe_toml *node, pe_error *err)
{
    char seen[PE_QUOTE_ROOM];
    if (node->kind != PE_TOML_ARRAY || node->count == 0 || node->count > INT32_MAX)
        return pe_section_expected(to->section, to->key->name, node, err);
    const pe_toml_kind first = node->children[0].kind;
    for (size_t i = 1; i < node->count; i++) {
        const pe_toml *const child = &node->children[i];
        if (child->kind != first && !(is_number(first) && is_number(child->kind)))
            return pe_section_refuse(to->section, to->key->name, child, err,
                                     "expected all numbers, all strings, or all true or false, got %s beside them",
                                     pe_quote_node(child, seen));
    }
    return PE_OK;
}

static pe_status read_values(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_scalar **const field = pe_place_field(to->key, to->base);
    int *const count = pe_place_count(to->key, to->base);
    pe_status status = check_values(to, node, err);
    if (status == PE_OK)
        status = pe_make_array(field, node->count, sizeof **field, err);
    for (size_t i = 0; status == PE_OK && i < node->count; i++) {
        status = take_scalar(to, &node->children[i], &(*field)[i], err);
        *count += status == PE_OK;
    }
    return status == PE_OK ? unify(to, node, *field, node->count, false, err) : status;
}

/* One scalar, or one per result. */
static pe_status read_fill(const pe_place *to, const pe_toml *node, pe_error *err)
{
    pe_scalar **const field = pe_place_field(to->key, to->base);
    int *const count = pe_place_count(to->key, to->base);
    const bool is_array = node->kind == PE_TOML_ARRAY;
    const size_t given = is_array ? node->count : 1;
    if (given == 0 || given > PE_MAX_COLUMNS)
        return pe_section_expected(to->section, to->key->name, node, err);
    pe_status status = pe_make_array(field, given, sizeof **field, err);
    for (size_t i = 0; status == PE_OK && i < given; i++) {
        status = take_scalar(to, is_array ? &node->children[i] : node, &(*field)[i], err);
        *count += status == PE_OK;
    }
    return status;
}

static void print_element(pe_writer *to, const pe_key *key, const void *list, int i)
{
    (void)key;
    pe_writer_scalar(to, (const pe_scalar *)list + i);
}

static void print_values(pe_writer *to, const pe_key *key, const void *base)
{
    pe_value_print_list(to, key, *(const pe_scalar *const *)pe_place_value(key, base), pe_place_counted(key, base),
                        print_element);
}

static void print_fill(pe_writer *to, const pe_key *key, const void *base)
{
    const pe_scalar *const values = *(const pe_scalar *const *)pe_place_value(key, base);
    if (pe_place_counted(key, base) == 1)
        pe_writer_value(to, key->name, values);
    else if (pe_place_counted(key, base) > 1)
        print_values(to, key, base);
}

static void free_values(const pe_key *key, void *base)
{
    pe_scalar *const values = *(pe_scalar **)pe_place_field(key, base);
    int *const count = pe_place_count(key, base);
    for (int i = 0; i < *count; i++)
        pe_value_drop(&values[i].text.data);
    *count = 0;
    pe_value_drop(pe_place_field(key, base));
}

/* ---- integers, none below 0 ---- */

static pe_status read_integers(const pe_place *to, const pe_toml *node, pe_error *err)
{
    int64_t **const field = pe_place_field(to->key, to->base);
    bool is_valid = node->kind == PE_TOML_ARRAY && node->count > 0 && node->count < INT32_MAX;
    for (size_t i = 0; is_valid && i < node->count; i++)
        is_valid = node->children[i].kind == PE_TOML_INT && node->children[i].integer >= to->key->least &&
                   node->children[i].integer <= to->key->most;
    if (!is_valid)
        return pe_section_expected(to->section, to->key->name, node, err);
    const pe_status status = pe_make_array(field, node->count, sizeof **field, err);
    for (size_t i = 0; status == PE_OK && i < node->count; i++)
        (*field)[i] = node->children[i].integer;
    *pe_place_count(to->key, to->base) = status == PE_OK ? (int)node->count : 0;
    return status;
}

static void print_one_integer(pe_writer *to, const pe_key *key, const void *list, int i)
{
    (void)key;
    pe_writer_count(to, (uint64_t)((const int64_t *)list)[i]);
}

static void print_integers(pe_writer *to, const pe_key *key, const void *base)
{
    pe_value_print_list(to, key, *(const int64_t *const *)pe_place_value(key, base), pe_place_counted(key, base),
                        print_one_integer);
}

const pe_value_ops pe_value_integers = {read_integers, print_integers, pe_value_free_list};
const pe_value_ops pe_value_range = {read_range, print_range, NULL};
const pe_value_ops pe_value_linspace = {read_linspace, print_linspace, NULL};
const pe_value_ops pe_value_scalar = {read_scalar, print_scalar, free_scalar};
const pe_value_ops pe_value_fill = {read_fill, print_fill, free_values};
const pe_value_ops pe_value_values = {read_values, print_values, free_values};
