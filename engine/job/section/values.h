/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* values.h - a table with one row per type of key: the functions that read, print and free a value of that type.
 *
 * Threads: no state.
 */
#ifndef PE_VALUES_H
#define PE_VALUES_H

#include "job/job.h"
#include "job/section/section.h"

/* One key of one table, with the struct that holds its value. */
typedef struct pe_place {
    const pe_section *section;
    const pe_key *key;
    void *base;
} pe_place;

typedef struct pe_value_ops {
    pe_status (*read)(const pe_place *to, const pe_toml *node, pe_error *err);
    void (*print)(pe_writer *to, const pe_key *key,
                  const void *base);             /* prints a whole line, or nothing for an empty value */
    void (*free)(const pe_key *key, void *base); /* NULL: the field owns no memory */
} pe_value_ops;

const pe_value_ops *pe_value_ops_of(pe_key_type type);

static inline void *pe_place_field(const pe_key *key, void *base)
{
    return (char *)base + key->at;
}

static inline const void *pe_place_value(const pe_key *key, const void *base)
{
    return (const char *)base + key->at;
}

/* The field that holds the number of elements of an array. */
static inline int *pe_place_count(const pe_key *key, void *base)
{
    return (int *)(void *)((char *)base + key->count_at);
}

static inline int pe_place_counted(const pe_key *key, const void *base)
{
    return *(const int *)(const void *)((const char *)base + key->count_at);
}

/* The rows, in the order of the files that define them: values_plain.c, values_dtypes.c, values_arrays.c,
 * values_numbers.c, values_units.c. */
extern const pe_value_ops pe_value_word, pe_value_either, pe_value_words, pe_value_char, pe_value_string,
    pe_value_integer, pe_value_bool, pe_value_type, pe_value_dtype, pe_value_function;
extern const pe_value_ops pe_value_types;
extern const pe_value_ops pe_value_strings, pe_value_columns, pe_value_params, pe_value_expressions, pe_value_keep;
extern const pe_value_ops pe_value_range, pe_value_linspace, pe_value_values, pe_value_scalar, pe_value_fill,
    pe_value_integers;
extern const pe_value_ops pe_value_float_format, pe_value_shares, pe_value_histogram;
extern const pe_value_ops pe_value_bytes, pe_value_time, pe_value_limit, pe_value_portion, pe_value_part;

/* Is the node a non-empty string without a zero byte? TOML allows "\u0000", which a C string cannot hold. */
bool pe_value_is_text(const pe_toml *node);
/* pe_value_copy - copy a text into a field that lends it as const. Owns: the field's; pe_value_drop frees it. */
pe_status pe_value_copy(const char **out, const char *text, pe_error *err);
/* pe_value_is_scalar - whether the node is a number, true, false or a string. */
bool pe_value_is_scalar(const pe_toml *node);
/* pe_value_take_scalar - the value of such a node. Owns: a text is the caller's. PE_ENOMEM. */
pe_status pe_value_take_scalar(const pe_toml *node, pe_scalar *out, pe_error *err);

/* pe_value_print_list - print the line "key = [a, b]", each element by print; nothing where there are none. */
typedef void (*pe_element_printer)(pe_writer *to, const pe_key *key, const void *list, int i);
void pe_value_print_list(pe_writer *to, const pe_key *key, const void *list, int count, pe_element_printer print);
/* pe_value_free_list - free an array whose elements own nothing. */
void pe_value_free_list(const pe_key *key, void *base);

/* pe_value_drop - free what the pointer in a field points to, and make it NULL. */
void pe_value_drop(void *field);
/* pe_value_drop_keep - keep nothing, and free the columns' names. */
void pe_value_drop_keep(pe_keep *keep);

#endif
