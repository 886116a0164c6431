/* SPDX-FileCopyrightText: the pengine authors
 * SPDX-License-Identifier: BSD-3-Clause
 */
/* schema_valid.c - prints the valid values of a key as text.
 *
 * Design:   the text is made from the key's row, so messages and --help agree.
 * Threads:  no state.
 * Not here: the table itself (schema.c).
 */
#include <inttypes.h>
#include <stdio.h>

#include "job/schema/schema.h"

/* Prints a bound: 4096 in digits, a large power of two as 2^40. */
static void print_bound(int64_t value, char *out, size_t room)
{
    int power = 0;
    while (power < 62 && (INT64_C(1) << power) < value)
        power++;
    if (power >= 20 && (INT64_C(1) << power) == value)
        snprintf(out, room, "2^%d", power);
    else
        snprintf(out, room, "%" PRId64, value);
}

static void print_bounds(const pe_key *key, const char *before, char out[PE_VALID_ROOM])
{
    char least[24], most[24];
    print_bound(key->least, least, sizeof least);
    print_bound(key->most, most, sizeof most);
    if (key->most == INT64_MAX)
        snprintf(out, PE_VALID_ROOM, "%s%s or more", before, least);
    else
        snprintf(out, PE_VALID_ROOM, "%s%s to %s", before, least, most);
}

static void print_words(const pe_word *words, const char *after, char out[PE_VALID_ROOM])
{
    size_t size = 0;
    for (size_t i = 0; words[i].name != NULL && size < PE_VALID_ROOM; i++) {
        const char *const before = i == 0 ? "" : words[i + 1].name != NULL ? ", " : " or ";
        size += (size_t)snprintf(out + size, PE_VALID_ROOM - size, "%s\"%s\"", before, words[i].name);
    }
    if (size < PE_VALID_ROOM)
        (void)snprintf(out + size, PE_VALID_ROOM - size, "%s", after);
}

static void print_char(const pe_key *key, char out[PE_VALID_ROOM])
{
    char words[PE_VALID_ROOM] = "";
    if (key->words != NULL)
        print_words(key->words, "", words);
    snprintf(out, PE_VALID_ROOM, "one ASCII character%s%.80s", key->words != NULL ? " or " : "", words);
}

/* For the types whose keys all take the same values. */
static const char *const TEXTS[] = {
    [PE_KEY_STRING] = "a string that is not empty",
    [PE_KEY_TEXT] = "a string",
    [PE_KEY_BOOL] = "true or false",
    [PE_KEY_TYPE] = "a dtype such as \"int64\" or \"float64[3]\"",
    [PE_KEY_TYPES] = "a dtype such as \"int64\" or \"float64[3]\", or a table of columns such as {id = \"int64\"}",
    [PE_KEY_DTYPE] = "a dtype such as \"float64\"",
    [PE_KEY_NAMES] = "an array of strings such as [\"x\", \"y\"]",
    [PE_KEY_IDENTIFIERS] = "an array of C identifiers such as [\"x\", \"y\"]",
    [PE_KEY_STRINGS] = "an array of strings such as [\"a\", \"b\"]",
    [PE_KEY_TEXTS] = "an array of strings such as [\"\", \"NA\"]",
    [PE_KEY_COMMAND] = "an array of a program and its arguments such as [\"wc\", \"-c\", \"{}\"]",
    [PE_KEY_COLUMNS] = "an array of names [\"x\", \"y\"] or of numbers from 0 [0, 1]",
    [PE_KEY_RANGE] = "[start, stop] or [start, stop, step]",
    [PE_KEY_LINSPACE] = "[first, last, count]",
    [PE_KEY_VALUES] = "an array of numbers or an array of strings, such as [0.1, 0.5, 2.0]",
    [PE_KEY_SCALAR] = "a number, true, false or a string",
    [PE_KEY_PARAMS] = "a table of constants such as {sigma = 0.5, steps = 10}",
    [PE_KEY_FUNCTION] = "a file and a function such as \"f.py:f\"",
    [PE_KEY_TIME] = "a time of at most 100 days such as \"5 s\", \"200 ms\" or \"2 min\", or seconds above 0",
    [PE_KEY_LIMIT] = "\"auto\", \"none\" or a time of at most 100 days such as \"23 h\", \"90 s\", or seconds above 0",
    [PE_KEY_SHARES] = "an array of numbers from 0 to 1, such as [0.5, 0.99]",
    [PE_KEY_HISTOGRAM] = "[first, last, bins], with first below last and 1 to 2^20 bins",
    [PE_KEY_EXPRESSIONS] = "an expression such as \"x*x\", or an array of them, one per result",
    [PE_KEY_FILL] = "a number, true, false or a string, or an array of them, one per result",
    [PE_KEY_KEEP] = "\"all\", or an array of names [\"x\", \"y\"] or of numbers from 0 [0, 1]",
    [PE_KEY_FLOAT_FORMAT] = "a printf format of one number such as \"%.6g\", \"%.3f\" or \"%12.4e\"",
    [PE_KEY_PART] = "\"K/N\" for part K of N, from \"1/N\" to \"N/N\", such as \"3/16\"",
    [PE_KEY_PORTION] = "a number of items, 0 or more, or a share such as \"1 %\"",
};

const char *pe_schema_valid(const pe_key *key, char out[PE_VALID_ROOM])
{
    if (key->type == PE_KEY_CHAR)
        print_char(key, out);
    else if (key->type == PE_KEY_WORD || key->type == PE_KEY_EITHER)
        print_words(key->words, "", out);
    else if (key->type == PE_KEY_WORDS)
        print_words(key->words, ", or an array of some, each once", out);
    else if (key->type == PE_KEY_INTEGER)
        print_bounds(key, "an integer, ", out);
    else if (key->type == PE_KEY_INTEGERS)
        print_bounds(key, "an array of integers, each ", out);
    else if (key->type == PE_KEY_AUTO_INTEGER)
        print_bounds(key, "\"auto\" or ", out);
    else if (key->type == PE_KEY_BYTES)
        print_bounds(key, "a size such as \"256 MiB\", or bytes from ", out);
    else
        snprintf(out, PE_VALID_ROOM, "%s", TEXTS[key->type]);
    return out;
}
